from __future__ import annotations

from pathlib import Path

import paramiko
import pytest
from paramiko.hostkeys import HostKeys as ParamikoHostKeys

from vpnaudit.collect.host_keys import HostKeys
from vpnaudit.errors import DeviceError

KEY = paramiko.ECDSAKey.generate()
OTHER = paramiko.ECDSAKey.generate()
PUBLIC = f"{KEY.get_name()} {KEY.get_base64()}"
ANOTHER = f"{OTHER.get_name()} {OTHER.get_base64()}"


@pytest.mark.parametrize(
    "line",
    [
        f"192.0.2.1 {PUBLIC}",
        f"r1.example.net,192.0.2.1 {PUBLIC} a comment",
        f"192.0.2.* {PUBLIC}",
        f"{ParamikoHostKeys.hash_host('192.0.2.1')} {PUBLIC}",
        f"\t192.0.2.1\t{PUBLIC}",
    ],
)
def test_known_keys_pass(line: str, tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text(f"# ours\n\n{line}\n")
    HostKeys.of(tmp_path, home=tmp_path / "home").check("r1", "192.0.2.1", 22, KEY)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "is not in"),
        (f"192.0.2.1 {ANOTHER}", "has changed"),
        (f"@revoked 192.0.2.1 {PUBLIC}", "is revoked"),
        (f"@cert-authority 192.0.2.1 {PUBLIC}", "is not in"),
        (f"[192.0.2.1]:2222 {PUBLIC}", "is not in"),
        (f"192.0.2.*,!192.0.2.1 {PUBLIC}", "is not in"),
        (f"|1|broken|broken {PUBLIC}", "is not in"),
        ("192.0.2.1 ssh-rsa", "is not in"),
        ("\x00\xff", "is not in"),
    ],
)
@pytest.mark.parametrize("mode", ["strict", "accept-new"])
def test_other_keys_do_not(line: str, problem: str, mode: str, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"{line}\n")
    keys = HostKeys.of(tmp_path, mode, home=tmp_path / "home")  # type: ignore[arg-type]
    if mode == "accept-new" and problem == "is not in":
        keys.check("r1", "192.0.2.1", 22, KEY)
        keys.check("r1", "192.0.2.1", 22, KEY)
        assert file.read_text() == f"{line}\n192.0.2.1 {PUBLIC}\n"
        return
    with pytest.raises(DeviceError, match=problem) as caught:
        keys.check("r1", "192.0.2.1", 22, KEY)
    assert caught.value.status == "host-key"
    assert str(file) in str(caught.value)


def test_the_users_file_is_read_and_never_written(tmp_path: Path) -> None:
    user = tmp_path / "home" / ".ssh" / "known_hosts"
    user.parent.mkdir(parents=True)
    user.write_text(f"[192.0.2.1]:2222 {PUBLIC}")
    keys = HostKeys.of(tmp_path, "accept-new", home=tmp_path / "home")
    keys.check("r1", "192.0.2.1", 2222, KEY)
    assert not (tmp_path / "known_hosts").exists()
    keys.check("r1", "192.0.2.9", 22, KEY)
    assert (tmp_path / "known_hosts").read_text() == f"192.0.2.9 {PUBLIC}\n"
    with pytest.raises(DeviceError, match="has changed"):
        keys.check("r1", "192.0.2.1", 2222, OTHER)
    assert keys.known_types("192.0.2.1", 2222) == (KEY.get_name(),)
    assert user.read_text() == f"[192.0.2.1]:2222 {PUBLIC}"


def test_a_file_without_last_line_end_is_added_to(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"192.0.2.9 {ANOTHER}")
    HostKeys.of(tmp_path, "accept-new", home=tmp_path).check("r1", "192.0.2.1", 22, KEY)
    assert file.read_text() == f"192.0.2.9 {ANOTHER}\n192.0.2.1 {PUBLIC}\n"
