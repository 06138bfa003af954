"""The whole machine as it is, whoever made it: what ``draw --live`` draws."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from iplab import observe
from iplab.errors import IplabError
from iplab.network import NatTable, Network
from iplab.run import look
from iplab.run.machine import Machine
from iplab.run.nft import nft

FORWARDING = frozenset({"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"})
_TRANSLATES = frozenset({"masquerade", "snat", "dnat", "redirect"})


def whole(machine: Machine) -> Network:
    """Every named namespace and the host, with forwarding and every table that translates."""
    scope = look.everything()
    scope = replace(scope, sysctls=dict.fromkeys(scope.nodes, FORWARDING))
    network = look.look(machine, scope)
    namespaces = {
        node: replace(namespace, nat=_tables(machine, node))
        for node, namespace in network.namespaces.items()
    }
    return Network(namespaces)


def _tables(machine: Machine, node: str) -> dict[str, NatTable]:
    ruleset = nft(machine, node, "-j", "list", "ruleset")
    return dict(tables(ruleset)) if ruleset else {}


def tables(ruleset: str) -> Iterator[tuple[str, NatTable]]:
    """The tables with a rule that translates addresses, of ``nft -j list ruleset``.

    Those of family inet go by their name, others by ``FAMILY NAME``.
    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    try:
        for item in json.loads(ruleset)["nftables"]:
            for kind in ("chain", "rule"):
                if kind in item:
                    key = (item[kind]["family"], item[kind]["table"])
                    found.setdefault(key, []).append(item)
    except (KeyError, TypeError, ValueError) as error:
        raise IplabError(f"nft answered in an unknown form: {error!r}") from error
    for (family, name), items in found.items():
        rules = [item["rule"]["expr"] for item in items if "rule" in item]
        if any(_TRANSLATES & set(part) for rule in rules for part in rule):
            label = name if family == "inet" else f"{family} {name}"
            yield label, observe.nat_table(json.dumps({"nftables": items}), name) or NatTable()
