"""``ip link … type TYPE`` (ip/iplink_*.c, ip/link_veth.c): what each kind of device takes."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING

from iplab.iproute2.reading import Cursor, Key, Keys, Known, Meaning, knows, means, padded
from iplab.lab.near import did_you_mean
from iplab.names import IPAddress
from iplab.network import End, Macvlan, Vlan, Vxlan
from iplab.operations import (
    AddBridge,
    AddDummy,
    AddMacvlan,
    AddVeth,
    AddVlan,
    AddVxlan,
    Operation,
    SetActiveSlave,
    SetBridgeOption,
    SetStp,
    SetVlanFiltering,
    SetVlanOption,
)

if TYPE_CHECKING:
    from iplab.iproute2.link import Said

Parse = Callable[[Cursor], "Said"]

VXLAN: Keys = (
    Key("id"),
    Key("vni", full="id"),
    Key("group"),
    Key("remote"),
    Key("local"),
    Key("dev"),
    Key("ttl"),
    Key("hoplimit", full="ttl"),
    Key("tos"),
    Key("dsfield", full="tos"),
    Key("df"),
    Key("flowlabel"),
    Key("ageing"),
    Key("maxaddress"),
    Key("port", values=2),
    Key("srcport", values=2, full="port"),
    Key("dstport"),
    *(
        Key(name, values=0)
        for name in ("nolearning", "learning", "noproxy", "proxy", "norsc", "rsc", "nol2miss",
                     "l2miss", "nol3miss", "l3miss", "udpcsum", "noudpcsum", "external", "gbp")
    ),
)  # fmt: skip
MACVLAN: Keys = (Key("mode"), Key("nopromisc", exact=True, values=0))
VLAN: Keys = (
    Key("protocol"),
    Key("id"),
    Key("reorder_hdr"),
    Key("gvrp"),
    Key("mvrp"),
    Key("loose_binding"),
    Key("bridge_binding"),
)
BRIDGE: Keys = tuple(
    Key(name)
    for name in (
        "forward_delay", "hello_time", "max_age", "ageing_time", "stp_state", "priority",
        "vlan_filtering", "vlan_protocol", "group_fwd_mask", "group_address", "vlan_default_pvid",
        "vlan_stats_enabled", "vlan_stats_per_port", "mcast_router", "mcast_snooping",
        "mcast_querier", "nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables",
    )
)  # fmt: skip
_MODES = ("private", "vepa", "bridge", "passthru", "source")
# `ip link help` of iproute2 6.1, and others the kernel makes (net/core/rtnetlink.c asks by name).
TYPES = (
    "amt", "bareudp", "batadv", "bond", "bond_slave", "bridge", "bridge_slave", "can", "dsa",
    "dummy", "erspan", "geneve", "gre", "gretap", "gtp", "hsr", "ifb", "ip6erspan", "ip6gre",
    "ip6gretap", "ip6tnl", "ipip", "ipoib", "ipvlan", "ipvtap", "lowpan", "macsec", "macvlan",
    "macvtap", "netdevsim", "netkit", "nlmon", "ovpn", "pfcp", "ppp", "rmnet", "sit", "team",
    "team_slave", "tun", "vcan", "veth", "virt_wifi", "vlan", "vrf", "vsockmon", "vti", "vti6",
    "vxcan", "vxlan", "wireguard", "wwan", "xfrm",
)  # fmt: skip
_PLAIN = ("dummy", "bridge", "macvlan", "vlan", "vxlan", "veth")


def add(cursor: Cursor, said: Said, parse: Parse) -> Meaning:
    """``ip link add``; what is set at birth becomes operations behind the making."""
    from iplab.iproute2.link import changes

    device = said.given.pop("name", "") or said.device
    if not said.type:
        raise cursor.fail("the type is missing: type veth, type bridge …")
    check_type(cursor, said.type)
    if not device:
        raise cursor.fail("the new device's name is missing")
    cursor.device(device)
    lives = cursor.node
    if "netns" in said.given:
        lives = cursor.named_node(said.given.pop("netns"))
    link = said.given.pop("link", None)
    if said.type not in _PLAIN:
        while cursor.more:
            cursor.word("link.type-word")
        return knows("link.add-other", {"device": device, "type": said.type})
    make, known = _make(cursor, said, device, lives, link, parse)
    after, more = changes(cursor, lives, device, said)
    return means(*make, *after, known=[*known, *more])


def _make(
    cursor: Cursor, said: Said, device: str, lives: str, link: str | None, parse: Parse
) -> tuple[list[Operation], list[Known]]:
    below = End(cursor.node, cursor.device(link)) if link else None
    if said.type in ("macvlan", "vlan") and below is None:
        raise cursor.fail(f"a {said.type} needs the device it stands on: link DEV")
    if said.type in ("vlan", "vxlan") and lives != cursor.node:
        raise cursor.fail(f"a {said.type} born in another namespace is nothing iplab knows")
    match said.type:
        case "veth":
            return _veth(cursor, said, End(lives, device), parse)
        case "bridge":
            more, known = options(cursor, "bridge", device, lives)
            return [AddBridge(lives, device), *more], known
        case "dummy":
            if cursor.more:
                raise cursor.fail(f"{cursor.peek()!r} has no meaning for a dummy")
            return [AddDummy(lives, device)], []
        case "macvlan":
            given = _given(cursor, MACVLAN, "macvlan")
            mode = given.pop("mode", "vepa")  # the kernel's own choice (drivers/net/macvlan.c)
            if mode not in _MODES[:4]:
                raise cursor.fail(f"{mode!r} is no mode of a macvlan that iplab knows", 1)
            beyond = [Known("link.add-more", {"device": device, "words": " ".join(given)})]
            made = AddMacvlan(cursor.node, device, lives, Macvlan(below, mode))
            return [made], beyond if given else []
        case "vlan":
            given = _given(cursor, VLAN, "vlan")
            tag = number(cursor, given.pop("id", ""), 1, 4094)
            beyond = [Known("link.add-more", {"device": device, "words": " ".join(given)})]
            return [AddVlan(lives, device, Vlan(below, tag))], beyond if given else []
    return _vxlan(cursor, device)


def _veth(
    cursor: Cursor, said: Said, end: End, parse: Parse
) -> tuple[list[Operation], list[Known]]:
    from iplab.iproute2.link import changes

    if not cursor.more:
        return [], [Known("link.add-veth-alone", {"device": end.device})]
    if cursor.peek() != "peer":
        raise cursor.fail(f"{cursor.peek()!r}: a veth takes `peer` and the other end's words")
    cursor.note(1, "link.peer")
    other = parse(cursor)
    name = other.given.pop("name", "") or other.device
    if not name:
        return [], [Known("link.add-veth-alone", {"device": end.device})]
    node = cursor.named_node(other.given.pop("netns")) if "netns" in other.given else cursor.node
    peer = End(node, cursor.device(name))
    after, known = changes(cursor, node, name, other)
    index = number(cursor, said.given.pop("index"), 1, 2**31 - 1) if "index" in said.given else None
    return [AddVeth(cursor.node, end, peer, index), *after], known


def _vxlan(cursor: Cursor, device: str) -> tuple[list[Operation], list[Known]]:
    given = _given(cursor, VXLAN, "vxlan")
    remote = given.pop("remote", None) or given.pop("group", None)
    local, dev, port = (given.pop(word, None) for word in ("local", "dev", "dstport"))
    vxlan = Vxlan(
        number(cursor, given.pop("id", ""), 0, 2**24 - 1),
        _ip(cursor, remote),
        _ip(cursor, local),
        cursor.device(dev) if dev else None,
        # Without the word the kernel takes 8472, from before there was an RFC.
        number(cursor, port, 0, 65535) if port else 8472,
    )
    known = [Known("link.add-more", {"device": device, "words": " ".join(given)})]
    return [AddVxlan(cursor.node, device, vxlan)], known if given else []


def check_type(cursor: Cursor, kind: str) -> None:
    """Refuse what is no type of device (kernel: Unknown device type)."""
    if kind not in TYPES:
        near = did_you_mean(kind, TYPES)
        why = f"{kind!r} is no type of device that iplab knows" + (f"; {near}" if near else "")
        raise cursor.fail(why, 1)


def options(
    cursor: Cursor, kind: str, device: str, node: str | None = None
) -> tuple[list[Operation], list[Known]]:
    """``ip link set DEV type KIND …``: what a bridge is told; the others are only known."""
    where = cursor.node if node is None else node
    done: list[Operation] = []
    known: list[Known] = []
    if kind == "bond" and cursor.peek() == "active_slave" and len(cursor.rest()) == 2:
        port = cursor.rest()[1]
        cursor.note(2, "bond.active_slave", value=port)
        return [SetActiveSlave(where, device, cursor.device(port))], []
    if kind == "vlan" and cursor.more:
        its = cursor.rest()
        while cursor.more:
            cursor.word("link.type-word")
        return [SetVlanOption(where, device, its)], []
    if kind != "bridge":
        words = list(cursor.rest())
        while cursor.more:
            cursor.word("link.type-word")
        return [], [
            Known("link.set-type", {"device": device, "type": kind, "words": " ".join(words)})
        ]
    while cursor.more:
        found = cursor.key(BRIDGE, "bridge-type")
        if found is None:
            raise cursor.fail(f"{cursor.peek()!r} is no word for a bridge that iplab knows")
        word, value = found
        if word in ("stp_state", "vlan_filtering") and value in ("0", "1"):
            change = SetStp if word == "stp_state" else SetVlanFiltering
            done.append(change(where, device, value == "1"))
        elif value.isascii() and value.isdigit():
            done.append(SetBridgeOption(where, device, word, int(value)))
        else:
            known.append(
                Known("link.set-type", {"device": device, "type": kind, "words": f"{word} {value}"})
            )
    return done, known


def _given(cursor: Cursor, keys: Keys, area: str) -> dict[str, str]:
    given: dict[str, str] = {}
    while cursor.more:
        found = cursor.key(keys, area)
        if found is None:
            raise cursor.fail(f"{cursor.peek()!r} is no word for a {area} that iplab knows")
        given[found[0]] = found[1]
    return given


def number(cursor: Cursor, text: str, low: int, high: int) -> int:
    """A whole number of a command."""
    if not text:
        raise cursor.fail("a number is missing (id)")
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise cursor.fail(f"{text!r} is not a number from {low} to {high}", 1)
    return int(text)


def _ip(cursor: Cursor, text: str | None) -> IPAddress | None:
    if text is None:
        return None
    try:
        return ipaddress.ip_address(padded(text))
    except ValueError:
        raise cursor.fail(f"{text!r} is not an address", 1) from None
