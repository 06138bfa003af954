"""What a namespace holds that no lab file says and ``iplab.run.look`` does not ask for: permanent
neighbours, rules, and the routes of other tables and of daemons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iplab import observe
from iplab.command import Command, enter
from iplab.errors import IplabError
from iplab.names import HOST
from iplab.network import Network
from iplab.run.machine import Machine

_QUESTIONS = (
    ("neigh", "show", "nud", "permanent"),
    ("neigh", "show", "proxy"),
    ("route", "show", "table", "all"),
    ("rule", "show"),
)
# The three that each namespace starts with (fib_default_rules_init in net/ipv4/fib_rules.c).
_OWN_RULES = ((0, "local"), (32766, "main"), (32767, "default"))


def beyond(machine: Machine, network: Network) -> list[str]:
    """In words, what there is beyond ``network`` in its namespaces; of the host what is on the
    devices that ``network`` has, and its rules."""
    nodes = [*network.namespaces]
    # A batch takes no `-6`; code 2 is that of a kernel without IPv6.
    batches = [Command(enter(n, ("ip", "-j", "-batch", "-")), n, _QUESTIONS) for n in nodes]
    sixes = [Command(enter(n, ("ip", "-j", "-6", "rule", "show")), n) for n in nodes]
    answers = machine.many(batches)
    six = machine.many(sixes, ok=(0, 2))
    found = []
    for node, four, more in zip(nodes, answers, six, strict=True):
        documents = observe.documents(four.out, "ip -j")
        if len(documents) != len(_QUESTIONS):
            raise IplabError(f"`ip -j` answered {len(documents)} of the questions about {node}")
        devices = network.namespaces[node].interfaces if node == HOST else None
        on = [
            [o for o in document if devices is None or o.get("dev") in devices]
            for document in documents[:3]
        ]
        rules = [*documents[3], *(o for d in observe.documents(more.out, "ip -j") for o in d)]
        words = [*_neighbours(on[0]), *_proxies(on[1]), *_routes(on[2]), *_rules(rules)]
        found += [f"{node}: {one}" for one in words]
    return found


def _neighbours(document: Sequence[observe.Object]) -> Iterator[str]:
    for o in document:
        yield f"the neighbour {_pairs(o, 'dst', dev='dev', lladdr='lladdr')} nud permanent"


def _proxies(document: Sequence[observe.Object]) -> Iterator[str]:
    for o in document:
        yield f"the neighbour {_pairs(o, 'dst', dev='dev')} proxy"


def _routes(document: Sequence[observe.Object]) -> Iterator[str]:
    for o in document:
        if o.get("protocol") == "kernel" or any(observe.asked_for(o)):
            continue
        kind = f"{o['type']} " if o.get("type", "unicast") != "unicast" else ""
        words = _pairs(o, "dst", via="gateway", dev="dev", table="table", proto="protocol")
        hops = "".join(f" nexthop {_pairs(h, '', via='gateway', dev='dev')}"
                       for h in o.get("nexthops", ()))  # fmt: skip
        yield f"the route {kind}{words}{hops}"


def _rules(rules: Sequence[observe.Object]) -> Iterator[str]:
    for o in rules:
        own = (o.get("priority"), o.get("table")) in _OWN_RULES and o.get("src") == "all"
        if not own or len(o) > 3:
            yield f"the rule {_pairs(o, '', **_RULE)}"


# What most rules say, by `ip rule add`'s words; the rest of one follows from its priority.
_RULE = {"priority": "priority", "from": "src", "to": "dst", "fwmark": "fwmark", "iif": "iif",
         "oif": "oif", "table": "table"}  # fmt: skip


def _pairs(line: observe.Object, first: str, **words: str) -> str:
    found = [str(line[first])] if first else []
    found += [f"{word} {line[key]}" for word, key in words.items() if line.get(key) is not None]
    return " ".join(found)
