"""On which side of its box each wired interface is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iplab.network import End
from iplab.picture.graph import Wire


def sides(layers: Mapping[str, int], wires: Sequence[Wire]) -> dict[End, str]:
    """``l`` or ``r`` for each end: towards its other end's column.

    Within one column it is the side away from the middle, where fewer wires are.  The first wire
    of an interface decides; a device that several stand on has one socket for all.
    """
    found: dict[End, str] = {}
    for wire in wires:
        for end, other in ((wire.a, wire.b), (wire.b, wire.a)):
            here, there = layers[end.node], layers[other.node]
            if there == here:
                side = "r" if here >= 0 else "l"
            else:
                side = "r" if there > here else "l"
            found.setdefault(end, side)
    return found
