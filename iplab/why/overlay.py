"""vxlan: which device takes out what another put in (RFC 7348, ip-link(8))."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from iplab.names import IPAddress
from iplab.network import End, Interface, Vxlan
from iplab.why import mend
from iplab.why.places import Places
from iplab.why.report import Cause

# What vxlan puts around a frame: outer IP header, UDP, VXLAN, inner Ethernet.
OVERHEAD = {4: 20 + 8 + 8 + 14, 6: 40 + 8 + 8 + 14}

Underlay = Callable[[str, IPAddress, int], Sequence[Cause]]
Far = tuple[End, tuple[Cause, ...], int]


def far_ends(places: Places, end: End, underlay: Underlay) -> Iterator[Far]:
    """Where a frame put into ``end`` comes out, with what forbids it and what that costs."""
    near = places.at(end)
    if near is None or not isinstance(near.kind, Vxlan):
        return
    kind = near.kind
    others = [(e, i) for e in places.vxlans if e.node != end.node and (i := places.at(e))]
    if kind.remote is None or kind.remote.is_multicast:
        # A group, or entries made by `bridge fdb`: whoever has the same id and port may be meant.
        for far, interface in others:
            if _same(kind, interface):
                yield far, (), 0
        return
    own = _own_address(places, end, kind)
    holders = places.nodes_with(kind.remote)
    at_remote = [(e, i) for e, i in others if e.node in holders]
    alike = [(e, i) for e, i in at_remote if _same(kind, i)]
    for far, _ in alike or at_remote:
        faults = (*own, *underlay(end.node, kind.remote, kind.dstport))
        if not alike:
            faults += (_differs(places, end, near, far),)
        yield far, faults, len(faults)
    if not at_remote:
        for far, interface in others:
            if _same(kind, interface):
                yield far, (_wrong_remote(places, end, kind, far),), 10


def _same(kind: Vxlan, other: Interface) -> bool:
    there = other.kind
    return isinstance(there, Vxlan) and there.id == kind.id and there.dstport == kind.dstport


def _own_address(places: Places, end: End, kind: Vxlan) -> tuple[Cause, ...]:
    if kind.local is None or places.has(end.node, kind.local):
        return ()
    what = f"sends from {kind.local}, which is no address of {end.node}"
    device = End(end.node, kind.dev or "")
    right = [a.local.ip for a in places.addresses(device, kind.local.version)]
    line = _set(end, kind, "local", right[0]) if right else ""
    return (Cause(end.node, f"vxlan {end.device}", what, line),)


def _differs(places: Places, near: End, one: Interface, far: End) -> Cause:
    """Two ends that do not understand each other.  Neither id nor port can be changed in place."""
    other = places.at(far)
    assert other is not None
    assert isinstance(one.kind, Vxlan)
    assert isinstance(other.kind, Vxlan)
    a, b = one.kind, other.kind
    what, value = ("id", a.id) if a.id != b.id else ("dstport", a.dstport)
    there = b.id if what == "id" else b.dstport
    told = f"has {what} {there}, and {near} has {what} {value}"
    words: list[object] = ["link", "add", far.device]
    words += ["mtu", other.mtu] if other.mtu else []
    words += ["type", "vxlan", "id", a.id]
    words += ["local", b.local] if b.local else []
    words += ["remote", b.remote] if b.remote else []
    words += ["dev", b.dev] if b.dev else []
    words += ["dstport", a.dstport]
    again: list[object] = ["link", "set", far.device]
    again += ["master", other.master] if other.master else []
    line = mend.both(
        mend.ip(far.node, "link", "del", far.device),
        mend.ip(far.node, *words),
        *(
            mend.ip(far.node, "addr", "add", a.local, "dev", far.device)
            for a in other.addresses
            if not a.automatic
        ),
        mend.ip(far.node, *again, "up"),
    )
    return Cause(far.node, f"vxlan {far.device}", told, line)


def _wrong_remote(places: Places, end: End, kind: Vxlan, far: End) -> Cause:
    there = places.at(far)
    assert there is not None
    holders = places.nodes_with(kind.remote) if kind.remote else []
    whose = f"{holders[0]}'s, and no vxlan ends there" if holders else "nobody's address"
    what = f"sends to {kind.remote}, which is {whose}"
    right: IPAddress | None = None
    if isinstance(there.kind, Vxlan):
        right = there.kind.local
        if right is None and there.kind.dev and kind.remote:
            found = places.addresses(End(far.node, there.kind.dev), kind.remote.version)
            right = found[0].local.ip if found else None
    if right is not None and right == kind.remote and isinstance(there.kind, Vxlan):
        return _lost_address(places, far, there.kind, right)
    line = _set(end, kind, "remote", right) if right else ""
    return Cause(end.node, f"vxlan {end.device}", what, line)


def _lost_address(places: Places, end: End, kind: Vxlan, local: IPAddress) -> Cause:
    """Both ends agree on the address, and the node no longer has it."""
    what = f"sends from {local}, which is no address of {end.node}"
    device = End(end.node, kind.dev or "")
    held = [a.local.network for a in places.addresses(device, local.version)]
    prefix = next((n.prefixlen for n in held if local in n), None)
    line = (
        mend.ip(end.node, "addr", "add", f"{local}/{prefix}", "dev", device.device)
        if prefix is not None
        else ""
    )
    return Cause(end.node, f"vxlan {end.device}", what, line)


def _set(end: End, kind: Vxlan, word: str, value: object) -> str:
    return mend.ip(end.node, "link", "set", end.device, "type", "vxlan", "id", kind.id, word, value)
