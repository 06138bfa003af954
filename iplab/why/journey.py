"""What one packet met on its way."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from iplab.network import End
from iplab.why.facts import Rule
from iplab.why.packet import Packet
from iplab.why.report import Cause, Hop, Weight


class Translation(Struct, frozen=True):
    """A node that changed a packet's addresses: what they were, what they became, by which rule."""

    node: str
    before: Packet
    after: Packet
    rule: Rule | None = None


class Walk(Struct):
    """What a packet met.  ``arrived`` is the node that took it in; ``sight`` the device behind
    which iplab sees nothing, where the packet went there."""

    packet: Packet
    hops: list[Hop] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    translations: list[Translation] = field(default_factory=list)
    arrived: str | None = None
    sight: End | None = None

    @property
    def stopped(self) -> bool:
        """Whether something surely stops it."""
        return any(c.weight in (Weight.STOPS, Weight.TWICE) for c in self.causes)

    def met(self, causes: Sequence[Cause]) -> bool:
        """Note what was met; whether that is the end of the walk."""
        self.causes += causes
        return any(c.weight is Weight.STOPS for c in causes)


def undone(packet: Packet, node: str, known: Sequence[Translation]) -> Packet:
    """An answer at a node that translated its request: addressed to whom the request came from."""
    for one in reversed(known):
        if one.node == node and packet.state == "established":
            answer = one.after.reply()
            if (packet.source, packet.target) == (answer.source, answer.target):
                was = one.before.reply()
                packet = replace(packet, source=was.source, target=was.target)
    return packet
