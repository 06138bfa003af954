"""The form of ``nodes: NODE: interfaces:``, a class for each kind of device."""

from __future__ import annotations

from typing import Any

from pydantic_core import core_schema

from iplab import names
from iplab.lab import words
from iplab.lab.fields import (
    ADDRESSES,
    BELOW,
    DEVICE,
    DURATION,
    ENDS,
    LLADDR,
    LOSS,
    MTU,
    PLAIN_ADDRESS,
    RATE,
    STATE,
    SWITCH,
    Form,
    Misfit,
    key,
    mapped,
    mapping,
    number,
    prepared,
    scalar,
    short,
    word,
)
from iplab.names import IPAddress, IPInterface
from iplab.network import Shaping


class Shaped(Form):
    """What tc can hold a device to."""

    rate: int | None = key(RATE, "The most it carries, in tc's words: 10mbit.", None)
    delay: int | None = key(DURATION, "What each packet waits (netem): 10ms.", None)
    jitter: int | None = key(DURATION, "How much the delay varies (netem): 2ms.", None)
    loss: float | None = key(LOSS, "The share of packets that are lost (netem): 1%.", None)

    def __post_init__(self) -> None:
        if self.jitter is not None and self.delay is None:
            raise Misfit(
                "jitter",
                "a jitter without a delay has nothing to vary",
                hint="delay: 10ms beside it",
            )

    def shaping(self) -> Shaping | None:
        """The same as the model of the network has it."""
        if self.rate is None and self.delay is None and self.loss is None:
            return None
        return Shaping(rate=self.rate, delay=self.delay, jitter=self.jitter, loss=self.loss)


ITS_ADDRESSES = key(ADDRESSES, "Addresses with their prefix length.", ())


class Carrier(Shaped):
    """What each interface of a node may have besides its kind's own keys."""

    addresses: tuple[IPInterface, ...] = ITS_ADDRESSES
    mtu: int | None = key(MTU, "The largest packet in bytes.", None)
    lladdr: str | None = key(LLADDR, "The MAC address.", None)
    master: str | None = key(BELOW, "The bridge (of the same node) it is a port of.", None)
    state: bool = key(STATE, "up or down; up without.", True)


class VxlanForm(Carrier):
    """Ethernet in UDP (RFC 7348)."""

    type: str = key(core_schema.literal_schema(["vxlan"]))
    id: int = key(scalar(words.vni, number(0, 2**24 - 1)), "The network's number, 24 bits.")
    remote: IPAddress | None = key(PLAIN_ADDRESS, "The other end's address.", None)
    group: IPAddress | None = key(PLAIN_ADDRESS, "Or a multicast group, with `dev`.", None)
    local: IPAddress | None = key(PLAIN_ADDRESS, "The address to send from.", None)
    dev: str | None = key(BELOW, "The device to send through.", None)
    dstport: int = key(scalar(words.port, number(1, 65535)), "The UDP port; 4789 without.", 4789)

    def __post_init__(self) -> None:
        super().__post_init__()
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


def _lower(text: str) -> str:
    node, colon, device = text.rpartition(":")
    if colon:
        names.node(node)
    words.below(device)
    return text


_LOWER = scalar(_lower, word("^([A-Za-z0-9_.-]+:)?[A-Za-z0-9_.-]{1,15}$", "eth0"))
_MODES = ("private", "vepa", "bridge", "passthru")
_MODE = scalar(lambda text: words.one_of(text, _MODES, "a macvlan mode"), {"enum": list(_MODES)})


class MacvlanForm(Carrier):
    """A second MAC address on a device."""

    type: str = key(core_schema.literal_schema(["macvlan"]))
    link: str = key(_LOWER, "The device it stands on: DEV of the same node, or NODE:DEV.")
    mode: str = key(_MODE, "How macvlans on one device see each other; bridge without.", "bridge")


class VlanForm(Carrier):
    """An 802.1Q tag on a device."""

    type: str = key(core_schema.literal_schema(["vlan"]))
    link: str = key(BELOW, "The device of the same node it stands on.")
    id: int = key(scalar(words.vlan_id, number(1, 4094)), "The tag.")


class BridgeInterfaceForm(Carrier):
    """A bridge whose ports name it as their `master`."""

    type: str = key(core_schema.literal_schema(["bridge"]))
    stp: bool = key(SWITCH, "The spanning tree protocol; off without.", False)
    vlan_filtering: bool = key(SWITCH, "Whether it looks at 802.1Q tags; off without.", False)


class DummyForm(Carrier):
    """A device that swallows what it is given."""

    type: str = key(core_schema.literal_schema(["dummy"]))


class TunForm(Carrier):
    """A device whose other end is a program: packets (tun) or frames (tap)."""

    type: str = key(core_schema.literal_schema(["tun", "tap"]))
    user: str | None = key(
        scalar(words.user, {"type": ["string", "integer"]}), "Who may open it besides root.", None
    )


class LoForm(Form):
    """Addresses for `lo`, which every node has."""

    addresses: tuple[IPInterface, ...] = ITS_ADDRESSES


TYPES: dict[str, type[Carrier]] = {
    "vxlan": VxlanForm,
    "macvlan": MacvlanForm,
    "vlan": VlanForm,
    "bridge": BridgeInterfaceForm,
    "dummy": DummyForm,
    "tun": TunForm,
    "tap": TunForm,
}
_INTERFACE = prepared(
    mapping,
    core_schema.tagged_union_schema(
        {type: form.schema() for type, form in TYPES.items()}, discriminator="type"
    ),
)


class Interfaces(Form):
    """The devices of a node that no link and no bridge makes."""

    lo: LoForm | None = key(short(LoForm), "Addresses for the loopback device.", None)
    made: dict[str, Carrier] = key(mapped(DEVICE, _INTERFACE), default={}, name=ENDS)

    @staticmethod
    def arranged(raw: Any) -> object:
        """``lo`` apart from the devices that are to be made."""
        raw = mapping(raw)
        if not isinstance(raw, dict):
            return raw
        apart = {"lo": raw["lo"]} if "lo" in raw else {}
        return {**apart, ENDS: {key: value for key, value in raw.items() if key != "lo"}}
