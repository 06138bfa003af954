"""What keeps a frame from entering or leaving a device: its state, and a bridge's rules."""

from __future__ import annotations

from iplab.network import Bridge, End, Interface, Macvlan, Tuntap, Veth, Vlan
from iplab.why import mend
from iplab.why.facts import Facts, Port
from iplab.why.places import Places
from iplab.why.report import Cause


class Obstacles:
    """The faults of single devices and bridge ports."""

    def __init__(self, facts: Facts, places: Places) -> None:
        self.facts = facts
        self.places = places

    def down(self, end: End) -> tuple[Cause, ...]:
        """A device that is down, or that nobody holds the other end of."""
        interface = self.places.at(end)
        if interface is None:
            return ()
        if not interface.up:
            line = mend.ip(end.node, "link", "set", end.device, "up")
            return (Cause(end.node, f"device {end.device}", "is down", line),)
        alone = "NO-CARRIER" in interface.flags and isinstance(interface.kind, Tuntap)
        if alone:
            what = "has no carrier: no program holds its other end"
            return (Cause(end.node, f"device {end.device}", what),)
        return ()

    def not_a_port(self, end: End, interface: Interface, bridge: End) -> tuple[Cause, ...] | None:
        """Nothing where ``end`` is a port of ``bridge``; a fault where it may have been meant to
        be; ``None`` where that is out of the question: it has addresses of its own."""
        if interface.master == bridge.device:
            return ()
        own = any(not a.local.ip.is_link_local for a in interface.addresses)
        if own or isinstance(interface.kind, Bridge | Macvlan | Vlan):
            return None
        what = f"is not a port of {bridge.device}"
        if interface.master:
            what = f"is a port of {interface.master}, not of {bridge.device}"
        line = mend.ip(end.node, "link", "set", end.device, "master", bridge.device)
        return (Cause(end.node, f"device {end.device}", what, line),)

    def port(self, end: End) -> Port:
        """The device as a bridge port."""
        return self.facts.ports(end.node).get(end.device, Port())

    def blocked(self, end: End, bridge: End) -> tuple[Cause, ...]:
        """A port that does not forward, or the whole bridge that is down."""
        interface, switch = self.places.at(end), self.places.at(bridge)
        if not interface or not interface.up or interface.master != bridge.device:
            return ()
        if switch and not switch.up:
            return self.down(bridge)
        state = self.port(end).state
        if state == "forwarding" or (state == "disabled" and not self._carrier(interface)):
            return ()
        name = f"bridge port {end.device}"
        if switch and isinstance(switch.kind, Bridge) and switch.kind.stp:
            if state in ("listening", "learning"):
                delay = self.facts.forward_delay(end.node, bridge.device)
                what = f"is {state} (STP of {bridge.device}): it forwards after twice {delay:g} s"
                return (Cause(end.node, name, what, f"sleep {2 * delay:g}"),)
            what = f"is {state}: STP of {bridge.device} took it out of a loop"
            line = mend.ip(end.node, "link", "set", bridge.device, "type", "bridge", "stp_state", 0)
            note = "with STP off, a loop of bridges sends frames round for ever"
            return (Cause(end.node, name, what, line, notes=(note,)),)
        line = mend.bridge(end.node, "link", "set", "dev", end.device, "state", 3)
        return (Cause(end.node, name, f"is {state} in {bridge.device}", line),)

    def locked(self, end: End, bridge: End) -> tuple[Cause, ...]:
        """A port that takes frames from known stations alone, and learns none (bridge(8))."""
        port = self.port(end)
        if not port.locked or not self._member(end, bridge):
            return ()
        line = mend.bridge(end.node, "link", "set", "dev", end.device, "locked", "off")
        what = f"is locked: it takes frames only from stations that {bridge.device} was told of"
        return (Cause(end.node, f"bridge port {end.device}", what, line),)

    def unheard(self, end: End, bridge: End) -> tuple[Cause, ...]:
        """A port out of which frames do not find, for want of flooding (bridge(8))."""
        port, name = self.port(end), f"bridge port {end.device}"
        if not self._member(end, bridge):
            return ()
        if not port.broadcasts:
            line = mend.bridge(end.node, "link", "set", "dev", end.device, "bcast_flood", "on")
            what = "gets no broadcasts (bcast_flood off), so no question for an address"
            return (Cause(end.node, name, what, line),)
        if not port.flood and not port.learning:
            line = mend.bridge(end.node, "link", "set", "dev", end.device, "flood", "on")
            what = "neither learns who is behind it nor gets frames for unknown stations"
            return (Cause(end.node, name, what, line),)
        return ()

    def _member(self, end: End, bridge: End) -> bool:
        interface = self.places.at(end)
        return interface is not None and interface.master == bridge.device

    def _carrier(self, interface: Interface) -> bool:
        """Without one the kernel disables a port by itself: the reason lies at the other end."""
        if "NO-CARRIER" in interface.flags:
            return False
        match interface.kind:
            case Veth(peer=End() as other):
                peer = self.places.at(other)
                return peer is None or peer.up
        return True

    def _filters(self, bridge: End) -> bool:
        switch = self.places.at(bridge)
        kind = switch.kind if switch else None
        return isinstance(kind, Bridge) and kind.vlan_filtering

    def entering(self, end: End, bridge: End, tag: int) -> tuple[int, tuple[Cause, ...]]:
        """The VLAN a frame has inside a bridge that filters them (0 in one that does not)."""
        if not self._filters(bridge):
            return tag, ()
        port = self.port(end)
        vid = tag or port.pvid or 0
        if vid and vid in port.vlans:
            return vid, ()
        return vid, (_outside(end, vid or 1, bool(tag)),)

    def leaving(self, end: End, bridge: End, vid: int) -> tuple[int, tuple[Cause, ...]]:
        """The tag a frame of VLAN ``vid`` has when it leaves by a port."""
        if not self._filters(bridge):
            return vid, ()
        # The bridge's own frames are untagged, and belong to the VLAN of its own entry.
        vid = vid or self.port(bridge).pvid or 1
        port = self.port(end)
        if vid in port.vlans:
            return (0 if vid == port.pvid else vid), ()
        return 0, (_outside(end, vid, False),)


def _outside(end: End, vid: int, tagged: bool) -> Cause:
    words = () if tagged else ("pvid", "untagged")
    line = mend.bridge(end.node, "vlan", "add", "dev", end.device, "vid", vid, *words)
    return Cause(end.node, f"bridge port {end.device}", f"is not in VLAN {vid}", line)
