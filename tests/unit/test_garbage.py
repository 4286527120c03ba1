"""Python's collector of cycles is left as it was found."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from vpnaudit.cli import garbage


def broken() -> None:
    assert not gc.isenabled()
    raise ValueError("broken")


def whole() -> None:
    assert not gc.isenabled()


def run(verb: Callable[[], None]) -> None:
    with garbage.not_looked_for():
        verb()


@pytest.mark.parametrize("on", [True, False])
def test_as_before(monkeypatch: pytest.MonkeyPatch, on: bool) -> None:
    monkeypatch.setattr(gc, "freeze", lambda: None)
    was = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        with pytest.raises(ValueError, match="broken"):
            run(broken)
        assert gc.isenabled() is on
        run(whole)
        assert gc.isenabled() is on
    finally:
        (gc.enable if was else gc.disable)()
