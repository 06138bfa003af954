"""The lab file's form, as pydantic models: which keys there are and what each may hold.

The kinds of value are in ``iplab.lab.fields``, a node's interfaces in ``iplab.lab.interfaces``.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from iplab import names
from iplab.errors import BadName
from iplab.lab import words
from iplab.lab.fields import (
    END_PATTERN,
    ENDS,
    NODE_PATTERN,
    PREFIX_SCHEMA,
    Addresses,
    Below,
    Form,
    Lladdr,
    Misfit,
    Mtu,
    OrListed,
    OrNothing,
    Prefix,
    ShortForm,
    State,
    Switch,
    listed,
    mapping,
    one_or_more,
    scalar,
    side,
    word,
)
from iplab.lab.interfaces import Interfaces, Shaped
from iplab.network import End


class Side(Form):
    """What one end of a link carries."""

    addresses: Addresses = Field((), description="Addresses with their prefix length.")
    lladdr: Lladdr | None = Field(
        None, description="The MAC address; chosen by the kernel without."
    )


class LinkSide(Side, Shaped):
    """What one end of a link carries; what is said here goes before the link's own keys."""

    mtu: Mtu | None = Field(None, description="The largest packet in bytes, at this end.")
    master: Below | None = Field(
        None, description="The bridge (of the same node) this end is a port of."
    )
    state: State | None = Field(None, description="up or down, this end.")


def _ends(raw: object) -> object:
    """Split a mapping into the endpoints (their keys have a colon) and its own keys."""
    raw = mapping(raw)
    if not isinstance(raw, dict):
        return raw
    own = {key: value for key, value in raw.items() if ":" not in key}
    return {**own, ENDS: {key: value for key, value in raw.items() if ":" in key}}


def _end(raw: str) -> End:
    return End(*words.end(raw))


Endpoint = Annotated[End, scalar(_end), word(END_PATTERN, "ns0:veth0")]
OneSide = Annotated[Side, BeforeValidator(side), ShortForm()]
OneLinkSide = Annotated[LinkSide, BeforeValidator(side), ShortForm()]
Ends = Annotated[dict[Endpoint, OneSide], BeforeValidator(mapping)]
LinkEnds = Annotated[dict[Endpoint, OneLinkSide], BeforeValidator(mapping)]
Members = Annotated[dict[Endpoint, OneSide], BeforeValidator(mapping), OrListed()]


class Link(Shaped):
    """A virtual cable (veth pair) between two endpoints."""

    ends: LinkEnds = Field(alias=ENDS)
    mtu: Mtu | None = Field(None, description="The largest packet in bytes, at both ends.")
    state: State = Field(True, description="up or down, both ends; up without.")

    split = model_validator(mode="before")(_ends)

    @model_validator(mode="after")
    def _two_ends(self) -> Link:
        if len(self.ends) != 2:
            raise BadName(
                f"a link has two ends (keys NODE:DEV), this one has {len(self.ends)}",
                hint="`- ns0:veth0: 172.18.0.2/24`, and under it the other end, indented like it",
            )
        return self


class BridgeForm(Shaped):
    """A switch in the kernel, and the machines on it."""

    ends: Ends = Field(alias=ENDS)
    members: Members = Field(
        default_factory=dict,
        description="The machines on it: NODE:DEV with addresses. Each gets a veth pair whose other"
        " end is the bridge's port.",
    )
    stp: Switch = Field(False, description="The spanning tree protocol; off without.")
    vlan_filtering: Switch = Field(
        False, description="Whether it looks at 802.1Q tags; off without."
    )
    mtu: Mtu | None = Field(None, description="The largest packet in bytes, bridge and members.")
    lladdr: Lladdr | None = Field(None, description="The bridge's own MAC address.")
    state: State = Field(True, description="up or down, the bridge itself; up without.")

    split = model_validator(mode="before")(_ends)

    @model_validator(mode="after")
    def _one_end(self) -> BridgeForm:
        if len(self.ends) != 1:
            raise BadName(
                f"a bridge is one key NODE:DEV, here are {len(self.ends)}",
                hint="`- host:br0: 172.20.0.1/24`, and the machines below `members:`",
            )
        ((_, side),) = self.ends.items()
        if side.lladdr is not None and self.lladdr is not None:
            raise Misfit("lladdr", "lladdr is here twice", hint="keep the bridge's own key")
        return self


SysctlKey = Annotated[str, scalar(words.sysctl_key)]
SysctlValue = Annotated[str, scalar(words.sysctl_value)]


class NodeForm(Form):
    """What links and bridges do not already say of a node."""

    routes: Annotated[
        tuple[Annotated[str, scalar(str)], ...],
        BeforeValidator(listed),
        one_or_more({"type": "string", "examples": ["default via 172.20.0.1"]}),
    ] = Field((), description="Routes in the words of `ip route`: default via 172.20.0.1")
    sysctl: Annotated[
        dict[SysctlKey, SysctlValue],
        BeforeValidator(mapping),
        WithJsonSchema(
            {
                "type": ["object", "null"],
                "propertyNames": {"pattern": "^net[./]"},
                "additionalProperties": {"type": ["string", "integer"]},
            }
        ),
    ] = Field(default_factory=dict, description="Settings below net., by sysctl's names.")
    forward: Switch | None = Field(
        None, description="Whether it forwards packets, as a router does."
    )
    masquerade: Annotated[
        tuple[Prefix, ...], BeforeValidator(listed), one_or_more(PREFIX_SCHEMA)
    ] = Field((), description="Sources that leave the node under its own address (nftables).")
    interfaces: Annotated[Interfaces, OrNothing()] = Field(
        default_factory=lambda: Interfaces.model_validate({}),
        description="Devices that no link and no bridge makes.",
    )
    loopback: State | None = Field(None, description="up or down, for this node's lo.")


class Head(Form):
    """The lab file; the parts of its lists are read one by one (``iplab.lab.read``)."""

    lab: Annotated[str, scalar(names.lab), word(NODE_PATTERN, "two-namespaces")] = Field(
        description="The lab's name."
    )
    links: Annotated[list[Any], BeforeValidator(listed)] = Field(
        default_factory=list, description="Virtual cables, each between two endpoints."
    )
    bridges: Annotated[list[Any], BeforeValidator(listed)] = Field(
        default_factory=list, description="Switches, each with the machines on it."
    )
    nodes: Annotated[dict[str, Any], BeforeValidator(mapping)] = Field(
        default_factory=dict, description="What links and bridges do not already say of a node."
    )
    loopback: State = Field(True, description="Whether lo is up in every node; up without.")
    real_host: Switch = Field(
        False, description="The lab needs the machine itself as its host: not for a sandbox."
    )
    uplink: Switch = Field(
        False, description="In a sandbox: the internet for host, by pasta or slirp4netns."
    )
    checks: Annotated[
        list[Any],
        BeforeValidator(listed),
        one_or_more({"type": "string", "pattern": r"^\S+\s*(->|!>)\s*\S+$"}),
    ] = Field(
        default_factory=list, description="Who must reach whom: `a -> b`, or must not: `a !> b`."
    )
