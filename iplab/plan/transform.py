"""From one Network to another: the operations in between, in an order that works.

The engine of plan, down, undo and rollback.  It runs nothing: each operation is projected on a
draft before the next one is looked for, so what an operation takes along (a deleted primary
address its secondaries, a link going down its routes) is seen and mended by what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Protocol

from iplab.draft import Draft, lower
from iplab.names import HOST
from iplab.network import (
    MANY,
    Bridge,
    Dummy,
    End,
    Interface,
    Kind,
    Macvlan,
    Namespace,
    Network,
    Other,
    Tuntap,
    Veth,
    Vlan,
    Vxlan,
)
from iplab.operations import (
    AddBridge,
    AddDummy,
    AddMacvlan,
    AddNamespace,
    AddTuntap,
    AddVeth,
    AddVlan,
    AddVxlan,
    DeleteLink,
    DeleteNamespace,
    MoveLink,
    Operation,
)
from iplab.plan import settle
from iplab.plan.reasons import Reason, because


class Work(Protocol):
    """Where found operations go."""

    draft: Draft

    def do(self, operation: Operation, why: Reason, about: End | None = None) -> None:
        """Take ``operation``, project it on ``draft``.

        ``about`` is the lab's device it serves, where the operation itself names another place.
        """

    def may_remove(self, what: str, node: str, name: str = "") -> bool:
        """Whether an object (netns, link, route, nat) that is not wanted may be taken away."""


def transform(
    work: Work, target: Network, through_host: Callable[[End], bool] = lambda end: False
) -> None:
    """Find what leads from ``work.draft`` to ``target``.

    ``through_host`` says of a new veth end whether it is made on the host and moved (as people
    teach it) or born in its place.
    """
    _remove(work, target)
    _make_namespaces(work, target)
    _make_veths(work, target, through_host)
    later: list[str] = []
    for node, want in target.namespaces.items():
        if not _node(work, want, across=False):
            later.append(node)
    for node in later:
        _node(work, target.namespaces[node], across=True)


def same_device(have: Kind, want: Kind) -> bool:
    """Whether a device can be kept: what differs beyond this means making it anew."""
    if isinstance(have, Bridge) and isinstance(want, Bridge):
        return True
    return have == want


def _remove(work: Work, target: Network) -> None:
    nobody = Network()
    ending = [
        node
        for node, have in work.draft.namespaces.items()
        if (node not in target.namespaces or have.only_file) and work.may_remove("netns", node)
    ]
    for node in list(work.draft.namespaces):
        if node in ending:
            continue
        # As it is by now: a link deleted in an earlier node took its other end along, and the
        # routes of that.
        namespace = work.draft.namespace(node)
        want = target.namespaces.get(node, Namespace(node))
        going = [
            device
            for device, interface in namespace.interfaces.items()
            if (
                not same_device(interface.kind, want.interfaces[device].kind)
                if device in want.interfaces
                else work.may_remove("link", node, device)
            )
        ]
        settle.remove_nat(work, namespace, want)
        settle.remove_routes(work, namespace, want, set(going))
        for device in going:
            if work.draft.find(End(node, device)):  # the other end may have taken it along
                wanted = target if device in want.interfaces else nobody
                work.do(DeleteLink(node, device), _why_gone(work, End(node, device), wanted))
    # A namespace ends in the background.  Its links to others are deleted ahead of it (above), so
    # that nothing of them is still to be seen when the last command has ended.
    for node in ending:
        file = work.draft.namespace(node).only_file
        why = because("node_file", node=node) if file else because("gone", what=node)
        work.do(DeleteNamespace(HOST, node), why)


def _why_gone(work: Work, end: End, target: Network) -> Reason:
    want = target.interface(end)
    have = work.draft.interface(end)
    if want is None:
        return because("gone", what=end)
    if isinstance(have.kind, Veth) and isinstance(want.kind, Veth):
        return because("rewired", end=end, there=have.kind.peer, want=want.kind.peer)
    return because("remade", end=end, kind=have.kind.type)


def _make_namespaces(work: Work, target: Network) -> None:
    new = [node for node in target.namespaces if node not in work.draft.namespaces]
    for node in new:
        work.do(AddNamespace(HOST, node), because("node", node=node))
    host = target.namespaces.get(HOST)
    if host:
        _make_devices(work, host, lambda end, kind: lower(end, kind) is None)
    for node, want in target.namespaces.items():
        settle.sysctls(work, node, want, of_device=False)


def _make_veths(work: Work, target: Network, through_host: Callable[[End], bool]) -> None:
    numbers = _numbers(work, target) if len(target.namespaces) > MANY else None
    for end, want in target.ends():
        if not isinstance(want.kind, Veth) or want.kind.peer is None or work.draft.find(end):
            continue
        peer = want.kind.peer
        moved = [e for e in (end, peer) if e.node != HOST and through_host(e)]
        a, b = (End(HOST, e.device) if e in moved else e for e in (end, peer))
        where = a.node if a.node == b.node else HOST
        index = (
            next(numbers) if numbers and where == HOST and HOST not in (a.node, b.node) else None
        )
        work.do(AddVeth(where, a, b, index), because("link", end=end, peer=peer), end)
        for e in moved:
            work.do(
                MoveLink(HOST, e.device, e.node), because("moved", device=e.device, node=e.node), e
            )


def _numbers(work: Work, target: Network) -> Iterator[int]:
    """Numbers (ifindex) that no other device of a large lab has or gets by itself.

    A veth end knows its other end by its number alone, and in each new namespace the kernel counts
    from 2: which of a thousand ends with number 2 it is, only `ip netns list-id` in that namespace
    can tell, which looks at every namespace of the machine.  One number of its own a pair does it.
    """
    used = max(
        (i.index or 0 for n in work.draft.namespaces.values() for i in n.interfaces.values()),
        default=0,
    )
    most = max(len(namespace.interfaces) for namespace in target.namespaces.values())
    return count(used + most + 1)


def _node(work: Work, want: Namespace, *, across: bool) -> bool:
    """Settle one node; ``False`` where devices remain that stand on another node's.

    Those wait until every other device is there: ``across`` is the second round.
    """

    def waits(interface: Interface) -> bool:
        below = lower(End(want.name, interface.name), interface.kind)
        return below is not None and below.node != want.name

    waiting = [i for i in want.interfaces.values() if waits(i)]
    _make_devices(
        work, want, lambda end, kind: across or (lower(end, kind) or end).node == end.node
    )
    order = _lower_first(want)
    for interface in order:
        if waits(interface) is across or not waits(interface):
            settle.interface(work, want.name, interface)
    for interface in order:
        if isinstance(interface.kind, Bridge):
            settle.mtu(work, want.name, interface)  # its ports may have changed it
    if waiting and not across:
        return False
    settle.routes(work, want)
    for interface in order:
        settle.shaping(work, want.name, interface)
    settle.sysctls(work, want.name, want, of_device=True)
    settle.nat(work, want)
    return True


def _make_devices(work: Work, want: Namespace, now: Callable[[End, Kind], bool]) -> None:
    for interface in _lower_first(want):
        end = End(want.name, interface.name)
        if work.draft.find(end) is None and now(end, interface.kind):
            operation = _making(end, interface.kind)
            if operation is not None:
                kind = interface.kind
                word = kind.mode if isinstance(kind, Tuntap) else kind.type
                work.do(operation, because("device", end=end, kind=word))


def _making(end: End, kind: Kind) -> Operation | None:
    node, device = end.node, end.device
    match kind:
        case Bridge():
            return AddBridge(node, device)
        case Vxlan():
            return AddVxlan(node, device, kind)
        case Macvlan() if kind.link:
            return AddMacvlan(kind.link.node, device, node, kind)
        case Vlan():
            return AddVlan(node, device, kind)
        case Dummy():
            return AddDummy(node, device)
        case Tuntap():
            return AddTuntap(node, device, kind)
        case Veth() | Other():
            return None  # a veth is made with its peer; another's device is not made at all
    return None


def _lower_first(want: Namespace) -> list[Interface]:
    """The interfaces of a node in their order, but each after the one it stands on."""
    done: dict[str, Interface] = {}

    def visit(interface: Interface) -> None:
        if interface.name in done:
            return
        below = lower(End(want.name, interface.name), interface.kind)
        if below and below.node == want.name and below.device in want.interfaces:
            visit(want.interfaces[below.device])
        done[interface.name] = interface

    for interface in want.interfaces.values():
        visit(interface)
    return list(done.values())
