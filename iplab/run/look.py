"""Looking at the machine: ask ``ip -j`` what is there; ``iplab.observe`` reads the answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import closing

from msgspec import Struct, field
from msgspec.structs import replace

from iplab import observe
from iplab.claims import Claim
from iplab.command import Command, enter
from iplab.errors import CommandFailed, IplabError
from iplab.names import HOST
from iplab.network import MANY, Namespace, NatTable, Network
from iplab.observe import KERNELS_OWN, QUESTIONS, Seen
from iplab.operations.sysctl import led
from iplab.run.machine import Machine
from iplab.run.netns import entered, is_namespace, namespaces
from iplab.run.nft import nft
from iplab.run.settings import settings


class Scope(Struct, frozen=True):
    """What to look at: which namespaces, and in each which sysctls and nft tables.

    ``led``: also what the kernel sets with those of the host, so that it can be put back.
    """

    nodes: tuple[str, ...]
    sysctls: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    led: bool = False


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
        led=True,
    )


def everything() -> Scope:
    """Every named namespace and the host, without sysctls and nft."""
    return Scope((HOST, *filter(is_namespace, namespaces())))


def nft_tables(machine: Machine, node: str) -> tuple[list[str], list[str]]:
    """The nft tables in a node: the names of those that labs made, and the others as
    ``FAMILY NAME``."""
    words = [line.split() for line in nft(machine, node, "list", "tables").splitlines()]
    found = [(w[1], w[2]) for w in words if len(w) == 3]
    own = [name for family, name in found if family == "inet" and name.startswith("iplab-")]
    return own, [f"{f} {name}" for f, name in found if f != "inet" or name not in own]


def heard(node: str, identity: str | None, text: str, *, every: bool = False) -> Seen:
    """What a node answered to ``QUESTIONS`` (``every``: and to `netns list-id`), read.

    While others are still at work: with a thousand nodes that is time nobody has to wait for.
    """
    documents = observe.documents(text, "ip -j")
    # `netns list-id` prints nothing at all where there is no id.
    if not 2 <= len(documents) <= 3:
        raise IplabError(f"`ip -j` answered {len(documents)} of the questions about {node}")
    names = _names(documents[2:]) if every else None
    return observe.read(Seen(node, identity, documents[0], documents[1], names))


def look(machine: Machine, what: Scope, answers: Mapping[str, Seen] | None = None) -> Network:
    """The observed Network.  Namespaces that are not there are left out.

    ``answers`` are what was ``heard`` of nodes just now; they are not asked again, unless somebody
    has put other namespaces in their places.
    """
    here = namespaces()
    answers = {node: s for node, s in (answers or {}).items() if here.get(node) == s.identity}
    nodes = [node for node in what.nodes if node == HOST or node in here]
    # Each veth's other end is asked of the kernel (`ip netns list-id`, whose cost grows with all
    # namespaces of the machine); of many nodes only where numbers do not tell.
    every = len(nodes) <= MANY and not answers
    # What an `ip netns add` that was killed left of a namespace cannot be asked, only deleted.
    files = [node for node in nodes if node != HOST and not is_namespace(node)]
    nodes = [node for node in nodes if node not in set(files)]
    asked = [node for node in nodes if node not in answers]
    known = dict(answers)
    with closing(machine.answers([_question(node, every) for node in asked])) as answering:
        for n, done in answering:
            known[asked[n]] = heard(asked[n], here.get(asked[n]), done.out, every=every)
    seen = [known[node] for node in nodes]
    if not every:
        seen = _ask_names(machine, seen, observe.ambiguous(seen))
    observed = _more(machine, observe.network(_ask_qdiscs(machine, seen)), what)
    left = {node: Namespace(node, identity=here[node], only_file=True) for node in files}
    return Network({**observed.namespaces, **left})


def _question(node: str, every: bool) -> Command:
    lines = (*QUESTIONS, ("netns", "list-id")) if every else QUESTIONS
    return Command(enter(node, ("ip", "-j", "-d", "-batch", "-")), node, lines)


def _names(documents: list[list[observe.Object]]) -> dict[int, str]:
    return {o["nsid"]: o["name"] for d in documents for o in d if "name" in o}


def _ask_names(machine: Machine, seen: list[Seen], nodes: set[str]) -> list[Seen]:
    asked = [s for s in seen if s.name in nodes]
    commands = [entered(s.name, ("ip", "-j", "netns", "list-id")) for s in asked]
    if not commands:
        return seen
    answers = machine.many(commands)
    known = {
        s.name: _names(observe.documents(a.out, "ip -j netns list-id"))
        for s, a in zip(asked, answers, strict=True)
    }
    return [replace(s, names=known[s.name]) if s.name in known else s for s in seen]


def _more(machine: Machine, observed: Network, what: Scope) -> Network:
    """What `ip` does not say: settings, and nft's tables."""
    nodes = observed.namespaces
    keys = {node: known for node in nodes if (known := what.sysctls.get(node))}
    if what.led and HOST in keys:
        devices = nodes[HOST].interfaces
        keys[HOST] = keys[HOST].union(*(led(key, devices) for key in keys[HOST]))
    sysctls = settings(keys)
    nats = {
        node: {table: found for table in sorted(tables) if (found := _nat(machine, node, table))}
        for node in nodes
        if (tables := what.tables.get(node))
    }
    more = {
        node: replace(nodes[node], sysctls=sysctls.get(node, {}), nat=nats.get(node, {}))
        for node in sysctls.keys() | nats.keys()
    }
    return Network({**nodes, **more})


def _shaped(seen: Seen) -> bool:
    return any(link.get("qdisc", "noop") not in KERNELS_OWN for link in seen.addresses)


def _ask_qdiscs(machine: Machine, seen: list[Seen]) -> list[Seen]:
    nodes = [s.name for s in seen if _shaped(s)]
    answers = machine.many([entered(node, ("tc", "-j", "qdisc", "show")) for node in nodes])
    known = {
        node: [o for d in observe.documents(answer.out, "tc -j") for o in d]
        for node, answer in zip(nodes, answers, strict=True)
    }
    return [replace(s, qdiscs=known[s.name]) if s.name in known else s for s in seen]


def _nat(machine: Machine, node: str, table: str) -> NatTable | None:
    try:
        answer = machine.run(entered(node, ("nft", "-j", "list", "table", "inet", table)))
    except CommandFailed as error:
        if "No such file" in error.output:
            return None
        raise
    return observe.nat_table(answer.out, table)
