"""The form of ``nodes: NODE: interfaces:``, a model for each kind of device."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from iplab import names
from iplab.lab import words
from iplab.lab.fields import (
    ENDS,
    Addresses,
    Below,
    Device,
    Duration,
    Form,
    Lladdr,
    Loss,
    Misfit,
    Mtu,
    PlainAddress,
    Rate,
    ShortForm,
    State,
    Switch,
    mapping,
    number,
    scalar,
    side,
    word,
)
from iplab.network import Shaping


class Shaped(Form):
    """What tc can hold a device to."""

    rate: Rate | None = Field(None, description="The most it carries, in tc's words: 10mbit.")
    delay: Duration | None = Field(None, description="What each packet waits (netem): 10ms.")
    jitter: Duration | None = Field(None, description="How much the delay varies (netem): 2ms.")
    loss: Loss | None = Field(None, description="The share of packets that are lost (netem): 1%.")

    @model_validator(mode="after")
    def _jitter_varies_a_delay(self) -> Shaped:
        if self.jitter is not None and self.delay is None:
            raise Misfit(
                "jitter",
                "a jitter without a delay has nothing to vary",
                hint="delay: 10ms beside it",
            )
        return self

    def shaping(self) -> Shaping | None:
        """The same as the model of the network has it."""
        if self.rate is None and self.delay is None and self.loss is None:
            return None
        return Shaping(rate=self.rate, delay=self.delay, jitter=self.jitter, loss=self.loss)


class Carrier(Shaped):
    """What each interface of a node may have besides its kind's own keys."""

    addresses: Addresses = Field((), description="Addresses with their prefix length.")
    mtu: Mtu | None = Field(None, description="The largest packet in bytes.")
    lladdr: Lladdr | None = Field(None, description="The MAC address.")
    master: Below | None = Field(None, description="The bridge (of the same node) it is a port of.")
    state: State = Field(True, description="up or down; up without.")


def _lower(text: str) -> str:
    node, colon, device = text.rpartition(":")
    if colon:
        names.node(node)
    words.below(device)
    return text


_LOWER = word("^([A-Za-z0-9_.-]+:)?[A-Za-z0-9_.-]{1,15}$", "eth0")


class VxlanForm(Carrier):
    """Ethernet in UDP (RFC 7348)."""

    type: Literal["vxlan"]
    id: Annotated[int, scalar(words.vni), number(0, 2**24 - 1)] = Field(
        description="The network's number, 24 bits."
    )
    remote: PlainAddress | None = Field(None, description="The other end's address.")
    group: PlainAddress | None = Field(None, description="Or a multicast group, with `dev`.")
    local: PlainAddress | None = Field(None, description="The address to send from.")
    dev: Below | None = Field(None, description="The device to send through.")
    dstport: Annotated[int, scalar(words.port), number(1, 65535)] = Field(
        4789, description="The UDP port; 4789 without."
    )

    @model_validator(mode="after")
    def _addresses_fit(self) -> VxlanForm:
        if self.remote and self.group:
            raise Misfit(
                "group", "a vxlan has a remote or a group, not both", hint="keep one of them"
            )
        if self.remote and self.remote.is_multicast:
            raise Misfit(
                "remote", f"remote {self.remote} is a multicast group", hint=f"group: {self.remote}"
            )
        if self.group and not self.group.is_multicast:
            raise Misfit(
                "group", f"group {self.group} is not multicast", hint=f"remote: {self.group}"
            )
        if self.group and not self.dev:
            raise Misfit("group", "a vxlan with a group needs a dev", hint="dev: eth0 beside it")
        outer = self.remote or self.group
        if outer and self.local and outer.version != self.local.version:
            raise Misfit(
                "local",
                f"{self.local} and {outer} are of two families",
                hint="both IPv4 or both IPv6",
            )
        return self


_MODES = ("private", "vepa", "bridge", "passthru")


class MacvlanForm(Carrier):
    """A second MAC address on a device."""

    type: Literal["macvlan"]
    link: Annotated[str, scalar(_lower), _LOWER] = Field(
        description="The device it stands on: DEV of the same node, or NODE:DEV."
    )
    mode: Annotated[
        str,
        scalar(lambda text: words.one_of(text, _MODES, "a macvlan mode")),
        WithJsonSchema({"enum": list(_MODES)}),
    ] = Field("bridge", description="How macvlans on one device see each other; bridge without.")


class VlanForm(Carrier):
    """An 802.1Q tag on a device."""

    type: Literal["vlan"]
    link: Below = Field(description="The device of the same node it stands on.")
    id: Annotated[int, scalar(words.vlan_id), number(1, 4094)] = Field(description="The tag.")


class BridgeInterfaceForm(Carrier):
    """A bridge whose ports name it as their `master`."""

    type: Literal["bridge"]
    stp: Switch = Field(False, description="The spanning tree protocol; off without.")
    vlan_filtering: Switch = Field(
        False, description="Whether it looks at 802.1Q tags; off without."
    )


class DummyForm(Carrier):
    """A device that swallows what it is given."""

    type: Literal["dummy"]


class TunForm(Carrier):
    """A device whose other end is a program: packets (tun) or frames (tap)."""

    type: Literal["tun", "tap"]
    user: (
        Annotated[str, scalar(words.user), WithJsonSchema({"type": ["string", "integer"]})] | None
    ) = Field(None, description="Who may open it besides root.")


class LoForm(Form):
    """Addresses for `lo`, which every node has."""

    addresses: Addresses = Field((), description="Addresses with their prefix length.")


Interface = VxlanForm | MacvlanForm | VlanForm | BridgeInterfaceForm | DummyForm | TunForm
TYPES: dict[str, type[Carrier]] = {
    "vxlan": VxlanForm,
    "macvlan": MacvlanForm,
    "vlan": VlanForm,
    "bridge": BridgeInterfaceForm,
    "dummy": DummyForm,
    "tun": TunForm,
    "tap": TunForm,
}
OneInterface = Annotated[
    Annotated[Interface, Field(discriminator="type")], BeforeValidator(mapping)
]


class Interfaces(Form):
    """The devices of a node that no link and no bridge makes."""

    lo: Annotated[LoForm, BeforeValidator(side), ShortForm()] | None = Field(
        None, description="Addresses for the loopback device."
    )
    made: dict[Device, OneInterface] = Field(default_factory=dict, alias=ENDS)

    @model_validator(mode="before")
    @classmethod
    def _lo_apart(cls, raw: object) -> object:
        raw = mapping(raw)
        if not isinstance(raw, dict):
            return raw
        apart = {"lo": raw["lo"]} if "lo" in raw else {}
        return {**apart, ENDS: {key: value for key, value in raw.items() if key != "lo"}}
