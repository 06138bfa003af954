"""``ip tunnel`` (ip-tunnel(8), iproute2's ip/iptunnel.c): IPv4 tunnels of the old kind."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, looks, means
from iplab.operations import AddTunnel, ChangeTunnel, DeleteTunnel

VERBS: Keys = (
    Key("add"),
    Key("change"),
    Key("delete"),
    Key("show"),
    Key("lst", full="show"),
    Key("list", full="show"),
    Key("prl"),
    Key("6rd"),
    Key("help"),
)
_CHANGES: dict[str, type[AddTunnel | ChangeTunnel | DeleteTunnel]] = {
    "add": AddTunnel,
    "change": ChangeTunnel,
    "delete": DeleteTunnel,
}


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip tunnel``; of a tunnel's own words none is looked at."""
    verb = cursor.verb(VERBS, "tunnel", "show")
    if verb == "show":
        while cursor.more:
            cursor.word("tunnel.word")
        return looks("show.tunnel")
    if verb not in _CHANGES:
        raise cursor.fail(f"`ip tunnel {verb}` is not something iplab reads", 1)
    if cursor.peek() in ("name", "dev"):
        cursor.note(1, "tunnel.name")
    device = cursor.device(cursor.word("tunnel.dev", "the tunnel's name"))
    words = cursor.rest()
    while cursor.more:
        cursor.word("tunnel.word")
    return means(_CHANGES[verb](cursor.node, device, words))
