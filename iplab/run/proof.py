"""The proof: what a plan can have reached is looked at again, and must be what was wanted."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from iplab.claims import Claim, Ownership, places
from iplab.draft import Draft
from iplab.errors import IplabError
from iplab.names import HOST
from iplab.network import MANY, End, Network, Veth
from iplab.observe import Seen
from iplab.operations import DeleteNamespace, OnDevice, Operation
from iplab.plan.difference import Difference, compare
from iplab.plan.planner import Plan
from iplab.run import owners
from iplab.run.look import Scope, look
from iplab.run.machine import Machine
from iplab.run.netns import namespaces
from iplab.run.records import Record


def look_after(machine: Machine, scope: Scope, plan: Plan, answers: Mapping[str, Seen]) -> Network:
    """What the machine holds now that ``plan`` has run.

    A small lab is looked at as a whole.  Of a large one it is enough to ask the nodes that the
    plan can have reached, but for those whose batch has asked already (``answers``); what was seen
    of the others just now still holds, unless their namespaces are not the same any more.
    """
    if len(scope.nodes) <= MANY:
        return look(machine, scope)
    here = namespaces()
    nodes = _reached(plan)
    nodes |= {
        node
        for node, was in plan.before.namespaces.items()
        if node != HOST and here.get(node) != was.identity
    }
    nodes |= {node for node in scope.nodes if node not in plan.before.namespaces}
    asked = replace(scope, nodes=tuple(node for node in scope.nodes if node in nodes))
    seen = look(machine, asked, answers)
    rest = {n: was for n, was in plan.before.namespaces.items() if n not in nodes}
    return Network(rest | dict(seen.namespaces))


def _reached(plan: Plan) -> set[str]:
    """The nodes of the plan's operations, and those at the other ends of their wires."""
    before, after = Draft(plan.before), Draft(plan.after)
    nodes: set[str] = set()
    for step in plan.steps:
        nodes |= places(step.operation)
    for end in {end for step in plan.steps for end in _about(step.operation, before)}:
        nodes |= {other.node for draft in (before, after) for other in draft.neighbours(end)}
    # The two ends of a wire are told from each other's numbers, so both have to be seen.
    for node in list(nodes):
        namespace = plan.after.namespaces.get(node)
        for interface in namespace.interfaces.values() if namespace else ():
            if isinstance(interface.kind, Veth) and interface.kind.peer:
                nodes.add(interface.kind.peer.node)
    return nodes


def _about(operation: Operation, before: Draft) -> list[End]:
    match operation:
        case DeleteNamespace():
            namespace = before.namespaces.get(operation.name)
            return [End(operation.name, d) for d in (namespace.interfaces if namespace else ())]
        case OnDevice():
            return [operation.end]
    return []


def prove(plan: Plan, record: Record, wanted: Network | None, observed: Network) -> None:
    """Refuse where ``observed`` is not what ``wanted`` says (``None``: nothing of the lab)."""
    if wanted is not None:
        mine = owners.verified(Ownership(plan.claims), observed)
        different = compare(wanted, observed, mine)
    else:
        left = owners.verified(Ownership(record.claims), observed).mine
        different = [
            Difference(c.node, str(c), "absent", "present") for c in left if _present(c, observed)
        ]
    if different:
        lines = "\n".join(f"  {d}" for d in different)
        raise IplabError(f"every command ended well, and yet the kernel says otherwise:\n{lines}")


def _present(claim: Claim, observed: Network) -> bool:
    namespace = observed.namespaces.get(claim.node)
    if namespace is None or claim.kind == "sysctl":
        return False
    if claim.kind == "route":
        return any(str(route) == claim.name for route in namespace.routes)
    if claim.kind == "nat":
        return claim.name in namespace.nat
    return True  # netns and link: `verified` has looked
