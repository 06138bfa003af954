"""``ip address`` (ip-address(8); the order of comparisons: iproute2's ip/ipaddress.c)."""

from __future__ import annotations

import ipaddress
from typing import Any

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, knows, looks, means, padded
from iplab.names import IPAddress, IPInterface
from iplab.network import Address
from iplab.operations import AddAddress, DeleteAddress, FlushAddresses

VERBS: Keys = (
    Key("add"),
    Key("change"),
    Key("chg", exact=True, full="change"),
    Key("replace"),
    Key("delete"),
    Key("list", full="show"),
    Key("show"),
    Key("lst", full="show"),
    Key("flush"),
    Key("save"),
    Key("showdump"),
    Key("restore"),
    Key("help"),
)
MODIFY: Keys = (
    Key("peer", exact=True),
    Key("remote", exact=True, full="peer"),
    Key("broadcast"),
    Key("brd", exact=True, full="broadcast"),
    Key("anycast", exact=True),
    Key("scope", exact=True),
    Key("dev", exact=True),
    Key("label", exact=True),
    Key("metric"),
    Key("priority", full="metric"),
    Key("preference", full="metric"),
    Key("valid_lft"),
    Key("preferred_lft"),
    *(
        Key(name, exact=True, values=0)
        for name in ("home", "nodad", "optimistic", "mngtmpaddr", "noprefixroute", "autojoin")
    ),
    Key("proto", exact=True),
    Key("local", exact=True),
)
SELECT: Keys = (
    Key("to", exact=True),
    Key("scope", exact=True),
    Key("up", exact=True, values=0),
    *(
        Key(name, values=0)
        for name in ("dynamic", "permanent", "secondary", "temporary", "primary", "deprecated")
    ),
    Key("tentative", values=0),
    Key("label", exact=True),
    Key("master", exact=True),
    Key("vrf", exact=True),
    Key("group", exact=True),
    Key("type", exact=True),
    Key("dev", exact=True),
)
_BEYOND = ("anycast", "home", "nodad", "optimistic", "mngtmpaddr", "autojoin")


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip address``."""
    verb = cursor.verb(VERBS, "address", "show")
    match verb:
        case "add" | "change" | "replace" | "delete":
            return _modify(cursor, verb)
        case "flush":
            return _flush(cursor)
        case "show" | "save" | "showdump":
            selected = select(cursor, "address")
            return looks("show.address", **selected)
    raise cursor.fail(f"`ip address {verb}` is not something iplab reads", 1)


def select(cursor: Cursor, area: str) -> dict[str, str]:
    """What `show` and `flush` are narrowed by."""
    found: dict[str, str] = {}
    while cursor.more:
        known = cursor.key(SELECT, area)
        if known is None:
            found["device"] = cursor.device(cursor.word(f"{area}.dev"))
        elif known[0] == "dev":
            found["device"] = cursor.device(known[1])
        else:
            found[known[0]] = known[1]
    return found


def _flush(cursor: Cursor) -> Meaning:
    selected = select(cursor, "address")
    if not selected:
        raise cursor.fail("`ip address flush` needs to be told which: dev DEV")
    device = selected.pop("device", "")
    if device and {*selected} == {"label"} and cursor.family == 4:
        return means(FlushAddresses(cursor.node, device, selected["label"]))
    if cursor.family is not None:
        selected["family"] = str(cursor.family)
    return knows("address.flush", {"device": device or "*", "node": cursor.node} | selected)


def _modify(cursor: Cursor, verb: str) -> Meaning:
    given: dict[str, str] = {}
    while cursor.more:
        known = cursor.key(MODIFY, "address")
        if known is None and "local" in given:
            there = cursor.peek()
            raise cursor.fail(f"{there!r} is a word too many; a device is said so: dev {there}")
        word, text = known or ("local", cursor.word("address.local"))
        if word in given:
            raise cursor.fail(f"{word} is there twice", 1)
        given[word] = text
    if "dev" not in given:
        raise cursor.fail("the device is missing: dev DEV")
    device = cursor.device(given["dev"])
    if "local" not in given:
        raise cursor.fail("the address is missing")
    value = _address(cursor, given, device)
    beyond = [word for word in _BEYOND if word in given]
    node = cursor.node
    values = {"address": str(value.local), "device": device, "node": node}
    if verb == "delete":
        if "/" not in given["local"] and value.local.version == 4 and not value.peer:
            return knows("address.delete-any", values)
        return means(DeleteAddress(node, device, value))
    add = AddAddress(node, device, value)
    if verb == "add":
        if beyond:
            return knows("address.add-more", values | {"words": ", ".join(beyond)}, (add,))
        return means(add)
    # The kernel adds it for `change` too: inet_rtm_newaddr does not look for NLM_F_CREATE.
    return knows(f"address.{verb}", values, (add,))


def _address(cursor: Cursor, given: dict[str, str], device: str) -> Address:
    local = interface(cursor, given["local"])
    peer = interface(cursor, given["peer"]) if "peer" in given else None
    if peer is not None:
        # The prefix length is the peer's (ifa_prefixlen in ipaddr_modify).
        local = ipaddress.ip_interface(f"{local.ip}/{peer.network.prefixlen}")
    label = given.get("label")
    return Address(
        local=local,
        broadcast=_broadcast(cursor, given.get("broadcast"), local),
        # IPv6's follows from the address, whatever the word says (ipv6_addr_scope).
        scope="global" if local.version == 6 else given.get("scope") or usual_scope(local),
        peer=peer,
        label=label if label != device else None,
        metric=_seconds(cursor, given.get("metric")),
        noprefixroute="noprefixroute" in given,
        valid=_seconds(cursor, given.get("valid_lft")),
        preferred=_seconds(cursor, given.get("preferred_lft")),
        protocol=given.get("proto"),
    )


def _seconds(cursor: Cursor, text: str | None) -> int | None:
    if text is None or text == "forever":
        return None
    if not (text.isascii() and text.isdigit()):
        raise cursor.fail(f"{text!r} is not a number", 1)
    return int(text)


def usual_scope(local: IPInterface) -> str:
    """The scope of an address that was given none (default_scope in ipaddress.c)."""
    return "host" if local.version == 4 and local.ip.is_loopback else "global"


def interface(cursor: Cursor, text: str) -> IPInterface:
    """An address with or without its length, as get_prefix takes it (lib/utils.c)."""
    try:
        if "%" in text:
            raise ValueError
        found: Any = ipaddress.ip_interface(padded(text))
    except ValueError:
        raise cursor.fail(f"{text!r} is not an address", 1) from None
    if cursor.family is not None and found.version != cursor.family:
        raise cursor.fail(f"{text} is not of the family that -{cursor.family} asks for", 1)
    checked: IPInterface = found
    return checked


def _broadcast(cursor: Cursor, text: str | None, local: IPInterface) -> IPAddress | None:
    if text is None:
        return None
    if text in ("+", "-"):
        if local.network.prefixlen > 30:
            return None
        return local.network.broadcast_address if text == "+" else local.network.network_address
    try:
        return ipaddress.ip_address(padded(text))
    except ValueError:
        raise cursor.fail(f"{text!r} is not an address", 1) from None
