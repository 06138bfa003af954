"""What is compared of two namespaces: all that `ip` and `bridge` print but what is volatile."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin", "LC_ALL": "C"}

# What root of a user namespace may not do by ifconfig, though it may by ip: dev_ioctl asks for
# CAP_NET_ADMIN in the machine's own user namespace (net/core/dev_ioctl.c).
NOT_HERE = "SIOCSIFTXQLEN: Operation not permitted"


def run(argv: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """A process run to its end."""
    return subprocess.run(
        argv, input=stdin, capture_output=True, text=True, env=ENV, timeout=30, errors="replace"
    )


# Fields that differ between twins whatever is done to them, each with its reason.
VOLATILE = {
    "valid_life_time": "counts down; compared in steps of 100 s",
    "preferred_life_time": "counts down; compared in steps of 100 s",
    "expires": "counts down (IPv6 routes)",
    "used": "time since a neighbour was last used",
    "confirmed": "time since a neighbour was last confirmed",
    "updated": "time since a neighbour last changed",
    "probes": "how often a neighbour was asked, by the clock",
    "users": "references to a multicast group or route at this very moment",
    "hello_timer": "counts (bridge)",
    "tcn_timer": "counts (bridge)",
    "topology_change_timer": "counts (bridge)",
    "gc_timer": "counts (bridge)",
    "message_age_timer": "counts (bridge port)",
    "forward_delay_timer": "counts (bridge port)",
    "hold_timer": "counts (bridge port)",
    "refcnt": "references to a neighbour at this very moment",
    "info_xstats": "statistics",
}
_LIFETIMES = ("valid_life_time", "preferred_life_time")
_FOREVER = 4294967295

QUESTIONS = (
    "addr show",
    "route show table all",
    "neigh show",
    "neigh show proxy",
    "rule show",
    "maddr show",
)


def snapshot() -> dict[str, Any]:
    """All that is compared, of the namespace this process is in."""
    text = "".join(f"{q}\n" for q in QUESTIONS)
    out = run(["ip", "-j", "-d", "-batch", "-"], text).stdout
    found: dict[str, Any] = dict(zip(QUESTIONS, documents(out), strict=True))
    if any(o["link_type"] in ("ipip", "gre", "sit") for o in found["addr show"]):
        found["tunnels"] = run(["ip", "tunnel", "show"]).stdout.splitlines()
    found["proxy_arp"] = {
        p.parent.name: p.read_text().strip()
        for p in sorted(Path("/proc/sys/net/ipv4/conf").glob("*/proxy_arp"))
    }
    if any(o.get("linkinfo", {}).get("info_kind") == "bridge" for o in found["addr show"]):
        out = run(["bridge", "-j", "-d", "-batch", "-"], "fdb show\nlink show\n").stdout
        found["fdb"], found["bridge link"] = documents(out)
    plain = json.dumps(masked(found))
    for name, lladdr in sorted(random_lladdrs().items()):
        # A device without a MAC address given draws one; its IPv6 address follows from that.
        plain = plain.replace(lladdr, f"drawn for {name}").replace(eui64(lladdr), f"of {name}")
    return ordered(json.loads(plain))


def random_lladdrs() -> dict[str, str]:
    """The devices whose MAC address the kernel drew (NET_ADDR_RANDOM)."""
    found = {}
    for device in Path("/sys/class/net").iterdir():
        if (device / "addr_assign_type").read_text().strip() == "1":
            found[device.name] = (device / "address").read_text().strip()
    return found


def eui64(lladdr: str) -> str:
    """The IPv6 link-local address made of a MAC address."""
    octets = [int(octet, 16) for octet in lladdr.split(":")]
    octets[0] ^= 2
    groups = bytes([0xFE, 0x80, *[0] * 6, *octets[:3], 0xFF, 0xFE, *octets[3:]])
    return str(IPv6Address(groups))


def ordered(found: dict[str, Any]) -> dict[str, Any]:
    """``found`` with sorted lists where the order is none of the kernel's answers.

    IPv4 routes keep theirs: the first of two with one metric is used.  Of IPv6 routes the kernel's
    own to fe80::/64 and ff00::/8 come when a carrier is noticed, by a timer; with multicast groups
    it is the same.
    """
    routes = found["route show table all"]
    four = [r for r in routes if "pref" not in r]
    six = sorted((r for r in routes if "pref" in r), key=json.dumps)
    groups = [
        m | {"maddr": sorted(m.get("maddr", []), key=json.dumps)} for m in found["maddr show"]
    ]
    for link in found["addr show"]:
        # An IPv6 link-local address is made when the carrier is noticed, by a timer, so its place
        # among the others of that scope is chance.  All else keeps the kernel's order.
        info = link.get("addr_info", [])
        local = [a for a in info if a["family"] == "inet6" and a.get("scope") == "link"]
        link["addr_info"] = [a for a in info if a not in local] + sorted(local, key=json.dumps)
    found = found | {"route show table all": four + six, "maddr show": groups}
    for key in ("neigh show", "neigh show proxy", "fdb"):
        # These come as they lie in hash tables, whose seed is drawn anew for each namespace.
        if key in found:
            found[key] = sorted(found[key], key=json.dumps)
    return found


def masked(value: Any) -> Any:
    """``value`` without what is volatile."""
    if isinstance(value, list):
        return [masked(v) for v in value if v != {}]
    if isinstance(value, dict):
        return {
            k: _lifetime(v) if k in _LIFETIMES else masked(v)
            for k, v in value.items()
            if k not in VOLATILE or k in _LIFETIMES
        }
    return value


def _lifetime(seconds: int) -> str:
    return "forever" if seconds == _FOREVER else f"about {(seconds + 50) // 100 * 100} s"


def documents(text: str) -> list[Any]:
    """The JSON values in a text, one behind the other."""
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Where two snapshots differ, one line each."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            if old.get(key) != new.get(key):
                yield from differences(old.get(key), new.get(key), f"{where}/{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for n, (a, b) in enumerate(zip(old, new, strict=True)):
            if a != b:
                yield from differences(a, b, f"{where}[{n}]")
    else:
        yield f"{where}: old {_short(old)} new {_short(new)}"


def _short(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = [
            {k: v for k, v in o.items() if k in ("dst", "gateway", "dev", "local", "prefixlen",
             "label", "broadcast", "metric", "type", "prefsrc", "scope", "ifname")}
            for o in value
        ]  # fmt: skip
    return json.dumps(value)[:700]
