"""What else a device can be told: its flags, its queue, its name (ip-link(8))."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.network import End, Veth
from iplab.operations.base import OnDevice, Operation

# The word of `ip link set` → the kernel's flag, and whether the word says its absence.
FLAGS = {
    "promisc": ("PROMISC", False),
    "allmulticast": ("ALLMULTI", False),
    "multicast": ("MULTICAST", False),
    "arp": ("NOARP", True),
    "trailers": ("NOTRAILERS", True),
    "dynamic": ("DYNAMIC", False),
}


class SetFlag(OnDevice, frozen=True):
    """``ip link set DEV FLAG on|off``; ``flag`` is one of ``FLAGS``."""

    flag: str
    on: bool

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        name, absent = FLAGS[self.flag]
        flags = tuple(f for f in found.flags if f != name)
        if self.on is not absent:
            flags += (name,)
        draft.put(self.node, replace(found, flags=flags))

    def inverse(self, before: Draft) -> list[Operation] | None:
        name, absent = FLAGS[self.flag]
        was = (name in before.interface(self.end).flags) is not absent
        return [] if was is self.on else [SetFlag(self.node, self.device, self.flag, was)]


class SetQueueLength(OnDevice, frozen=True):
    """``ip link set DEV txqueuelen LENGTH`` (packets)."""

    length: int

    def change(self, draft: Draft) -> None:
        draft.put(self.node, replace(draft.interface(self.end), txqueuelen=self.length))

    def inverse(self, before: Draft) -> list[Operation] | None:
        old = before.interface(self.end).txqueuelen
        return None if old is None else [SetQueueLength(self.node, self.device, old)]


class RenameLink(OnDevice, frozen=True):
    """``ip link set DEV name NAME``."""

    name: str

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        if draft.find(End(self.node, self.name)) is not None:
            raise CannotApply(f"there is a device {self.node}:{self.name} already")
        namespace = draft.namespace(self.node)
        interfaces = {}
        for device, interface in namespace.interfaces.items():
            if device == self.device:
                interfaces[self.name] = replace(found, name=self.name)
            elif interface.master == self.device:
                interfaces[device] = replace(interface, master=self.name)
            else:
                interfaces[device] = interface
        routes = tuple(
            replace(r, device=self.name) if r.device == self.device else r for r in namespace.routes
        )
        draft.namespaces[self.node] = replace(namespace, interfaces=interfaces, routes=routes)
        peer = found.kind.peer if isinstance(found.kind, Veth) else None
        if peer is not None:
            other = draft.interface(peer)
            draft.put(peer.node, replace(other, kind=Veth(End(self.node, self.name))))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [RenameLink(self.node, self.name, self.device)]


class SetMedia(OnDevice, frozen=True):
    """``ethtool -s DEV WORDS…`` (ethtool(8)): speed, duplex, port, autonegotiation of a real card.

    No Network holds these, so there is no way back that iplab would know.
    """

    words: tuple[str, ...]

    program: ClassVar[str] = "ethtool"

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


class SetWireless(OnDevice, frozen=True):
    """``iw dev DEV WORDS…`` (iw(8)): ``set type managed``, ``connect SSID`` ….

    No Network holds these, so there is no way back that iplab would know.
    """

    words: tuple[str, ...]

    program: ClassVar[str] = "iw"

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None
