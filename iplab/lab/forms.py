"""The lab file's form: which keys there are and what each may hold.

The kinds of value are in ``iplab.lab.fields``, a node's interfaces in ``iplab.lab.interfaces``.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import core_schema

from iplab import names
from iplab.errors import BadName
from iplab.lab import words
from iplab.lab.fields import (
    BELOW,
    END_PATTERN,
    ENDS,
    ITSELF,
    LLADDR,
    MTU,
    NODE_PATTERN,
    PREFIXES,
    STATE,
    SWITCH,
    Form,
    Misfit,
    key,
    listed,
    mapped,
    one_or_more,
    prepared,
    scalar,
    several,
    short,
    word,
)
from iplab.lab.interfaces import ITS_ADDRESSES, Interfaces, Shaped
from iplab.names import IPInterface, IPNetwork
from iplab.network import End

_ITS_LLADDR = key(LLADDR, "The MAC address; chosen by the kernel without.", None)


class Side(Form):
    """What one end of a link carries."""

    addresses: tuple[IPInterface, ...] = ITS_ADDRESSES
    lladdr: str | None = _ITS_LLADDR


class LinkSide(Shaped):
    """What one end of a link carries; what is said here goes before the link's own keys."""

    addresses: tuple[IPInterface, ...] = ITS_ADDRESSES
    lladdr: str | None = _ITS_LLADDR
    mtu: int | None = key(MTU, "The largest packet in bytes, at this end.", None)
    master: str | None = key(BELOW, "The bridge (of the same node) this end is a port of.", None)
    state: bool | None = key(STATE, "up or down, this end.", None)


def _end(raw: str) -> End:
    return End(*words.end(raw))


_ENDPOINT = scalar(_end, word(END_PATTERN, "ns0:veth0"))
_SIDE = short(Side)
_KEYS_ALONE = {"type": "array", "items": {"type": "string", "pattern": END_PATTERN}}


class _Ended(Shaped):
    """What has its ends (keys NODE:DEV) beside its own keys."""

    @staticmethod
    def arranged(raw: Any) -> object:
        """The ends (their keys have a colon) apart from the form's own keys."""
        own = {key: value for key, value in raw.items() if ":" not in key}
        return {**own, ENDS: {key: value for key, value in raw.items() if ":" in key}}


class Link(_Ended):
    """A virtual cable (veth pair) between two endpoints."""

    ends: dict[End, LinkSide] = key(mapped(_ENDPOINT, short(LinkSide)), name=ENDS)
    mtu: int | None = key(MTU, "The largest packet in bytes, at both ends.", None)
    state: bool = key(STATE, "up or down, both ends; up without.", True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.ends) != 2:
            raise BadName(
                f"a link has two ends (keys NODE:DEV), this one has {len(self.ends)}",
                hint="`- ns0:veth0: 172.18.0.2/24`, and under it the other end, indented like it",
            )


class BridgeForm(_Ended):
    """A switch in the kernel, and the machines on it."""

    ends: dict[End, Side] = key(mapped(_ENDPOINT, _SIDE), name=ENDS)
    members: dict[End, Side] = key(
        mapped(_ENDPOINT, _SIDE, {"anyOf": [ITSELF, _KEYS_ALONE, {"type": "null"}]}),
        "The machines on it: NODE:DEV with addresses. Each gets a veth pair whose other"
        " end is the bridge's port.",
        {},
    )
    stp: bool = key(SWITCH, "The spanning tree protocol; off without.", False)
    vlan_filtering: bool = key(SWITCH, "Whether it looks at 802.1Q tags; off without.", False)
    mtu: int | None = key(MTU, "The largest packet in bytes, bridge and members.", None)
    lladdr: str | None = key(LLADDR, "The bridge's own MAC address.", None)
    state: bool = key(STATE, "up or down, the bridge itself; up without.", True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.ends) != 1:
            raise BadName(
                f"a bridge is one key NODE:DEV, here are {len(self.ends)}",
                hint="`- host:br0: 172.20.0.1/24`, and the machines below `members:`",
            )
        ((_, side),) = self.ends.items()
        if side.lladdr is not None and self.lladdr is not None:
            raise Misfit("lladdr", "lladdr is here twice", hint="keep the bridge's own key")


_SYSCTL = {
    "type": ["object", "null"],
    "propertyNames": {"pattern": "^net[./]"},
    "additionalProperties": {"type": ["string", "integer"]},
}


class NodeForm(Form):
    """What links and bridges do not already say of a node."""

    routes: tuple[str, ...] = key(
        several(scalar(str), {"type": "string", "examples": ["default via 172.20.0.1"]}),
        "Routes in the words of `ip route`: default via 172.20.0.1",
        (),
    )
    sysctl: dict[str, str] = key(
        mapped(scalar(words.sysctl_key), scalar(words.sysctl_value), _SYSCTL),
        "Settings below net., by sysctl's names (net/ipv4/conf/eth0.10/… for a dot in a name).",
        {},
    )
    forward: bool | None = key(SWITCH, "Whether it forwards packets, as a router does.", None)
    masquerade: tuple[IPNetwork, ...] = key(
        PREFIXES, "Sources that leave the node under its own address (nftables).", ()
    )
    interfaces: Interfaces = key(
        Interfaces.schema({"anyOf": [ITSELF, {"type": "null"}]}),
        "Devices that no link and no bridge makes.",
        Interfaces(),
    )
    loopback: bool | None = key(STATE, "up or down, for this node's lo.", None)


_ITEMS = core_schema.list_schema()
_CHECK = {"type": "string", "pattern": r"^\S+\s*(->|!>)\s*\S+$"}


class Head(Form):
    """The lab file; the parts of its lists are read one by one (``iplab.lab.read``)."""

    lab: str = key(scalar(names.lab, word(NODE_PATTERN, "two-namespaces")), "The lab's name.")
    links: list[Any] = key(
        prepared(listed, _ITEMS), "Virtual cables, each between two endpoints.", []
    )
    bridges: list[Any] = key(
        prepared(listed, _ITEMS), "Switches, each with the machines on it.", []
    )
    nodes: dict[str, Any] = key(
        mapped(core_schema.any_schema(), core_schema.any_schema()),
        "What links and bridges do not already say of a node.",
        {},
    )
    loopback: bool = key(STATE, "Whether lo is up in every node; up without.", True)
    real_host: bool = key(
        SWITCH, "The lab needs the machine itself as its host: not for a sandbox.", False
    )
    uplink: bool = key(
        SWITCH, "In a sandbox: the internet for host, by pasta or slirp4netns.", False
    )
    checks: list[Any] = key(
        prepared(listed, _ITEMS, one_or_more(_CHECK)),
        "Who must reach whom: `a -> b`, or must not: `a !> b`.",
        [],
    )
