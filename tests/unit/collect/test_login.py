"""Logging in to a server that wants one thing after another: paramiko's own server, over a pair of sockets."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import paramiko
import pytest

from vpnaudit.collect.login import Login
from vpnaudit.collect.sessions import SessionTransport
from vpnaudit.collect.trouble import NoLogin

PASSWORD = "canary-password-1"
KEY = paramiko.ECDSAKey.generate()
HOST_KEY = paramiko.ECDSAKey.generate()


class Server(paramiko.ServerInterface):
    """Takes what `steps` names, one after the other."""

    def __init__(self, *steps: str) -> None:
        self.steps = list(steps)
        self.tried: list[str] = []

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        return self.steps[0]

    def _after(self, kind: str, *, right: bool) -> int:
        self.tried.append(kind)
        if not right or self.steps[0] != kind:
            return paramiko.AUTH_FAILED
        if len(self.steps) == 1:
            return paramiko.AUTH_SUCCESSFUL
        self.steps.pop(0)
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002
        return self._after("publickey", right=key.get_base64() == KEY.get_base64())

    def check_auth_password(self, username: str, password: str) -> int:  # noqa: ARG002
        return self._after("password", right=password == PASSWORD)


def _log_in(server: Server, login: Login) -> list[str]:
    ours, theirs = socket.socketpair()
    accepting, client = paramiko.Transport(theirs), SessionTransport(ours)
    accepting.add_server_key(HOST_KEY)
    try:
        accepting.start_server(event=threading.Event(), server=server)
        client.start_client(timeout=10)
        return login.authenticate(client)
    finally:
        client.close()
        accepting.close()


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    KEY.write_private_key_file(str(tmp_path / "key"))
    return str(tmp_path / "key")


BOTH = ("publickey", "password")


@pytest.mark.parametrize(
    ("steps", "password", "words"),
    [
        (("publickey",), None, None),
        (("password",), PASSWORD, None),
        (BOTH, PASSWORD, None),
        (BOTH, "wrong", "refused the user name and password behind a key"),
        (BOTH, None, "took a key of user u and wants password as well; no password is known"),
        (("password", "keyboard-interactive"), PASSWORD,
         "took the password of user u and wants keyboard-interactive as well"),
        (("password",), None, "takes no key, only password"),
    ],
    ids=str,
)  # fmt: skip
def test_one_thing_after_another(
    steps: tuple[str, ...], password: str | None, words: str | None, key_file: str
) -> None:
    server = Server(*steps)
    login = Login("u", password, (key_file,))
    if words is None:
        assert _log_in(server, login) == []
        assert server.tried[-1] == steps[-1]
        return
    with pytest.raises(NoLogin) as caught:
        _log_in(server, login)
    assert words in caught.value.words
    assert PASSWORD not in repr(login)


@pytest.mark.parametrize(
    ("text", "words"),
    [("no key at all", "is no private key"), (None, "cannot be read: No such file or directory")],
)
def test_a_key_file_that_cannot_be_used_is_named(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    if text is not None:
        path.write_text(text)
    with pytest.raises(NoLogin) as caught:
        _log_in(Server("publickey"), Login("u", None, (str(path),)))
    expected = f"cannot be logged in to as u: no password and no key is known; the key file {path} {words}"
    assert (caught.value.words, caught.value.status) == (expected, "error")
