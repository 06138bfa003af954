"""nft tables, as ``nft -j`` prints them."""

from __future__ import annotations

import ipaddress
import json

from iplab.errors import IplabError
from iplab.names import IPNetwork
from iplab.network import NatTable
from iplab.observe.words import Object


def nat_table(text: str, table: str) -> NatTable | None:
    """What ``nft -j list table inet TABLE`` printed, as iplab words such tables."""
    try:
        items = json.loads(text)["nftables"]
        hooked, sources, other = False, [], []
        for item in items:
            if "chain" in item:
                chain = item["chain"]
                if chain["name"] == "postrouting" and chain.get("hook") == "postrouting":
                    hooked = chain.get("type") == "nat"
                else:
                    other.append(f"chain {chain['name']}")
            elif "rule" in item:
                source = _masquerade(item["rule"])
                if source is not None:
                    sources.append(source)
                else:
                    other.append(json.dumps(item["rule"]["expr"], sort_keys=True))
        return NatTable(tuple(sources), hooked, tuple(other))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise IplabError(f"nft answered for table {table} in an unknown form: {error!r}") from error


def _masquerade(rule: Object) -> IPNetwork | None:
    """The source of a rule as ``AddMasquerade`` words it, else ``None``."""
    parts = rule["expr"]
    if len(parts) != 3 or "masquerade" not in parts[2]:
        return None
    found = []
    for part, field, op in ((parts[0], "saddr", "=="), (parts[1], "daddr", "!=")):
        match = part.get("match", {})
        if match.get("op") != op or match["left"].get("payload", {}).get("field") != field:
            return None
        right = match["right"]
        prefix = right.get("prefix") if isinstance(right, dict) else {"addr": right, "len": None}
        if prefix is None:
            return None
        length = "" if prefix["len"] is None else f"/{prefix['len']}"
        found.append(ipaddress.ip_network(f"{prefix['addr']}{length}"))
    return found[0] if found[0] == found[1] else None
