"""Settings below /proc/sys/net, a set for each namespace (sysctl(8), ip-sysctl in the kernel)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from iplab.draft import Draft
from iplab.keys import named, parts
from iplab.operations.base import Operation


class SetSysctl(Operation, frozen=True):
    """``sysctl -w KEY=VALUE`` in the node.

    A switch for all devices sets those of each device, and of devices to come, as well.
    """

    key: str
    value: str

    program: ClassVar[str] = "sysctl"

    def change(self, draft: Draft) -> None:
        namespace = draft.namespace(self.node)
        sysctls = {**namespace.sysctls, self.key: self.value}
        if namespace.sysctls.get(self.key) != self.value:
            sysctls |= _led_values(self.key, self.value, sysctls)
        draft.namespaces[self.node] = replace(namespace, sysctls=sysctls)

    def inverse(self, before: Draft) -> list[Operation] | None:
        known = before.namespace(self.node).sysctls
        old = known.get(self.key)
        if old is None:
            return []  # not known: the namespace is new in this plan, and its settings go with it
        led = _led_values(self.key, old, known) if old != self.value else {}
        again = [key for key, value in led.items() if known[key] != value]
        return [SetSysctl(self.node, key, known[key]) for key in (self.key, *again)]


class _Switch(Struct, frozen=True):
    """Settings that the kernel sets others with: ``last`` of each device, and of ``default``."""

    names: tuple[str, ...]  # they are one
    family: str
    last: str
    against: str | None = None  # and this one to the opposite


_SWITCHES = (
    _Switch(  # net/ipv4/devinet.c, inet_forward_change; a router does not heed redirects
        ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"),
        "ipv4",
        "forwarding",
        "net.ipv4.conf.all.accept_redirects",
    ),
    # net/ipv6/addrconf.c, addrconf_fixup_forwarding and addrconf_disable_ipv6
    _Switch(("net.ipv6.conf.all.forwarding",), "ipv6", "forwarding"),
    _Switch(("net.ipv6.conf.all.disable_ipv6",), "ipv6", "disable_ipv6"),
)


def _switch(key: str) -> _Switch | None:
    return next((s for s in _SWITCHES if key in s.names), None)


def leads_others(key: str) -> bool:
    """Whether the kernel sets other settings with this one."""
    return _switch(key) is not None


def led(key: str, devices: Iterable[str]) -> list[str]:
    """The settings that the kernel sets with ``key``, where there are these devices."""
    switch = _switch(key)
    if switch is None:
        return []
    conf = ("net", switch.family, "conf")
    found = [named((*conf, device, switch.last)) for device in ("default", *devices)]
    found += [name for name in switch.names if name != key]
    return found + ([switch.against] if switch.against else [])


def leads(key: str, other: str) -> bool:
    """Whether the kernel sets ``other`` with ``key``."""
    switch = _switch(key)
    if switch is None or other == key:
        return False
    way = parts(other)
    within = way[1:3] == [switch.family, "conf"] and way[4:] == [switch.last]
    return within or other in switch.names or other == switch.against


def _led_values(key: str, value: str, known: Mapping[str, str]) -> dict[str, str]:
    """Those of ``known`` that the kernel sets when ``key`` changes to ``value``, and to what."""
    switch = _switch(key)
    if switch is None:
        return {}
    opposite = "1" if value == "0" else "0"
    return {k: opposite if k == switch.against else value for k in known if leads(key, k)}
