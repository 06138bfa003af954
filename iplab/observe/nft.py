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
    source = _prefix(_matched(parts[0], "==", "payload", "saddr"))
    if source is None:
        return None
    if source.prefixlen == 0:
        return source if _matched(parts[1], "!=", "meta", "oifname") == "lo" else None
    return source if _prefix(_matched(parts[1], "!=", "payload", "daddr")) == source else None


def _matched(part: Object, op: str, left: str, name: str) -> object:
    """What a match holds ``name`` against; ``None`` where it is another one."""
    match = part.get("match", {})
    if match.get("op") != op or name not in match["left"].get(left, {}).values():
        return None
    return match["right"]


def _prefix(right: object) -> IPNetwork | None:
    """An address as nft prints it, or a prefix."""
    if isinstance(right, str):
        return ipaddress.ip_network(right)
    found = right.get("prefix") if isinstance(right, dict) else None
    return ipaddress.ip_network(f"{found['addr']}/{found['len']}") if found else None
