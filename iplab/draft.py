"""A Network that is being changed in place."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from iplab.errors import CannotApply
from iplab.keys import device_of
from iplab.network import (
    Bridge,
    End,
    Interface,
    Kind,
    Macvlan,
    Namespace,
    Network,
    Veth,
    Vlan,
    Vxlan,
)


class Draft:
    """A Network that is being changed in place: operations read it and write it.

    Namespaces and interfaces stay frozen values and are replaced; only the outer dictionary is
    shared state.  That makes applying n operations linear, where n frozen Networks would not be.
    """

    def __init__(self, network: Network) -> None:
        self.namespaces: dict[str, Namespace] = dict(network.namespaces)
        self._standing_on: dict[End, set[End]] = {}
        for end, interface in network.ends():
            self._note(end, interface)

    def _note(self, end: End, interface: Interface) -> None:
        below = lower(end, interface.kind)
        if below:
            self._standing_on.setdefault(below, set()).add(end)

    def freeze(self) -> Network:
        """The state as it is now, as a value."""
        return Network(dict(self.namespaces))

    def namespace(self, node: str) -> Namespace:
        """The namespace ``node``; ``CannotApply`` where there is none."""
        try:
            return self.namespaces[node]
        except KeyError:
            raise CannotApply(f"there is no namespace {node}") from None

    def find(self, end: End) -> Interface | None:
        """The device at ``end``, or ``None``."""
        namespace = self.namespaces.get(end.node)
        return namespace.interfaces.get(end.device) if namespace else None

    def interface(self, end: End) -> Interface:
        """The device at ``end``; ``CannotApply`` where there is none."""
        found = self.find(end)
        if found is None:
            raise CannotApply(f"there is no device {end}")
        return found

    def put(self, node: str, interface: Interface) -> None:
        """Set or replace a device."""
        namespace = self.namespace(node)
        was = namespace.interfaces.get(interface.name)
        interfaces = dict(namespace.interfaces)
        interfaces[interface.name] = interface
        self.namespaces[node] = replace(namespace, interfaces=interfaces)
        self._note(End(node, interface.name), interface)
        if was is not None and (was.master, was.mtu) != (interface.master, interface.mtu):
            for master in {was.master, interface.master}:
                self._forget_mtu(node, master, was)

    def drop(self, end: End) -> None:
        """Take a device away as the kernel does: with its routes, its settings, its other veth end,
        and the devices that stand on it; its bridge ports become free."""
        found = self.find(end)
        if found is None:
            return
        namespace = self.namespace(end.node)
        interfaces = dict(namespace.interfaces)
        del interfaces[end.device]
        if isinstance(found.kind, Bridge):
            for name, other in interfaces.items():
                if other.master == end.device:
                    interfaces[name] = replace(other, master=None)
        routes = tuple(r for r in namespace.routes if r.device != end.device)
        sysctls = {k: v for k, v in namespace.sysctls.items() if device_of(k) != end.device}
        self.namespaces[end.node] = replace(
            namespace, interfaces=interfaces, routes=routes, sysctls=sysctls
        )
        self._forget_mtu(end.node, found.master, found)
        if isinstance(found.kind, Veth) and found.kind.peer:
            self.drop(found.kind.peer)
        for above in sorted(self._standing_on.pop(end, ())):
            kept = self.find(above)
            if kept and lower(above, kept.kind) == end:
                self.drop(above)

    def _forget_mtu(self, node: str, bridge: str | None, was: Interface) -> None:
        """The mtu of a bridge is not known any more, where one of its ports is not as it ``was``.

        It follows the least of its ports' until somebody sets it to another one
        (br_mtu_auto_adjust in net/bridge/br_if.c); whether that was so, nobody can see where it is
        the least of them.
        """
        interfaces = self.namespaces[node].interfaces
        found = interfaces.get(bridge or "")
        if found is None or found.mtu is None:
            return
        ports = {name: i.mtu for name, i in interfaces.items() if i.master == bridge}
        others = [mtu for name, mtu in ports.items() if name != was.name]
        before = [*others, was.mtu] if was.master == bridge else others
        now = _least(ports.values())
        if found.mtu != now and _least(before) in (None, found.mtu):
            self.put(node, replace(found, mtu=None))

    def neighbours(self, end: End) -> set[End]:
        """What the device at ``end`` is bound to: its other end, its master, its ports, the device
        it stands on and those that stand on it."""
        found = self.find(end)
        if found is None:
            return set()
        bound = set(self._standing_on.get(end, ()))
        bound |= {below for below in (lower(end, found.kind),) if below}
        if isinstance(found.kind, Veth) and found.kind.peer:
            bound.add(found.kind.peer)
        if found.master:
            bound.add(End(end.node, found.master))
        if isinstance(found.kind, Bridge):
            inside = self.namespaces[end.node].interfaces.values()
            bound |= {End(end.node, i.name) for i in inside if i.master == end.device}
        return bound


def _least(mtus: Collection[int | None]) -> int | None:
    """What a bridge with such ports has; ``None`` where one of them is not known."""
    known = [mtu for mtu in mtus if mtu is not None]
    return min(known, default=1500) if len(known) == len(mtus) else None


def lower(end: End, kind: Kind) -> End | None:
    """The device that ``end`` stands on and cannot outlive, if it is of such a kind."""
    if isinstance(kind, Macvlan | Vlan):
        return kind.link
    if isinstance(kind, Vxlan) and kind.dev:
        return End(end.node, kind.dev)
    return None
