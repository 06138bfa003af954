"""The way back after a failure: what was touched as it was before, all else as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.keys import device_of
from iplab.network import End, Interface, Namespace, Network, Route, Veth
from iplab.operations import (
    AddNamespace,
    AddRoute,
    AddVeth,
    DeleteNamespace,
    DeleteRoute,
    MoveLink,
    OnDevice,
    Operation,
    SetSysctl,
)
from iplab.operations.nat import OnTable
from iplab.operations.sysctl import leads
from iplab.plan.undo import between


def way_back(before: Network, now: Network, done: Iterable[Operation]) -> list[Operation]:
    """The operations that undo ``done`` and nothing else.

    ``before`` was observed ahead of them, ``now`` after; what others changed meanwhile, and the
    operations did not touch, stays.
    """
    return between(now, as_before(before, now, done))


def as_before(before: Network, now: Network, done: Iterable[Operation]) -> Network:
    """``now``, but with everything that ``done`` touched as it is in ``before``."""
    touched = _Touched(before, done)
    namespaces: dict[str, Namespace] = {}
    for node in (*before.namespaces, *(n for n in now.namespaces if n not in before.namespaces)):
        was, have = before.namespaces.get(node), now.namespaces.get(node)
        made_anew = have is None or (was is not None and have.identity != was.identity)
        if was is not None and node in touched.nodes and made_anew:
            namespaces[node] = _plain(was)
        elif have is not None and (was is not None or node not in touched.nodes):
            namespaces[node] = _mixed(was or Namespace(node), have, touched)
    return _without_loose_ends(Network(namespaces))


def _without_loose_ends(network: Network) -> Network:
    """``network`` without veth ends whose other end it does not have: they go with it."""
    loose = {
        end
        for end, interface in network.ends()
        if isinstance(interface.kind, Veth)
        and interface.kind.peer is not None
        and network.interface(interface.kind.peer) is None
    }
    return Network(
        {
            node: replace(
                namespace,
                interfaces={
                    d: i for d, i in namespace.interfaces.items() if End(node, d) not in loose
                },
                routes=tuple(
                    r
                    for r in namespace.routes
                    if r.device is None or End(node, r.device) not in loose
                ),
            )
            if any(end.node == node for end in loose)
            else namespace
            for node, namespace in network.namespaces.items()
        }
    )


class _Touched:
    """What a run of operations had its hands on."""

    def __init__(self, before: Network, done: Iterable[Operation]) -> None:
        self.nodes: set[str] = set()
        self.ends: set[End] = set()
        self.routes: set[tuple[str, Route]] = set()
        self.sysctls: set[tuple[str, str]] = set()
        self.tables: set[tuple[str, str]] = set()
        draft = Draft(before)
        for operation in done:
            # Where somebody had a hand in it, an operation need not fit what came before it.
            with suppress(CannotApply):
                self._note(operation, draft)
                ahead = dict(draft.namespaces)
                operation.change(draft)
                self._note_taken_along(ahead, draft)

    def _note(self, operation: Operation, draft: Draft) -> None:
        match operation:
            case AddNamespace():
                self.nodes.add(operation.name)
            case DeleteNamespace():
                self.nodes.add(operation.name)
                for device in draft.namespace(operation.name).interfaces:
                    self._end(End(operation.name, device), draft)
            case AddVeth():
                self.ends |= {operation.a, operation.b}
            case MoveLink():
                self._end(operation.end, draft)
                self.ends.add(End(operation.to, operation.device))
            case OnDevice():
                self._end(operation.end, draft)
            case AddRoute() | DeleteRoute():
                self.routes.add((operation.node, operation.route))
            case SetSysctl():
                known = draft.namespace(operation.node).sysctls
                keys = [operation.key, *(k for k in known if leads(operation.key, k))]
                self.sysctls |= {(operation.node, key) for key in keys}
            case OnTable():
                self.tables.add((operation.node, operation.table))

    def _note_taken_along(self, ahead: Mapping[str, Namespace], draft: Draft) -> None:
        """Devices that an operation on another one changed: a bridge's ports, what stood on it."""
        for node, was in ahead.items():
            have = draft.namespaces.get(node)
            if have is None or have is was:
                continue
            for device, interface in was.interfaces.items():
                if have.interfaces.get(device) is not interface:
                    self.ends.add(End(node, device))

    def _end(self, end: End, draft: Draft) -> None:
        self.ends.add(end)
        found = draft.find(end)
        if found and isinstance(found.kind, Veth) and found.kind.peer:
            self.ends.add(found.kind.peer)

    def its_device(self, node: str, key: str) -> bool:
        """Whether a setting is one of a device that may have been made anew."""
        device = device_of(key)
        return device is not None and End(node, device) in self.ends

    def route(self, node: str, route: Route) -> bool:
        on_touched = route.device is not None and End(node, route.device) in self.ends
        return on_touched or (node, route) in self.routes


def _mixed(was: Namespace, have: Namespace, touched: _Touched) -> Namespace:
    node = have.name
    interfaces = {d: i for d, i in have.interfaces.items() if End(node, d) not in touched.ends} | {
        d: _bare(i) for d, i in was.interfaces.items() if End(node, d) in touched.ends
    }
    routes = [r for r in have.routes if not touched.route(node, r)]
    routes += [r for r in was.routes if touched.route(node, r)]
    return replace(
        have,
        interfaces=interfaces,
        routes=tuple(routes),
        # A device's go with it, and come with it.
        sysctls={
            k: was.sysctls[k] if (node, k) in touched.sysctls and k in was.sysctls else v
            for k, v in have.sysctls.items()
            if not touched.its_device(node, k)
        }
        | {k: v for k, v in was.sysctls.items() if touched.its_device(node, k)},
        nat={t: n for t, n in have.nat.items() if (node, t) not in touched.tables}
        | {t: n for t, n in was.nat.items() if (node, t) in touched.tables},
    )


def _plain(namespace: Namespace) -> Namespace:
    return replace(namespace, interfaces={d: _bare(i) for d, i in namespace.interfaces.items()})


def _bare(interface: Interface) -> Interface:
    """Without the addresses that the kernel gives by itself when the device comes up."""
    kept = tuple(a for a in interface.addresses if not a.automatic)
    return replace(interface, addresses=kept)
