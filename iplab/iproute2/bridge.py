"""``bridge`` (bridge(8)): ports, forwarding entries, VLANs.  Most is known, and no operation."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Key, Keys, Meaning, knows, looks, means
from iplab.operations import SetPortOption

# The order of cmds[] in bridge/bridge.c.
OBJECTS: Keys = tuple(Key(n, values=0) for n in ("link", "fdb", "mdb", "vlan", "vni", "monitor"))
_VERBS = {
    "link": ("set", "show", "lst", "list"),
    "fdb": ("add", "append", "replace", "delete", "get", "show", "lst", "list", "flush"),
    "mdb": ("add", "delete", "show", "lst", "list"),
    "vlan": ("add", "delete", "show", "lst", "list", "tunnelshow", "set", "global"),
}
_DEV = Key("dev", exact=True)


def read(cursor: Cursor) -> Meaning:
    """What follows ``bridge`` and its options."""
    for key in OBJECTS:
        if cursor.more and key.fits(cursor.peek()):
            cursor.note(1, f"bridge.{key.name}", (key.name,))
            return _object(cursor, key.name)
    raise cursor.fail(f"{cursor.peek()!r} is no object of bridge" if cursor.more else "no object")


def _object(cursor: Cursor, name: str) -> Meaning:
    verbs = tuple(Key(n, full="show" if n in ("lst", "list") else "") for n in _VERBS.get(name, ()))
    if not verbs:
        raise cursor.fail(f"`bridge {name}` is not something iplab reads", 1)
    verb = cursor.verb(verbs, f"bridge-{name}", "show")
    device, words = "", []
    while cursor.more:
        known = cursor.key((_DEV,), f"bridge-{name}")
        if known:
            device = cursor.device(known[1])
        else:
            words.append(cursor.word(f"bridge-{name}.word"))
    if verb in ("show", "get", "tunnelshow"):
        return looks(f"show.bridge-{name}", device=device)
    if (name, verb) == ("link", "set") and device and len(words) == 2:
        return means(SetPortOption(cursor.node, device, words[0], words[1]))
    values = {"device": device, "words": " ".join(words), "node": cursor.node, "verb": verb}
    return knows(f"bridge.{name}", values)
