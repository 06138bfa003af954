"""The plan: ordered operations from the observed state to the wanted one, each with its reason.

Ownership is decided here, at one gate: every operation passes ``Planner.do``, which refuses what
would change something that the lab did not make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from iplab.claims import Claim, Ownership, ended_by, link, made_by, netns
from iplab.draft import Draft
from iplab.errors import CannotApply, Refused
from iplab.keys import device_of
from iplab.names import HOST
from iplab.network import End, Namespace, Network
from iplab.operations import (
    AddMasquerade,
    AddNamespace,
    AddNatChain,
    AddNatTable,
    AddRoute,
    AddVeth,
    DeleteNamespace,
    DeleteNatTable,
    DeleteRoute,
    FlushNatChain,
    MoveLink,
    OnDevice,
    Operation,
    SetSysctl,
)
from iplab.operations.link import AddDevice
from iplab.operations.sysctl import leads
from iplab.plan.reasons import Reason
from iplab.plan.transform import transform
from iplab.plan.undo import undo

ThroughHost = Callable[[End], bool]


class Step(Struct, frozen=True):
    """An operation, why it is needed, and the lab file's line that asks for it (or '')."""

    operation: Operation
    why: Reason | str
    origin: str = ""


class Plan(Struct, frozen=True):
    """What leads from ``before`` to ``after``; ``claims`` are the lab's once it has run."""

    lab: str
    steps: tuple[Step, ...]
    before: Network
    after: Network
    claims: Mapping[Claim, str]
    notes: tuple[str, ...] = field(default=())

    def undos(self) -> list[list[Operation]]:
        """For each step, what leads from after it to the state ahead of it."""
        found = []
        draft = Draft(self.before)
        for step in self.steps:
            found.append(undo(step.operation, draft))
            step.operation.change(draft)
        return found


def plan_up(
    lab: str,
    wanted: Network,
    observed: Network,
    ownership: Ownership,
    *,
    origins: Mapping[str, str] | None = None,
    through_host: ThroughHost = lambda end: False,
) -> Plan:
    """What makes ``observed`` hold ``wanted``.

    ``observed`` must hold each namespace of the lab and of its claims that exists, and the host.
    Raises ``Refused`` with everything foreign that would have to change.
    """
    planner = Planner(lab, observed, ownership, origins or {})
    _refuse_files(wanted, observed, ownership)
    if ownership.adopt:
        planner.adopt(wanted)
    return planner.plan(planner.with_old_settings(wanted), through_host)


def _refuse_files(wanted: Network, observed: Network, ownership: Ownership) -> None:
    """A file that only looks like a namespace is in the way; the lab's own is taken away."""
    files = [
        node
        for node in wanted.namespaces
        if node in observed.namespaces
        and observed.namespaces[node].only_file
        and not (ownership.adopt or ownership.owns_node(node))
    ]
    if files:
        lines = (f"/run/netns/{node} is a plain file and no namespace" for node in files)
        commands = " && ".join(f"ip netns del {node}" for node in files)
        raise Refused("\n".join(lines), hint=commands)


def plan_down(lab: str, observed: Network, ownership: Ownership) -> Plan:
    """What takes away all that the lab made."""
    planner = Planner(lab, observed, ownership, {})
    return planner.plan(planner.with_old_settings(Network({})), lambda end: False)


class Planner:
    """Finds operations (see ``transform``) and admits only what the lab may do."""

    def __init__(
        self, lab: str, observed: Network, ownership: Ownership, origins: Mapping[str, str]
    ) -> None:
        self.lab = lab
        self.before = observed
        self.draft = Draft(observed)
        self.ownership = ownership
        self.mine: dict[Claim, str] = dict(ownership.mine)
        self.origins = origins
        self.steps: list[Step] = []
        self.refusals: list[str] = []
        self.notes: list[str] = []

    # ------------------------------------------------------------ finding

    def plan(self, target: Network, through_host: ThroughHost) -> Plan:
        """The plan for ``target``."""
        try:
            transform(self, target, through_host)
        except CannotApply:
            # What was refused is not there for what stands on it; that is no news.
            if not self.refusals:
                raise
        if self.refusals:
            hint = "another name in the lab file, or --adopt to take it over"
            if any(isinstance(step.operation, DeleteNamespace) for step in self.steps):
                hint = "take the other lab down or the device away first, or --adopt to remove it"
            raise Refused("\n".join(dict.fromkeys(self.refusals)), hint=hint)
        return Plan(
            self.lab,
            tuple(self.steps),
            self.before,
            self.draft.freeze(),
            {c: v for c, v in self.mine.items() if self._still_there(c)},
            tuple(self.notes),
        )

    def do(self, operation: Operation, why: Reason, about: End | None = None) -> None:
        """Admit ``operation`` or note its refusal; project it either way, to find all at once."""
        refusal = self._refusal(operation)
        if refusal:
            self.refusals += refusal.splitlines()
        try:
            ended = ended_by(operation, self.draft)
            old = self._old_value(operation)
            led = self._led(operation)
            operation.change(self.draft)
        except CannotApply as error:
            self.refusals.append(str(error))
            return
        for claim in ended:
            self.mine.pop(claim, None)
        for claim in made_by(operation):
            # A route in a namespace of the lab needs no claim; what has to be asked for does.
            if claim.kind != "route" or netns(claim.node) not in self.mine:
                self.mine.setdefault(claim, old)
        for claim, value in led.items():
            self.mine.setdefault(claim, value)
        self.steps.append(Step(operation, why, self._origin(operation, about)))

    def may_remove(self, what: str, node: str, name: str = "") -> bool:
        """Only what the lab made: by a claim on it, or on the namespace it is in."""
        if Claim(what, node, name) in self.mine:
            return True
        return what in ("route", "nat") and netns(node) in self.mine

    def adopt(self, wanted: Network) -> None:
        """Claim everything the lab names that is there already."""
        for node in wanted.namespaces:
            if node != HOST and node in self.before.namespaces:
                self.mine.setdefault(netns(node), "")
        for end, _ in wanted.ends():
            if self.before.interface(end) and end.device != "lo":
                self.mine.setdefault(link(end), "")

    def with_old_settings(self, wanted: Network) -> Network:
        """``wanted``, and what the lab had set and does not want any more as it was before."""
        namespaces = dict(wanted.namespaces)
        asked = namespaces.setdefault(HOST, Namespace(HOST)).sysctls
        for claim, old in self.mine.items():
            namespace = namespaces.get(claim.node)
            if claim.kind != "sysctl" or namespace is None or claim.name in namespace.sysctls:
                continue
            device = device_of(claim.name)
            if device is not None and self._goes(End(claim.node, device), namespace):
                continue
            if claim.node == HOST and any(leads(k, claim.name) for k in asked):
                continue  # the kernel set it, and it is put back with what it goes with
            if old:
                sysctls = {**namespace.sysctls, claim.name: old}
                namespaces[claim.node] = replace(namespace, sysctls=sysctls)
            elif claim.node in self.before.namespaces:
                self.notes.append(
                    f"{claim} stays as it is: what it was before the lab is not known"
                )
        return Network(namespaces)

    def _goes(self, end: End, want: Namespace) -> bool:
        return link(end) in self.mine and end.device not in want.interfaces

    # ------------------------------------------------------------ admitting

    def _refusal(self, operation: Operation) -> str | None:
        if self.ownership.adopt:
            return None
        match operation:
            case AddNamespace():
                return None
            case DeleteNamespace():
                return self._strangers(operation.name)
            case AddVeth():
                both = [self._no_room(end.node) for end in (operation.a, operation.b)]
                return "\n".join(filter(None, both)) or None
            case AddDevice():
                return self._no_room(operation.end.node)
            case MoveLink():
                return self._no_room(operation.to) or self._foreign(operation.end)
            case OnDevice():
                return self._foreign(operation.end)
            case AddRoute() | AddNatTable():
                return self._no_room(operation.node)
            case AddNatChain() | AddMasquerade():
                return None  # of a table that passed this gate, or is the lab's
            case SetSysctl() if operation.node == HOST:
                return None  # recorded with the value it had, and put back
            case DeleteRoute():
                claimed = Claim("route", operation.node, str(operation.route)) in self.mine
                return None if claimed else self._foreign_node(operation.node)
            case DeleteNatTable() | FlushNatChain():
                claimed = Claim("nat", operation.node, operation.table) in self.mine
                return None if claimed else self._foreign_node(operation.node)
        return self._foreign_node(operation.node)

    def _maker(self, claim: Claim) -> str:
        maker = self.ownership.maker(claim)
        return f"was made by lab {maker}" if maker else f"was not made by lab {self.lab}"

    def _foreign_node(self, node: str) -> str | None:
        if netns(node) in self.mine:
            return None
        return f"namespace {node} {self._maker(netns(node))} and would have to change"

    def _no_room(self, node: str) -> str | None:
        """Adding to another lab's namespace changes nothing of its; to a stranger's it does."""
        if node == HOST or self.ownership.maker(netns(node)):
            return None
        return self._foreign_node(node)

    def _foreign(self, end: End) -> str | None:
        if link(end) in self.mine:
            return None
        if netns(end.node) in self.mine and not self.ownership.maker(link(end)):
            return None
        if end.device == "lo":
            return self._foreign_node(end.node)
        return f"device {end} {self._maker(link(end))} and would have to change"

    def _strangers(self, node: str) -> str | None:
        """Deleting a namespace must not take along what the lab did not make."""
        mine = replace(self.ownership, mine=self.mine)
        strangers = mine.strangers(node, Network(self.draft.namespaces))
        if not strangers:
            return None
        who = {self.ownership.maker(link(End(node, d))) for d in strangers} - {None}
        whose = f" (of lab {', '.join(sorted(w for w in who if w))})" if who else ""
        return (
            f"namespace {node} also holds {', '.join(strangers)}{whose}, which lab {self.lab} did "
            "not make and which would go with it"
        )

    # ------------------------------------------------------------ recording

    def _old_value(self, operation: Operation) -> str:
        if not isinstance(operation, SetSysctl):
            return ""
        old = self.draft.namespace(operation.node).sysctls.get(operation.key)
        if old is None and operation.key.endswith(("forward", "forwarding")):
            return "0"  # a new namespace; off is what 'no forwarding asked for' means
        return old or ""

    def _led(self, operation: Operation) -> dict[Claim, str]:
        """The host's own settings that would not come back by themselves, as they are."""
        if not isinstance(operation, SetSysctl) or operation.node != HOST:
            return {}
        back = operation.inverse(self.draft) or []
        own = [o for o in back[1:] if isinstance(o, SetSysctl)]
        return {Claim("sysctl", HOST, o.key): o.value for o in own}

    def _still_there(self, claim: Claim) -> bool:
        if claim.kind == "sysctl" and claim.node in self.draft.namespaces:
            sysctls = self.draft.namespaces[claim.node].sysctls
            # Its own, or one that the kernel will reset it with.
            return any(
                sysctls.get(c.name, was) != was
                for c, was in self.mine.items()
                if c == claim
                or (c.kind == "sysctl" and c.node == claim.node and leads(c.name, claim.name))
            )
        if claim.kind == "netns":
            return claim.node in self.draft.namespaces
        if claim.kind == "link":
            return self.draft.find(End(claim.node, claim.name)) is not None
        there = self.draft.namespaces.get(claim.node)
        if there is None or claim.kind == "sysctl":
            return False
        if claim.kind == "nat":
            return claim.name in there.nat
        return any(str(route) == claim.name for route in there.routes)

    def _origin(self, operation: Operation, about: End | None) -> str:
        keys = [str(about)] if about else []
        match operation:
            case AddNamespace():
                keys.append(operation.name)
            case OnDevice():
                keys.append(str(operation.end))
        return next((self.origins[k] for k in keys if k in self.origins), "") or self.origins.get(
            operation.node, ""
        )
