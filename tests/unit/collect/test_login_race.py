"""The answer to a login may come before the call that sent the request returns."""

from __future__ import annotations

import threading
from typing import Any

from vpnaudit.collect.sessions import OneRequest


class QuickDevice:
    """A transport whose peer has answered when sending returns; the moment cannot be forced over a real connection."""

    auth_timeout = 5.0

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.handler: Any = None

    def _send_message(self, _message: object) -> None:
        self.handler.authenticated = True
        if self.handler.auth_event is not None:
            self.handler.auth_event.set()

    def is_active(self) -> bool:
        return True


def test_an_answer_that_is_quicker_than_we_are_is_heard() -> None:
    device = QuickDevice()
    device.handler = OneRequest(device)
    assert device.handler.auth_password("nms", "secret") == []
