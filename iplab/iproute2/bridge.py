"""``bridge`` (bridge(8)): ports, forwarding entries, VLANs.  Most is known, and no operation."""

from __future__ import annotations

from msgspec.structs import replace

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, knows, looks, means
from iplab.operations import SetPortOption

# The order of cmds[] in bridge/bridge.c.
OBJECTS: Keys = tuple(Key(n, values=0) for n in ("link", "fdb", "mdb", "vlan", "vni", "monitor"))
_SHOW = ("show", "lst", "list")
_NAMES = {
    "link": ("set", *_SHOW),
    "fdb": ("add", "append", "replace", "delete", "get", *_SHOW, "flush"),
    "mdb": ("add", "delete", *_SHOW),
    "vlan": ("add", "delete", *_SHOW, "tunnelshow", "set", "global"),
}
VERBS: dict[str, Keys] = {
    name: tuple(Key(n, full="show" if n in _SHOW else "") for n in verbs)
    for name, verbs in _NAMES.items()
}

GLOBAL: Keys = (Key("show"), *(Key(n, full="show") for n in ("lst", "list")), Key("set"))


def _words(valued: str, plain: str) -> Keys:
    return (
        *(Key(word, exact=True) for word in valued.split()),
        *(Key(word, exact=True, values=0) for word in plain.split()),
    )


# bridge/link.c, fdb.c, mdb.c and vlan.c compare whole words (strcmp).
WORDS: dict[str, Keys] = {
    "link": _words(
        "dev cost priority state guard hairpin fastleave root_block learning learning_sync flood "
        "mcast_router mcast_flood bcast_flood mcast_to_unicast neigh_suppress vlan_tunnel isolated "
        "locked hwmode backup_port",
        "nobackup_port self master",
    ),
    "fdb": (
        *_words(
            "dev vlan dst port vni nhid via src_vni br brport state to",
            "self master use router extern_learn sticky static dynamic local",
        ),
        Key("permanent", exact=True, values=0, full="local"),
        Key("temp", exact=True, values=0, full="static"),
    ),
    "mdb": _words("dev port grp src vid", "permanent temp"),
    "vlan": (*_words("dev vid state", "pvid untagged self master"), Key("tunnel_info", values=2)),
}


def read(cursor: Cursor) -> Meaning:
    """What follows ``bridge`` and its options."""
    for key in OBJECTS:
        if cursor.more and key.fits(cursor.peek()):
            cursor.note(1, f"bridge.{key.name}", (key.name,))
            return _object(cursor, key.name)
    raise cursor.fail(f"{cursor.peek()!r} is no object of bridge" if cursor.more else "no object")


def _object(cursor: Cursor, name: str) -> Meaning:
    if name not in VERBS:
        raise cursor.fail(f"`bridge {name}` is not something iplab reads", 1)
    verb = cursor.verb(VERBS[name], f"bridge-{name}", "show")
    device, words = "", []
    whole = verb == "global"  # after it comes one more verb (cmd_vlan_global in bridge/vlan.c)
    if whole and cursor.verb(GLOBAL, "bridge-vlan-global", "show") == "show":
        verb = "show"
    while cursor.more:
        known = cursor.key(WORDS[name], f"bridge-{name}")
        if known is None:
            its = "to" if name == "fdb" and ":" in cursor.peek() else "word"
            words.append(cursor.word(f"bridge-{name}.{its}"))
        elif known[0] == "dev":
            device = cursor.device(known[1])
            if whole:
                cursor.parts[-1] = replace(cursor.parts[-1], topic="bridge-vlan-global.dev")
        else:
            words += [known[0], *known[1].split()]
    if verb in ("show", "get", "tunnelshow"):
        return looks(f"show.bridge-{name}{'-global' * whole}", device=device)
    if (name, verb) == ("link", "set") and device and len(words) == 2:
        return means(SetPortOption(cursor.node, device, words[0], words[1]))
    values = {"device": device, "words": " ".join(words), "node": cursor.node, "verb": verb}
    return knows(f"bridge.{name}", values)
