"""`ip -j`: its objects as the lines that `ip` prints without it, which are then explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
FOREVER = 4294967295
_MARKS = ("secondary", "tentative", "dadfailed", "deprecated", "temporary", "mngtmpaddr",
          "noprefixroute", "nodad", "dynamic")  # fmt: skip


def lines(text: str) -> list[str] | None:
    """The lines; ``None`` where the text is no such JSON."""
    if not text.lstrip().startswith("["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or not all(isinstance(o, dict) for o in value):
        return None
    try:
        return [line for o in value if o for line in _object(o)]
    except (KeyError, TypeError, AttributeError):
        return None


def _object(o: Object) -> Iterator[str]:
    if "ifname" in o:
        yield from _link(o) if "ifindex" in o else _brief(o)
    elif "dst" in o and ("state" in o or "lladdr" in o or "proxy" in o):
        yield from _neighbour(o)
    else:
        yield from _route(o)


def _name(o: Object) -> str:
    if "link" in o:
        return f"{o['ifname']}@{o['link'] or 'NONE'}"
    return f"{o['ifname']}@if{o['link_index']}" if "link_index" in o else str(o["ifname"])


def _words(o: Object, *keys: tuple[str, str]) -> str:
    return "".join(f" {word} {o[key]}" for word, key in keys if o.get(key) is not None)


def _link(o: Object) -> Iterator[str]:
    rest = _words(o, ("mtu", "mtu"), ("qdisc", "qdisc"), ("master", "master"),
                  ("state", "operstate"), ("mode", "linkmode"), ("group", "group"),
                  ("qlen", "txqlen"))  # fmt: skip
    yield f"{o['ifindex']}: {_name(o)}: <{','.join(o.get('flags', ()))}>{rest}"
    if "link_type" in o:
        there = _words(o, ("brd", "broadcast"), ("permaddr", "permaddr"),
                       ("link-netns", "link_netns"), ("link-netnsid", "link_netnsid"))  # fmt: skip
        yield f"    link/{o['link_type']} {o.get('address', '')}{there}".rstrip()
    for key, word in (("ifalias", "alias"),):
        if key in o:
            yield f"    {word} {o[key]}"
    for name in o.get("altnames", ()):
        yield f"    altname {name}"
    for a in o.get("addr_info", ()):
        yield from _address(a)


def _address(a: Object) -> Iterator[str]:
    if not a:
        return  # an address that was not asked for: `ip -j -4 addr`
    marks = "".join(f" {mark}" for mark in _MARKS if a.get(mark))
    rest = _words(a, ("metric", "metric"), ("brd", "broadcast"), ("scope", "scope"))
    label = f" {a['label']}" if a.get("label") else ""
    yield f"    {a['family']} {_local(a)}{rest}{marks}{label}"
    lives = ("valid_life_time", "preferred_life_time")
    if all(key in a for key in lives):
        valid, preferred = ("forever" if a[k] == FOREVER else f"{a[k]}sec" for k in lives)
        yield f"       valid_lft {valid} preferred_lft {preferred}"


def _local(a: Object) -> str:
    peer = f" peer {a['address']}" if "address" in a else ""
    return f"{a['local']}{peer}/{a['prefixlen']}"


def _brief(o: Object) -> Iterator[str]:
    words = [_name(o), o["operstate"]]
    if "addr_info" in o:
        words += [_local(a) for a in o["addr_info"] if a]
    else:
        words += [o.get("address", ""), f"<{','.join(o.get('flags', ()))}>"]
    yield " ".join(word for word in words if word)


def _route(o: Object) -> Iterator[str]:
    dst = str(o["dst"])
    kind = f"{o['type']} " if o.get("type") else ""
    yield f"{kind}{dst}{_hop(o)}"
    for hop in o.get("nexthops", ()):
        yield f"\tnexthop{_hop(hop)}"


def _hop(o: Object) -> str:
    near = o.get("gateway") or (o.get("via") or {}).get("host")
    via = f" via {near}" if near else ""
    rest = _words(o, ("dev", "dev"), ("table", "table"), ("proto", "protocol"), ("scope", "scope"),
                  ("src", "prefsrc"), ("metric", "metric"), ("weight", "weight"), ("pref", "pref"),
                  ("uid", "uid"))  # fmt: skip
    return via + rest + "".join(f" {flag}" for flag in o.get("flags", ()))


def _neighbour(o: Object) -> Iterator[str]:
    marks = " ".join(word for word in ("router", "proxy", "managed", "extern_learn") if word in o)
    words = [o["dst"], _words(o, ("dev", "dev"), ("lladdr", "lladdr")).strip(), marks]
    yield " ".join([*(word for word in words if word), *o.get("state", ())])
