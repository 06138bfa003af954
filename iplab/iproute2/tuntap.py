"""``ip tuntap`` (ip-tuntap(8), iproute2's ip/iptuntap.c): devices whose other end is a program."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, knows, looks, means
from iplab.network import Tuntap
from iplab.operations import AddOwnedTuntap, AddTuntap, DeleteTuntap

VERBS: Keys = (
    Key("add"),
    Key("delete"),
    Key("show"),
    Key("lst", full="show"),
    Key("list", full="show"),
    Key("help"),
)
WORDS: Keys = (
    Key("mode"),
    Key("user"),
    Key("group"),
    *(Key(n, values=0) for n in ("pi", "one_queue", "vnet_hdr", "multi_queue")),
    Key("dev"),
    Key("name"),
)


def read(cursor: Cursor) -> Meaning:
    """What follows ``ip tuntap``."""
    verb = cursor.verb(VERBS, "tuntap", "show")
    if verb == "help":
        raise cursor.fail("`ip tuntap help` is not something iplab reads", 1)
    given: dict[str, str] = {}
    while cursor.more:
        known = cursor.key(WORDS, "tuntap")
        word, value = known or ("dev", cursor.word("tuntap.dev"))
        given["dev" if word == "name" else word] = value
    if verb == "show":
        return looks("show.tuntap")
    device = cursor.device(given.pop("dev", ""))
    written = given.pop("mode", "")
    mode = next((m for m in ("tun", "tap") if written and m.startswith(written)), "")
    if not mode:
        raise cursor.fail("the mode is missing: mode tun or mode tap")
    if verb == "delete":
        return means(DeleteTuntap(cursor.node, device, mode))
    user, group = given.pop("user", None), given.pop("group", None)
    if given:
        values = {"device": device, "mode": mode, "words": " ".join(given), "node": cursor.node}
        return knows("tuntap.add-more", values)
    tuntap = Tuntap(mode, user)
    if group is not None:
        return means(AddOwnedTuntap(cursor.node, device, tuntap, group))
    return means(AddTuntap(cursor.node, device, tuntap))
