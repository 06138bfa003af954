"""An address whose subnet nobody on its wire is in: a wrong one, most likely."""

from __future__ import annotations

from itertools import islice

from iplab.names import IPAddress, IPInterface
from iplab.network import End
from iplab.why import mend
from iplab.why.places import Places
from iplab.why.report import Cause
from iplab.why.wire import SUPPOSED, Wires

_SMALL = 8  # addresses; in larger subnets more than one is free


def stranger(places: Places, wires: Wires, node: str, version: int) -> Cause | None:
    """The first address of ``node`` that shares a subnet with nobody, though others are there."""
    for end, _ in places.interfaces(node):
        own = [a.local for a in places.addresses(end, version)]
        theirs = [
            (far, a.local)
            for far, way in wires.segment(end).ways.items()
            if far.node != node and way.cost < SUPPOSED
            for a in places.addresses(far, version)
            if a.local.network.num_addresses > 1
        ]
        together = any(o.network.overlaps(t.network) for o in own for _, t in theirs)
        if own and theirs and not together:
            return _named(places, end, own[0], theirs)
    return None


def _named(
    places: Places, end: End, own: IPInterface, theirs: list[tuple[End, IPInterface]]
) -> Cause:
    far, other = min(theirs)
    what = f"nobody on its wire is in {own.network}: {far} has {other}"
    line = ""
    if len({t.network for _, t in theirs}) == 1 and (free := _only_one(places, other)):
        line = mend.both(
            mend.ip(
                end.node, "addr", "add", f"{free}/{other.network.prefixlen}", "dev", end.device
            ),
            mend.ip(end.node, "addr", "del", own, "dev", end.device),
        )
    return Cause(end.node, f"address {own} on {end.device}", what, line)


def _only_one(places: Places, other: IPInterface) -> IPAddress | None:
    """The one free address of a small subnet; which of several was meant nobody can tell."""
    if other.network.num_addresses > _SMALL:
        return None
    free = list(islice((a for a in other.network.hosts() if a not in places.holders), 2))
    return free[0] if len(free) == 1 else None
