"""Devices that are too narrow for what is sent through them.

A router that must pass on a packet too large for its device says so to the sender.  A device that
is handed a frame too large for its own mtu drops it without a word (``is_skb_forwardable`` in
net/core/dev.c), so both ends of a wire, and the ports between, must agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from iplab.names import MIN_IPV6_MTU, IPAddress
from iplab.network import Bridge, End, Interface, Vxlan
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.overlay import OVERHEAD
from iplab.why.places import Places
from iplab.why.report import Cause, Weight
from iplab.why.wire import Way

_SLACK = 4  # the kernel leaves room for an 802.1Q tag
_USUAL = 1500


def narrows(
    facts: Facts,
    places: Places,
    way: Way,
    below: Callable[[str, IPAddress, int], Cause | None],
) -> Iterator[Cause]:
    """What on the way loses packets as large as the first device of it may send.

    ``below`` says what is too narrow for a tunnel's own packets.
    """
    start = way.spots[0].end
    sender = places.at(start)
    if sender is None or sender.mtu is None:
        return
    size = sender.mtu
    for spot in way.spots[1:]:
        interface = places.at(spot.end)
        if interface is None or isinstance(interface.kind, Bridge):
            continue
        if isinstance(interface.kind, Vxlan) and not spot.inward:
            room = _room(facts, places, spot.end, interface.kind)
            if room is not None and room < size:
                what = (
                    f"puts packets of up to {size} bytes into packets for a device below it that "
                    f"leaves {room} of them"
                )
                line = mend.ip(start.node, "link", "set", start.device, "mtu", room)
                name = f"vxlan {spot.end.device}"
                yield Cause(spot.end.node, name, what, line, Weight.LARGE)
                return
            if interface.kind.remote is not None:
                tunnel = below(spot.end.node, interface.kind.remote, interface.kind.dstport)
                if tunnel is not None:
                    yield tunnel
                    return
        if interface.mtu is not None and interface.mtu + _SLACK < size:
            yield _narrow(places, way, start, sender, spot.end, interface)
            return


def _room(facts: Facts, places: Places, end: End, kind: Vxlan) -> int | None:
    """What the device below leaves of a packet, where that is known."""
    if kind.remote is None:
        return None
    below = kind.dev or facts.lookup(end.node, kind.remote).device
    device = places.at(End(end.node, below))
    if device is None or device.mtu is None:
        return None
    return device.mtu - OVERHEAD[kind.remote.version]


def _narrow(
    places: Places, way: Way, start: End, sender: Interface, end: End, narrow: Interface
) -> Cause:
    large, small = sender.mtu or 0, narrow.mtu or 0
    what = f"has mtu {small}, and {start} sends it up to {large} bytes: larger ones are lost"
    others = [
        device.mtu
        for spot in way.spots[1:]
        if spot.end != end
        and (device := places.at(spot.end)) is not None
        and device.mtu is not None
        and not isinstance(device.kind, Bridge)
    ]
    lower = large != _USUAL if not others else max(others) <= small + _SLACK
    if small < MIN_IPV6_MTU or isinstance(sender.kind, Bridge):
        lower = False
    if lower:
        line = mend.ip(start.node, "link", "set", start.device, "mtu", small)
    else:
        line = mend.ip(end.node, "link", "set", end.device, "mtu", large)
    return Cause(end.node, f"device {end.device}", what, line, Weight.LARGE)
