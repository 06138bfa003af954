"""Devices and their addresses, as ``ip -j -d addr show`` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Interface

from iplab.names import ip_interface
from iplab.network import (
    Address,
    Bridge,
    Dummy,
    End,
    Interface,
    Kind,
    Loopback,
    Macvlan,
    Other,
    Shaping,
    Tuntap,
    Veth,
    Vlan,
    Vxlan,
)
from iplab.observe.words import Object, ip, number, word

_STEADY = 4294967295  # INFINITY_LIFE_TIME: not given by a router, does not run out


def interface(link: Object, shaped: Mapping[str, Shaping]) -> Interface:
    """One device; ``shaped`` says how what it sends is shaped, by its name."""
    flags = tuple(link["flags"])
    return Interface(
        name=link["ifname"],
        kind=_kind(link),
        up="UP" in flags,
        mtu=number(link["mtu"]),
        lladdr=word(link.get("address")),
        master=word(link.get("master")),
        addresses=tuple(_address(a, link) for a in link.get("addr_info", ()) if a),
        index=number(link["ifindex"]),
        flags=flags,
        state=word(link.get("operstate")) or "",
        txqueuelen=number(link.get("txqlen")),
        shaping=shaped.get(link["ifname"]),
    )


def _kind(link: Object) -> Kind:
    info = link.get("linkinfo", {})
    data = info.get("info_data", {})
    match info.get("info_kind"):
        case None if "LOOPBACK" in link["flags"]:
            return Loopback()
        case "veth":
            return Veth()
        case "bridge":
            return Bridge(bool(data.get("stp_state")), bool(data.get("vlan_filtering")))
        case "vxlan":
            far = (
                data.get("remote") or data.get("group") or data.get("remote6") or data.get("group6")
            )
            near = data.get("local") or data.get("local6")
            below = word(data.get("link"))
            return Vxlan(data["id"], ip(far), ip(near), below, data["port"])
        case "macvlan":
            return Macvlan(_lower(link), data["mode"])
        case "vlan":
            return Vlan(_lower(link), data["id"])
        case "dummy":
            return Dummy()
        case "tun":
            user = data.get("user")  # a number where it has no name
            return Tuntap(data["type"], None if user is None else str(user))
        case other:
            return Other(word(other) or word(link.get("link_type")) or "?")


def _lower(link: Object) -> End | None:
    """The device below, which ``ip`` names where it is in the same namespace (or see ``_wire``)."""
    name = word(link.get("link"))
    return End("", name) if name else None


def _address(info: Object, link: Object) -> Address:
    local = ip_interface(f"{info['local']}/{info['prefixlen']}")
    peer = info.get("address")  # with a peer, `local` is ours and `address` theirs
    label = word(info.get("label"))
    scope = word(info.get("scope")) or "global"
    automatic = (
        info.get("dynamic", False)
        or info.get("valid_life_time", _STEADY) != _STEADY
        or (scope == "host" and "LOOPBACK" in link["flags"])
        or (local.version == 6 and _kernels_link_local(info, link, local))
    )
    return Address(
        local=local,
        broadcast=ip(info.get("broadcast")),
        scope="global" if local.version == 6 else scope,  # IPv6 scopes follow from the address
        peer=ip_interface(f"{peer}/{info['prefixlen']}") if peer else None,
        label=label if label != link["ifname"] else None,
        automatic=bool(automatic),
        tentative=bool(info.get("tentative", False)),
        failed=bool(info.get("dadfailed", False)),
        metric=number(info.get("metric")) or None,
        # On IPv6 addresses that a router gave the kernel sets this itself.
        noprefixroute=bool(info.get("noprefixroute")) and (local.version == 4 or not automatic),
        valid=_lifetime(info, "valid_life_time"),
        preferred=_lifetime(info, "preferred_life_time"),
        protocol=word(info.get("protocol")),
        nodad=bool(info.get("nodad")),
    )


def _kernels_link_local(info: Object, link: Object, local: IPv6Interface) -> bool:
    """Whether an address is the one that the kernel gives a device (net/ipv6/addrconf.c).

    Where ip does not print who gave it (``protocol``, since 6.3): the kernel makes it from the MAC
    (EUI-64: RFC 4291, appendix A; an earlier one stays where the MAC changes), else it alone can
    set ``stable-privacy``.  Other kinds of devices have other ways.
    """
    if not local.ip.is_link_local or local.network.prefixlen != 64:
        return False
    if "protocol" in info:
        return bool(info["protocol"] == "kernel_ll")
    known = link["link_type"] in ("ether", "none", "loopback")
    if not known or link.get("linkinfo", {}).get("info_kind") == "ipvlan":
        return True
    return bool(info.get("stable-privacy")) or local.packed[11:13] == b"\xff\xfe"


def _lifetime(info: Object, name: str) -> int | None:
    seconds = number(info.get(name, _STEADY))
    return None if seconds == _STEADY else seconds
