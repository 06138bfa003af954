"""What takes an operation back: worked out from the states before and after it."""

from __future__ import annotations

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.names import HOST
from iplab.network import End, Network
from iplab.operations import DeleteNamespace, MoveLink, OnDevice, Operation
from iplab.plan.reasons import Reason
from iplab.plan.transform import transform


class FreeWork:
    """Work without ownership: everything may be changed.  For undo, and for projections."""

    def __init__(self, start: Network) -> None:
        self.draft = Draft(start)
        self.operations: list[Operation] = []

    def do(self, operation: Operation, why: Reason, about: End | None = None) -> None:
        """Take the operation and project it."""
        operation.change(self.draft)
        self.operations.append(operation)

    def may_remove(self, what: str, node: str, name: str = "") -> bool:
        """All that is not wanted goes, but for the loopback device and the host itself."""
        return not (what == "link" and name == "lo") and not (what == "netns" and node == HOST)


def between(start: Network, target: Network) -> list[Operation]:
    """The operations from one state to another, whoever owns what."""
    work = FreeWork(start)
    transform(work, target)
    return work.operations


def undo(operation: Operation, before: Draft) -> list[Operation]:
    """The operations that lead from after ``operation`` to ``before`` (which is not changed).

    None where there is no way back: a device of a kind that iplab cannot make was deleted.
    """
    inverse = operation.inverse(before)
    if inverse is not None:
        return inverse
    state = _around(operation, before)
    try:
        return between(operation.apply(state), state)
    except CannotApply:
        return []


def _around(operation: Operation, before: Draft) -> Network:
    """The part of ``before`` that an operation can reach; without it n undos would cost n times n.

    A device reaches its other end, its master, its ports and what it stands on.
    """
    ends: set[End] = set()
    if isinstance(operation, DeleteNamespace):
        inside = before.namespace(operation.name).interfaces
        ends = {End(operation.name, device) for device in inside}
    elif isinstance(operation, OnDevice):
        ends = {operation.end}
    for end in list(ends):
        ends |= before.neighbours(end)
    for end in list(ends):
        ends |= {e for e in before.neighbours(end) if e.node == end.node}
    nodes = dict.fromkeys([HOST, operation.node, *(end.node for end in sorted(ends))])
    if isinstance(operation, MoveLink):
        nodes[operation.to] = None
    found = {}
    for node in nodes:
        namespace = before.namespaces.get(node)
        if namespace is not None:
            kept = {d: i for d, i in namespace.interfaces.items() if End(node, d) in ends}
            found[node] = replace(namespace, interfaces=kept)
    return Network(found)
