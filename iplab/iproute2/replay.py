"""A script's commands projected on an empty machine: script → Network.

Nothing is run.  What the script removes that is not there (people clean up first) is no fault;
what it does to devices it did not make, or in words iplab does not read, is reported with its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from iplab.errors import CannotApply
from iplab.iproute2.program import read, read_batch
from iplab.iproute2.reading import Known, Reading
from iplab.names import HOST
from iplab.network import Draft, End, Namespace, Network, Route
from iplab.operations import (
    AddMulticast,
    AddProxy,
    AddRoute,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    DeleteRoute,
    MoveLink,
    Operation,
    PrependRoute,
    ReplaceNeighbour,
    SetActiveSlave,
    SetBridgeOption,
    SetFlag,
    SetMedia,
    SetPortOption,
    SetVlanOption,
    SetWireless,
)
from iplab.operations.nat import OnTable
from iplab.operations.route import fits
from iplab.shell import Run, Shell, Unclear

# Programs whose commands may change a network: none of theirs may be lost without a word.
PROGRAMS = frozenset(
    ("ip", "tc", "bridge", "sysctl", "nft", "sudo", "ifconfig", "route", "brctl", "vconfig",
     "tunctl", "iptunnel", "arp", "iptables", "ip6tables", "ethtool", "ovs-vsctl", "dhclient",
     "udhcpc", "nsenter", "unshare", "ifup", "nmcli", "networkctl")
)  # fmt: skip
_REMOVALS = (DeleteNamespace, DeleteLink, DeleteAddress, DeleteRoute, OnTable)
# Operations of which no Network, or no lab file, keeps a trace.
_UNSAID = (SetFlag, SetMedia, SetWireless, SetBridgeOption, SetPortOption, SetVlanOption,
           SetActiveSlave, ReplaceNeighbour, AddProxy, AddMulticast)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the script that is not in the network, and why."""

    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command that changed something: its line, what it was read as, and the network after it."""

    line: int
    reading: Reading
    after: Network


@dataclass(slots=True)
class Replay:
    """The network a script makes, step by step, and what of it could not be followed."""

    network: Network
    notes: list[Note] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


def replay(script: str, arguments: Sequence[str] = ()) -> Replay:
    """Follow a script as if it was run with ``arguments`` on a machine that has nothing yet.

    A script that has a function ``up`` and is given no arguments (such as `iplab script` writes)
    is followed as ``up``.
    """
    return _Follower(script).follow(arguments)


class _Follower:
    def __init__(self, script: str) -> None:
        self.draft = Draft(Network({HOST: Namespace(HOST)}))
        self.notes: list[Note] = []
        self.steps: list[Step] = []
        self.shell = self._shell(script, 1)

    def _shell(self, script: str, line: int) -> Shell:
        return Shell(script, PROGRAMS.__contains__, self._run, self._unclear, line=line)

    def follow(self, arguments: Sequence[str]) -> Replay:
        if not arguments and self.shell.defines("up"):
            arguments = ("up",)
        self.shell.follow(arguments)
        namespaces = self.draft.freeze().namespaces
        kept = {n: ns for n, ns in namespaces.items() if n != HOST}
        if namespaces[HOST] != Namespace(HOST):
            kept[HOST] = namespaces[HOST]  # last: people name their nodes first
        notes = sorted(set(self.notes), key=lambda note: note.line)
        return Replay(Network(kept), notes, self.steps)

    def _unclear(self, event: Unclear) -> None:
        self.notes.append(Note(event.line, event.text, event.why))

    # ------------------------------------------------------------ commands

    def _run(self, run: Run) -> bool | None:
        argv = run.argv
        inner = _shell_text(argv)
        if inner is not None:
            return self._inner(inner, run)
        reading = read(argv)
        if reading.unknown:
            program = PurePosixPath(argv[0]).name
            if program in PROGRAMS:
                self._note(run, reading.unknown)
            return None
        if any(known.topic == "batch" for known in reading.known):
            return self._batch(reading, run)
        return self._reading(reading, run)

    def _inner(self, inner: tuple[tuple[str, ...], str], run: Run) -> bool | None:
        """``ip netns exec NODE sh -c '…'``: the text is a script of its own, in that node."""
        prefix, text = inner

        def inside(one: Run) -> bool | None:
            return self._run(Run((*prefix, *one.argv), run.line, one.stdin))

        shell = Shell(text, PROGRAMS.__contains__, inside, self._unclear, line=run.line)
        shell.values.variables = dict(self.shell.values.variables)
        shell.follow()
        return None

    def _batch(self, reading: Reading, run: Run) -> bool | None:
        if run.stdin is None:
            self._note(run, "the batch's lines are in another file")
            return None
        at = next(n for n, p in enumerate(reading.parts) if p.topic == "option.-batch")
        head = [word for part in reading.parts[:at] for word in part.written]
        done: bool | None = True
        for line in read_batch(run.stdin, head):
            if line.unknown:
                self._note(replace(run, argv=line.argv), line.unknown)
            elif self._reading(line, replace(run, argv=line.argv)) is False:
                done = False
        return done

    def _reading(self, reading: Reading, run: Run) -> bool | None:
        status: bool | None = True
        before = dict(self.draft.namespaces)
        for operation in reading.operations:
            if not self._apply(operation, run):
                status = False
        for known in reading.known:
            status = self._known(known, reading.node, run)
        if self.draft.namespaces != before:
            self.steps.append(Step(run.line, reading, self.draft.freeze()))
        return status

    def _apply(self, operation: Operation, run: Run) -> bool:
        try:
            self._fitted(operation).change(self.draft)
            if isinstance(operation, _UNSAID):
                self._note(run, "a lab file has no words for it")
        except CannotApply as error:
            if not isinstance(operation, _REMOVALS):
                self._note(run, str(error))
            return False
        return True

    def _fitted(self, operation: Operation) -> Operation:
        """The operation with what the kernel would find out by itself."""
        match operation:
            case AddRoute(node=node, route=route) if route.device is None:
                return AddRoute(node, replace(route, device=self._way(node, route)))
            case PrependRoute(node=node, route=route) if route.device is None:
                return PrependRoute(node, replace(route, device=self._way(node, route)))
            case DeleteRoute(node=node, route=route):
                return DeleteRoute(node, self._meant(node, route))
            case DeleteAddress(node=node, device=device, address=address):
                have = self.draft.interface(End(node, device)).addresses
                same = next((a for a in have if a.local == address.local), address)
                return DeleteAddress(node, device, same)
        return operation

    def _way(self, node: str, route: Route) -> str | None:
        """The device of the narrowest subnet that the gateway is in."""
        if route.gateway is None:
            return None
        best: tuple[int, str] | None = None
        for interface in self.draft.namespace(node).interfaces.values():
            for address in interface.addresses:
                network = (address.peer or address.local).network
                if route.gateway.version == network.version and route.gateway in network:
                    best = max(best or (-1, ""), (network.prefixlen, interface.name))
        if best is None:
            raise CannotApply(f"nothing leads from {node} to the gateway {route.gateway}")
        return best[1]

    def _meant(self, node: str, route: Route) -> Route:
        """The route a deletion means: the first that agrees with all it says."""
        routes = self.draft.namespace(node).routes
        return next((other for other in routes if fits(other, route)), route)

    # ------------------------------------------------------------ known, but no operation

    def _known(self, known: Known, node: str, run: Run) -> bool | None:
        values = known.values
        end = End(node, values.get("device", ""))
        try:
            match known.topic:
                case "show.link" | "show.address" if end.device:
                    return self.draft.find(end) is not None
                case _ if not known.changes:
                    return None
                case "address.replace" | "address.change":
                    return self._if_new(known.like)
                case "route.replace":
                    return self._replace_route(known.like)
                case "address.flush" if end.device != "*" and len(values) == 2:
                    for address in self.draft.interface(end).addresses:
                        self._try(DeleteAddress(node, end.device, address))
                    return True
                case "link.netns-pid" if values["pid"] == "1" and node != HOST:
                    return self._apply(MoveLink(node, end.device, HOST), run)
                case "link.set-alias" | "link.set-group":
                    return True  # nothing a packet would notice
                case "netns.exec" | "netns.shell":
                    program = PurePosixPath(values["program"]).name
                    if program in PROGRAMS:
                        self._note(run, f"{program} is not something iplab reads")
                    return None
                case "neighbour.flush" | "route.flush" if "table" not in values:
                    return True
        except CannotApply as error:
            self._note(run, str(error))
            return False
        self._note(run, "a lab file has no words for it")
        return None

    def _try(self, operation: Operation) -> None:
        with suppress(CannotApply):  # it is there, or went with another
            operation.change(self.draft)

    def _if_new(self, operations: Sequence[Operation]) -> bool:
        for operation in operations:
            self.draft.interface(getattr(operation, "end", End(operation.node, "lo")))
            self._try(operation)
        return True

    def _replace_route(self, operations: Sequence[Operation]) -> bool:
        for operation in operations:
            fitted = self._fitted(operation)
            if isinstance(fitted, AddRoute):
                for other in self.draft.namespace(fitted.node).routes:
                    new = fitted.route
                    if (other.destination, other.metric) == (new.destination, new.metric):
                        DeleteRoute(fitted.node, other).change(self.draft)
            fitted.change(self.draft)
        return True

    def _note(self, run: Run, why: str) -> None:
        self.notes.append(Note(run.line, " ".join(run.argv), why))


def _shell_text(argv: Sequence[str]) -> tuple[tuple[str, ...], str] | None:
    """``[ip netns exec NODE] sh -c TEXT`` as what stands before it, and the text."""
    at = 4 if tuple(argv[:3]) == ("ip", "netns", "exec") else 0
    rest = tuple(argv[at:])
    if len(rest) == 3 and PurePosixPath(rest[0]).name in ("sh", "bash", "dash") and rest[1] == "-c":
        return tuple(argv[:at]), rest[2]
    return None
