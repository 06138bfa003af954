"""``ip neighbour`` (ip-neighbour(8), iproute2's ip/ipneigh.c): which MAC an address is at."""

from __future__ import annotations

import ipaddress
import re

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, knows, looks, means, padded
from iplab.operations import (
    AddNeighbour,
    AddProxy,
    ChangeNeighbour,
    DeleteNeighbour,
    DeleteProxy,
    ReplaceNeighbour,
)

VERBS: Keys = (
    Key("add"),
    Key("change"),
    Key("chg", exact=True, full="change"),
    Key("replace"),
    Key("delete"),
    Key("get"),
    Key("show"),
    Key("lst", full="show"),
    Key("list", full="show"),
    Key("flush"),
    Key("help"),
)
WORDS: Keys = (
    Key("lladdr"),
    Key("nud", exact=True),
    Key("proxy"),
    Key("router", values=0),
    Key("managed", values=0),
    Key("use", values=0),
    Key("extern_learn", values=0),
    Key("dev", exact=True),
    Key("protocol"),
    Key("to", exact=True),
)
SELECT: Keys = (
    Key("dev", exact=True),
    Key("master", exact=True),
    Key("vrf", exact=True),
    Key("unused", exact=True, values=0),
    Key("nud", exact=True),
    Key("proxy", values=0),
    Key("to", exact=True),
)

# ll_addr_a2n in lib/ll_addr.c: bytes with colons, or an IPv4 address (of a tunnel's end).
_LLADDR = re.compile(r"(?i)[0-9a-f]{1,2}(?::[0-9a-f]{1,2})*|[0-9]+(?:\.[0-9]+){3}")
_WRITE = {"add": AddNeighbour, "change": ChangeNeighbour, "replace": ReplaceNeighbour}


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip neighbour``."""
    verb = cursor.verb(VERBS, "neighbour", "show")
    if verb == "help":
        raise cursor.fail("`ip neighbour help` is not something iplab reads", 1)
    looking = verb in ("show", "get", "flush")
    found = {"node": cursor.node}
    while cursor.more:
        known = cursor.key(SELECT if looking else WORDS, "neighbour")
        word, value = known or ("to", cursor.word("neighbour.to"))
        found[{"to": "address", "dev": "device", "proxy": "address"}.get(word, word)] = value
        if word == "proxy" and not looking:
            found["proxy"] = "yes"
    if verb in ("show", "get"):
        return looks("show.neighbour", **found)
    if verb != "flush" and "device" not in found:
        raise cursor.fail("the device is missing: dev DEV")
    return _change(cursor, verb, found)


def _change(cursor: Cursor, verb: str, found: dict[str, str]) -> Meaning:
    if verb == "flush":
        return knows("neighbour.flush", found)
    if "lladdr" in found and not _LLADDR.fullmatch(found["lladdr"]):
        raise cursor.fail(f"{found['lladdr']!r} is no MAC address (ip: invalid lladdr)")
    device = cursor.device(found["device"])
    try:
        address = ipaddress.ip_address(padded(found.get("address", "")))
    except ValueError:
        raise cursor.fail(f"{found.get('address', '')!r} is not an address", 1) from None
    if found.pop("proxy", ""):
        if verb not in ("add", "delete") or {*found} != {"node", "address", "device"}:
            raise cursor.fail("of a proxy iplab reads only `add` and `del`, with its device", 1)
        make = AddProxy if verb == "add" else DeleteProxy
        return means(make(cursor.node, device, address))
    if verb == "delete":
        return means(DeleteNeighbour(cursor.node, device, address))
    if "lladdr" in found and {*found} <= {"node", "address", "device", "lladdr", "nud"}:
        state = found.get("nud", "permanent")
        return means(_WRITE[verb](cursor.node, device, address, found["lladdr"], state))
    return knows(f"neighbour.{verb}", found)
