"""``ip rule`` (ip-rule(8), iproute2's ip/iprule.c): which routing table is asked, and when."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, knows, looks

VERBS: Keys = (
    Key("list", full="show"),
    Key("lst", full="show"),
    Key("show"),
    Key("save"),
    Key("restore"),
    Key("showdump"),
    Key("add"),
    Key("delete"),
    Key("flush"),
    Key("help"),
)
WORDS: Keys = (
    Key("not", exact=True, values=0),
    Key("from", exact=True),
    Key("to", exact=True),
    Key("preference"),
    Key("order", full="preference"),
    Key("priority", full="preference"),
    Key("tos", exact=True),
    Key("dsfield", full="tos"),
    Key("fwmark", exact=True),
    Key("realms"),
    Key("protocol"),
    Key("table"),
    Key("lookup", exact=True, full="table"),
    Key("suppress_prefixlength"),
    Key("iif", exact=True),
    Key("dev", exact=True, full="iif"),
    Key("oif", exact=True),
    Key("l3mdev", exact=True, values=0),
    Key("uidrange", exact=True),
    Key("ipproto", exact=True),
    Key("sport", exact=True),
    Key("dport", exact=True),
    Key("nat"),
    *(Key(n, exact=True, values=0) for n in ("prohibit", "unreachable", "blackhole")),
    Key("goto"),
)


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip rule``."""
    verb = cursor.verb(VERBS, "rule", "show")
    if verb in ("restore", "help"):
        raise cursor.fail(f"`ip rule {verb}` is not something iplab reads", 1)
    words = cursor.rest()
    found = {}
    while cursor.more:
        known = cursor.key(WORDS, "rule")
        if known is None:
            raise cursor.fail(f"{cursor.peek()!r} is no word of a rule that iplab knows")
        found[known[0]] = known[1]
    if verb in ("show", "save", "showdump"):
        return looks("show.rule")
    found |= {"node": cursor.node, "words": " ".join(words)}
    return knows(f"rule.{verb}", found)
