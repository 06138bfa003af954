"""``ip monitor`` (ip-monitor(8), iproute2's ip/ipmonitor.c)."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, looks

# do_ipmonitor in ip/ipmonitor.c; how it is told, and then of what.
WORDS: Keys = (
    Key("file"),
    Key("label", values=0),
    Key("all", exact=True, values=0),
    Key("all-nsid", values=0),
    *(
        Key(name, values=0)
        for name in ("link", "address", "route", "mroute", "prefix", "neighbour", "netconf",
                     "rule", "nsid", "nexthop", "stats")
    ),
    Key("dev", exact=True),
)  # fmt: skip
_HOW = ("file", "label", "all-nsid", "dev")


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip monitor``."""
    objects = []
    while cursor.more:
        known = cursor.key(WORDS, "monitor")
        if known is None:
            raise cursor.fail(f"{cursor.peek()!r} is nothing that `ip monitor` tells of")
        if known[0] not in _HOW:
            objects.append(known[0])
    return looks("show.monitor", objects="" if "all" in objects else ", ".join(objects))
