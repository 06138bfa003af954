"""Devices: made, moved, set, taken away (ip-link(8))."""

from __future__ import annotations

from msgspec.structs import replace

from iplab.draft import Draft, lower
from iplab.errors import CannotApply
from iplab.names import HOST, MIN_IPV6_MTU
from iplab.network import (
    Bridge,
    Dummy,
    End,
    Interface,
    Kind,
    Loopback,
    Macvlan,
    Tuntap,
    Veth,
    Vlan,
    Vxlan,
)
from iplab.operations.base import OnDevice, Operation


def _born(draft: Draft, end: End, kind: Kind) -> None:
    if draft.find(end) is not None:
        raise CannotApply(f"there is a device {end} already")
    draft.put(end.node, Interface(end.device, kind, mtu=born_mtu(draft, end, kind)))


def born_mtu(draft: Draft, end: End, kind: Kind) -> int | None:
    """The mtu the kernel gives a new device; ``None`` where it follows something else.

    A macvlan or vlan takes its lower device's; a vxlan with ``dev`` that less its headers
    (drivers/net/vxlan/vxlan_core.c).
    """
    below = lower(end, kind)
    if below is None:
        return kind.default_mtu
    found = draft.find(below)
    if found is None or found.mtu is None:
        return None
    return found.mtu - (headers(kind) if isinstance(kind, Vxlan) else 0)


def headers(vxlan: Vxlan) -> int:
    """The bytes that a vxlan puts in front of each packet: more over IPv6."""
    outer = vxlan.remote or vxlan.local
    return 70 if outer is not None and outer.version == 6 else 50


class AddVeth(Operation, frozen=True):
    """``ip link add A type veth peer name B``: both ends of a cable, each where it lives.

    ``index`` is the number (ifindex) that ``a`` is to have; ``None``: the kernel's choice.
    """

    a: End
    b: End
    index: int | None = None

    def change(self, draft: Draft) -> None:
        _born(draft, self.a, Veth(self.b))
        _born(draft, self.b, Veth(self.a))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteLink(self.a.node, self.a.device)]


class AddDevice(OnDevice, frozen=True):
    """A device that stands alone, made by one command."""

    def kind(self) -> Kind:
        raise NotImplementedError

    def change(self, draft: Draft) -> None:
        below = lower(self.end, self.kind())
        if below is not None:
            draft.interface(below)
        _born(draft, self.end, self.kind())

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteLink(self.node, self.device)]


class AddBridge(AddDevice, frozen=True):
    """``ip link add DEV type bridge``."""

    def kind(self) -> Kind:
        return Bridge()


class AddVxlan(AddDevice, frozen=True):
    """``ip link add DEV type vxlan id ID …``."""

    vxlan: Vxlan

    def kind(self) -> Kind:
        return self.vxlan


class AddMacvlan(AddDevice, frozen=True):
    """``ip link add link LOWER name DEV type macvlan mode MODE``.

    Where the lower device is in another namespace the command runs there and the new device is
    born in ``netns``; ``node`` is where the command runs, ``netns`` where the device lives.
    """

    netns: str
    macvlan: Macvlan

    @property
    def end(self) -> End:
        return End(self.netns, self.device)

    def kind(self) -> Kind:
        return self.macvlan

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteLink(self.netns, self.device)]


class AddVlan(AddDevice, frozen=True):
    """``ip link add link LOWER name DEV type vlan id ID``."""

    vlan: Vlan

    def kind(self) -> Kind:
        return self.vlan


class AddDummy(AddDevice, frozen=True):
    """``ip link add DEV type dummy``."""

    def kind(self) -> Kind:
        return Dummy()


class AddTuntap(AddDevice, frozen=True):
    """``ip tuntap add dev DEV mode tun|tap`` (ip-tuntap(8)), with ``user`` where one is given."""

    tuntap: Tuntap

    def kind(self) -> Kind:
        return self.tuntap


class DeleteLink(OnDevice, frozen=True):
    """``ip link del DEV``: the device goes, with its other veth end and what stands on it."""

    def change(self, draft: Draft) -> None:
        if isinstance(draft.interface(self.end).kind, Loopback):
            raise CannotApply(f"{self.end} cannot be deleted: it is the namespace's loopback")
        draft.drop(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


class MoveLink(OnDevice, frozen=True):
    """``ip link set DEV netns TO``: it arrives down and without addresses.

    Loopback and bridges cannot move (``netns_immutable`` in the kernel).
    """

    to: str

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        if isinstance(found.kind, Loopback | Bridge):
            raise CannotApply(f"{self.end} is a {found.kind.type}, which cannot change namespace")
        target = End(self.to, self.device)
        if draft.find(target) is not None:
            raise CannotApply(f"there is a device {target} already")
        peer = found.kind.peer if isinstance(found.kind, Veth) else None
        if peer is not None:
            other = draft.interface(peer)
            draft.put(peer.node, replace(other, kind=Veth(None)))
        _cut(draft, self.end)
        draft.drop(self.end)
        draft.put(
            self.to, replace(found, up=False, addresses=(), master=None, shaping=None, index=None)
        )
        if peer is not None:
            draft.put(peer.node, replace(draft.interface(peer), kind=Veth(target)))

    def inverse(self, before: Draft) -> list[Operation] | None:
        found = before.interface(self.end)
        if found.up or found.addresses or found.master or found.shaping or self.node == HOST:
            return None  # there is no word for "where iplab runs" that `ip -n NODE` would know
        return [MoveLink(self.to, self.device, self.node)]


def _cut(draft: Draft, end: End) -> None:
    """Part the device at ``end`` from its peer, so that dropping the one leaves the other."""
    found = draft.interface(end)
    if isinstance(found.kind, Veth):
        draft.put(end.node, replace(found, kind=Veth(None)))


class SetUp(OnDevice, frozen=True):
    """``ip link set DEV up``."""

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        if isinstance(found.kind, Vlan) and found.kind.link:
            below = draft.find(found.kind.link)
            if below is not None and not below.up:
                raise CannotApply(f"{self.end} cannot be up while {found.kind.link} is down")
        draft.put(self.node, replace(found, up=True))

    def inverse(self, before: Draft) -> list[Operation] | None:
        found = before.interface(self.end)
        if found.up:
            return []
        if any(a.local.version == 6 for a in found.addresses):
            return None  # going down drops them
        return [SetDown(self.node, self.device)]


class SetDown(OnDevice, frozen=True):
    """``ip link set DEV down``: routes and IPv6 addresses go (see keep_addr_on_down, ip-sysctl)."""

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        kept = tuple(a for a in found.addresses if a.local.version == 4)
        draft.put(self.node, replace(found, up=False, addresses=kept))
        namespace = draft.namespace(self.node)
        routes = tuple(r for r in namespace.routes if r.device != self.device)
        draft.namespaces[self.node] = replace(namespace, routes=routes)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


class SetMtu(OnDevice, frozen=True):
    """``ip link set DEV mtu MTU`` (bytes); below 1280 the device loses IPv6."""

    mtu: int

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        kept = tuple(a for a in found.addresses if a.local.version == 4 or self.mtu >= MIN_IPV6_MTU)
        draft.put(self.node, replace(found, mtu=self.mtu, addresses=kept))

    def inverse(self, before: Draft) -> list[Operation] | None:
        old = before.interface(self.end).mtu
        if self.mtu < MIN_IPV6_MTU or old is None:
            return None
        return [SetMtu(self.node, self.device, old)]


class SetLladdr(OnDevice, frozen=True):
    """``ip link set DEV address LLADDR``."""

    lladdr: str

    def change(self, draft: Draft) -> None:
        draft.put(self.node, replace(draft.interface(self.end), lladdr=self.lladdr))

    def inverse(self, before: Draft) -> list[Operation] | None:
        # A device that is new in the plan has no address we know; it goes with its making.
        old = before.interface(self.end).lladdr
        return [SetLladdr(self.node, self.device, old)] if old else []


class SetMaster(OnDevice, frozen=True):
    """``ip link set DEV master MASTER``: the device becomes the bridge's port."""

    master: str

    def change(self, draft: Draft) -> None:
        draft.interface(End(self.node, self.master))
        draft.put(self.node, replace(draft.interface(self.end), master=self.master))

    def inverse(self, before: Draft) -> list[Operation] | None:
        old = before.interface(self.end).master
        if old is None:
            return [ClearMaster(self.node, self.device)]
        return [SetMaster(self.node, self.device, old)]


class ClearMaster(OnDevice, frozen=True):
    """``ip link set DEV nomaster``."""

    def change(self, draft: Draft) -> None:
        draft.put(self.node, replace(draft.interface(self.end), master=None))

    def inverse(self, before: Draft) -> list[Operation] | None:
        old = before.interface(self.end).master
        return [SetMaster(self.node, self.device, old)] if old else []
