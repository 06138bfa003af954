"""Looking at the machine: ask ``ip -j`` what is there; ``iplab.observe`` reads the answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from iplab import observe
from iplab.claims import Claim
from iplab.command import Command
from iplab.errors import CommandFailed, IplabError
from iplab.names import HOST
from iplab.network import Namespace, NatTable, Network
from iplab.observe import KERNELS_OWN, Seen
from iplab.run.machine import Machine, find_program, inside, is_namespace, namespaces

# Up to this many namespaces each veth's other end is asked of the kernel (`ip netns list-id`, whose
# cost grows with all namespaces of the machine); beyond it only where numbers do not tell.
ASK_ALL = 64


@dataclass(frozen=True, slots=True)
class Scope:
    """What to look at: which namespaces, and in each which sysctls and nft tables."""

    nodes: tuple[str, ...]
    sysctls: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tables: Mapping[str, frozenset[str]] = field(default_factory=dict)


def scope(wanted: Iterable[Network], claims: Collection[Claim]) -> Scope:
    """All that ``wanted`` and ``claims`` speak of, and the host."""
    nodes: dict[str, None] = {}
    sysctls: dict[str, set[str]] = {}
    tables: dict[str, set[str]] = {}
    for network in wanted:
        for node, namespace in network.namespaces.items():
            nodes[node] = None
            if namespace.sysctls:
                sysctls.setdefault(node, set()).update(namespace.sysctls)
            if namespace.nat:
                tables.setdefault(node, set()).update(namespace.nat)
    for claim in claims:
        nodes[claim.node] = None
        if claim.kind == "sysctl":
            sysctls.setdefault(claim.node, set()).add(claim.name)
        if claim.kind == "nat":
            tables.setdefault(claim.node, set()).add(claim.name)
    nodes[HOST] = None
    return Scope(
        tuple(nodes),
        {node: frozenset(keys) for node, keys in sysctls.items()},
        {node: frozenset(names) for node, names in tables.items()},
    )


def everything() -> Scope:
    """Every named namespace and the host, without sysctls and nft."""
    return Scope((HOST, *filter(is_namespace, namespaces())))


def nft_tables(machine: Machine, node: str) -> tuple[list[str], list[str]]:
    """The nft tables in a node: the names of those that labs made, and the others as
    ``FAMILY NAME``."""
    if find_program("nft") is None:
        return [], []
    answer = machine.run(inside(node, ("nft", "list", "tables")), ok=(0, 1))
    words = [line.split() for line in answer.out.splitlines()]
    found = [(w[1], w[2]) for w in words if len(w) == 3]
    own = [name for family, name in found if family == "inet" and name.startswith("iplab-")]
    return own, [f"{f} {name}" for f, name in found if f != "inet" or name not in own]


def look(machine: Machine, what: Scope) -> Network:
    """The observed Network.  Namespaces that are not there are left out."""
    here = namespaces()
    nodes = [node for node in what.nodes if node == HOST or node in here]
    every = len(nodes) <= ASK_ALL
    # What an `ip netns add` that was killed left of a namespace cannot be asked, only deleted.
    files = [node for node in nodes if node != HOST and not is_namespace(node)]
    nodes = [node for node in nodes if node not in files]
    answers = machine.many([_question(node, every) for node in nodes])
    seen = [
        _seen(node, here.get(node), observe.documents(a.out, "ip -j"), every)
        for node, a in zip(nodes, answers, strict=True)
    ]
    if not every:
        seen = _ask_names(machine, seen, observe.ambiguous(seen))
    seen = [_more(machine, s, what) for s in seen]
    observed = observe.network(seen)
    left = {node: Namespace(node, identity=here[node], only_file=True) for node in files}
    return Network({**observed.namespaces, **left})


def _question(node: str, every: bool) -> Command:
    where = () if node == HOST else ("-n", node)
    lines: list[tuple[str, ...]] = [("addr", "show"), ("route", "show", "table", "all")]
    if every:
        lines.append(("netns", "list-id"))
    return Command(("ip", "-j", "-d", *where, "-batch", "-"), node, tuple(lines))


def _seen(
    node: str, identity: str | None, documents: list[list[observe.Object]], every: bool
) -> Seen:
    # `netns list-id` prints nothing at all where there is no id.
    if not 2 <= len(documents) <= 3:
        raise IplabError(f"`ip -j` answered {len(documents)} of the questions about {node}")
    names = _names(documents[2:]) if every else None
    return Seen(node, identity, documents[0], documents[1], names)


def _names(documents: list[list[observe.Object]]) -> dict[int, str]:
    return {o["nsid"]: o["name"] for d in documents for o in d if "name" in o}


def _ask_names(machine: Machine, seen: list[Seen], nodes: set[str]) -> list[Seen]:
    asked = [s for s in seen if s.name in nodes]
    where = [() if s.name == HOST else ("-n", s.name) for s in asked]
    commands = [
        Command(("ip", "-j", *w, "netns", "list-id"), s.name)
        for s, w in zip(asked, where, strict=True)
    ]
    if not commands:
        return seen
    answers = machine.many(commands)
    known = {
        s.name: _names(observe.documents(a.out, "ip -j netns list-id"))
        for s, a in zip(asked, answers, strict=True)
    }
    return [replace(s, names=known.get(s.name)) for s in seen]


def _more(machine: Machine, seen: Seen, what: Scope) -> Seen:
    """Ask for qdiscs, sysctls and nft tables where there is something to ask for."""
    qdiscs: list[observe.Object] = []
    if any(link.get("qdisc", "noop") not in KERNELS_OWN for link in seen.addresses):
        where = () if seen.name == HOST else ("-n", seen.name)
        answer = machine.run(Command(("tc", "-j", *where, "qdisc", "show"), seen.name))
        qdiscs = [o for d in observe.documents(answer.out, "tc -j") for o in d]
    keys = what.sysctls.get(seen.name, frozenset())
    tables = what.tables.get(seen.name, frozenset())
    return replace(
        seen,
        qdiscs=qdiscs,
        sysctls=_sysctls(machine, seen.name, keys),
        nat={t: found for t in sorted(tables) if (found := _nat(machine, seen.name, t))},
    )


def _sysctls(machine: Machine, node: str, keys: frozenset[str]) -> dict[str, str]:
    """The values of ``keys``; those the kernel does not have (yet) are left out."""
    if not keys:
        return {}
    paths = {f"/proc/sys/{_path(key)}": key for key in sorted(keys)}
    # `grep -H ''` prints PATH:VALUE for each, and goes on where a file is not there.
    answer = machine.run(inside(node, ("grep", "-sH", "", *paths)), ok=(0, 1, 2))
    found: dict[str, str] = {}
    for line in answer.out.splitlines():
        path, colon, value = line.partition(":")
        if colon and path in paths:
            found[paths[path]] = " ".join(value.split())
    return found


def _path(key: str) -> str:
    """sysctl(8): with slashes as they are, else dots become slashes."""
    return key if "/" in key else key.replace(".", "/")


def _nat(machine: Machine, node: str, table: str) -> NatTable | None:
    try:
        answer = machine.run(inside(node, ("nft", "-j", "list", "table", "inet", table)))
    except CommandFailed as error:
        if "No such file" in error.output:
            return None
        raise
    return observe.nat_table(answer.out, table)
