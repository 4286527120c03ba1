"""Applies the algorithms that ssh_config(5) asks for, as far as paramiko has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

import paramiko

from vpnaudit.collect.sessions import GuardedSession

Pairs = tuple[tuple[str, str], ...]
_PLACES = {"kexalgorithms": "kex", "ciphers": "ciphers", "macs": "digests", "hostkeyalgorithms": "key_types"}


def apply_algorithms(transport: paramiko.Transport, pairs: Pairs) -> None:
    """Set what the transport offers. Raises SSHException where the list leaves nothing that paramiko knows."""
    security = transport.get_security_options()
    for keyword, said in pairs:
        place = _PLACES[keyword]
        offered = tuple(getattr(security, place))
        chosen = _chosen(offered, said)
        if not chosen:
            have = ", ".join(offered)
            raise paramiko.SSHException(
                f"{keyword} {said}: paramiko {paramiko.__version__} has none of these, but {have}"
            )
        setattr(security, place, chosen)


def session_with(kind: type[GuardedSession], pairs: Pairs) -> type[GuardedSession]:
    """The session class with these algorithms; the class itself where there are none."""
    if not pairs:
        return kind

    def _connect_params_dict(self: GuardedSession) -> dict[str, Any]:
        parameters = kind._connect_params_dict(self)  # noqa: SLF001  the class that is extended
        make: Callable[..., paramiko.Transport] = parameters["transport_factory"]

        def configured(*args: Any, **kwargs: Any) -> paramiko.Transport:  # noqa: ANN401  paramiko's own parameters
            transport = make(*args, **kwargs)
            apply_algorithms(transport, pairs)
            return transport

        return {**parameters, "transport_factory": configured}

    return type(kind.__name__, (kind,), {"_connect_params_dict": _connect_params_dict})


def _chosen(offered: Sequence[str], said: str) -> tuple[str, ...]:
    """The list after `+a,b` (more at the end), `-a*` (without), `^a` (first), or `a,b` (these).

    All that paramiko has is offered anyway, so that more at the end changes nothing.
    """
    names = [name.strip() for name in said.lstrip("+-^").split(",") if name.strip()]

    def named(name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in names)

    if said.startswith("+"):
        return tuple(offered)
    if said.startswith("-"):
        return tuple(name for name in offered if not named(name))
    first = tuple(one for pattern in names for one in offered if fnmatchcase(one, pattern))
    rest = tuple(name for name in offered if not named(name)) if said.startswith("^") else ()
    return tuple(dict.fromkeys((*first, *rest)))
