"""What was found, and what is told."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field


class Weight(Enum):
    """How a finding bears on a ping."""

    STOPS = "stops every packet"
    MAY = "may stop packets: it cannot be decided from here"
    LARGE = "stops large packets, without a word to their sender"
    TWICE = "a wrong node answers, or may: that a ping is answered disproves nothing"


class Cause(Struct, frozen=True):
    """Something that stops a packet: where, which object, what is wrong with it.

    ``mend`` is one line that can be pasted into a root shell; empty where no one line would do.
    """

    node: str
    object: str
    what: str
    mend: str = ""
    weight: Weight = Weight.STOPS
    notes: tuple[str, ...] = ()

    def json(self) -> dict[str, str]:
        """As ``why --json`` prints it."""
        return {"node": self.node, "object": self.object, "what": self.what, "mend": self.mend}


class Hop(Struct, frozen=True):
    """A station: the packet leaves ``node`` by ``device`` towards ``via`` (``None``: the target
    itself).  At the last station ``device`` is where it arrived.  ``address`` is the node's own."""

    node: str
    device: str
    via: str | None
    address: str | None

    def json(self) -> dict[str, str | None]:
        """As ``why --json`` prints it."""
        return {
            "node": self.node,
            "device": self.device,
            "via": self.via,
            "address": self.address,
        }


class Report(Struct, frozen=True):
    """The answer of ``iplab why``."""

    source: str
    target: str
    reaches: bool
    path: tuple[Hop, ...] = ()
    cause: Cause | None = None
    notes: tuple[str, ...] = field(default=())

    def json(self) -> dict[str, object]:
        """As ``why --json`` prints it."""
        return {
            "from": self.source,
            "to": self.target,
            "reaches": self.reaches,
            "path": [hop.json() for hop in self.path],
            "cause": self.cause.json() if self.cause else None,
            "notes": list(self.notes),
        }
