"""``ip maddress`` (ip-maddress(8), iproute2's ip/ipmaddr.c): multicast MAC addresses, by hand."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, looks, means
from iplab.operations import AddMulticast, DeleteMulticast

VERBS: Keys = (
    Key("add"),
    Key("delete"),
    Key("list", full="show"),
    Key("show"),
    Key("lst", full="show"),
    Key("help"),
)
WORDS: Keys = (Key("dev", exact=True), Key("address"))


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip maddress``."""
    verb = cursor.verb(VERBS, "maddress", "show")
    given: dict[str, str] = {}
    while cursor.more:
        known = cursor.key(WORDS, "maddress")
        word, value = known or ("address", cursor.word("maddress.address"))
        given[word] = value
    if verb == "show":
        return looks("show.maddress", device=given.get("dev", ""))
    if verb == "help" or {*given} != {"dev", "address"}:
        raise cursor.fail("it takes a multicast MAC address and dev DEV")
    change = AddMulticast if verb == "add" else DeleteMulticast
    return means(change(cursor.node, cursor.device(given["dev"]), given["address"]))
