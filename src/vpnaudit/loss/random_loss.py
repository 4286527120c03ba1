"""What loss that falls at random can cause at rekeys (field guide 6.1, 6.2, 11)."""

from __future__ import annotations

from typing import Literal

Bound = Literal["one-shot", "v1-late-installer", "v1-early-installer", "v2"]
"""Which messages of a rekey are taken to be unprotected.

one-shot: IKEv1, QM3 and the DELETE of the old SA, each sent once and never acknowledged: 2p a rekey. The largest.
v1-late-installer: IKEv1, a responder that installs its inbound SA at QM3 (measured): p a rekey.
v1-early-installer: IKEv1, a responder that installs before it sends QM2, as IOS-XE does: two losses are needed, p².
v2: every message is a request or a response and is repeated: five tries must all fail, (2p)^5 for an
    exchange (a rekey has two: the new SAs, and the DELETE of the old).
"""


def random_loss_per_rekey(loss: float, bound: Bound) -> float:
    """Upper bound of the events that one rekey shows because of random loss.

    `loss` is the share of packets lost one way, 0 to 1; each packet's fate independent of the others'. One request with
    its response fails with q = 1 - (1 - p)² ≈ 2p; k tries all fail with q^k (field guide 6.1). Never above 2, the two
    SPIs (old and new) that a rekey can expose.

    >>> random_loss_per_rekey(0.001, "one-shot")
    0.002
    """
    _require_share(loss)
    by_bound: dict[Bound, float] = {
        "one-shot": 2.0 * loss,
        "v1-late-installer": loss,
        "v1-early-installer": loss**2,
        "v2": (2.0 * loss) ** 5,
    }
    return min(2.0, by_bound[bound])


def random_loss_events(rekeys: float, loss: float, bound: Bound) -> float:
    """Upper bound of the events that `rekeys` rekeys (of all tunnels together) show because of random loss."""
    return max(0.0, rekeys) * random_loss_per_rekey(loss, bound)


def _require_share(loss: float) -> None:
    if not 0.0 <= loss <= 1.0:
        message = f"loss is a share from 0 to 1, not {loss}"
        raise ValueError(message)
