"""Settings below /proc/sys/net, a set for each namespace (sysctl(8), ip-sysctl in the kernel)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.operations.base import Operation

# net/ipv4/devinet.c, inet_forward_change: two names for one switch.
_FORWARD = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")
_REDIRECTS = "net.ipv4.conf.all.accept_redirects"
# net/ipv6/addrconf.c: addrconf_forward_change, addrconf_disable_change.
_ALL_6 = ("net.ipv6.conf.all.forwarding", "net.ipv6.conf.all.disable_ipv6")


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
            sysctls |= _followers(self.key, self.value, sysctls)
        draft.namespaces[self.node] = replace(namespace, sysctls=sysctls)

    def inverse(self, before: Draft) -> list[Operation] | None:
        known = before.namespace(self.node).sysctls
        old = known.get(self.key)
        if old is None:
            return []  # not known: the namespace is new in this plan, and its settings go with it
        follow = _followers(self.key, old, known) if old != self.value else {}
        again = [key for key, value in follow.items() if known[key] != value]
        return [SetSysctl(self.node, key, known[key]) for key in (self.key, *again)]


def leads_others(key: str) -> bool:
    """Whether the kernel sets other settings with this one."""
    return key in _FORWARD or key in _ALL_6


def _followers(key: str, value: str, known: Mapping[str, str]) -> dict[str, str]:
    """Those of ``known`` that the kernel sets when ``key`` changes to ``value``, and to what."""
    if not leads_others(key):
        return {}
    family, last = ("net.ipv4.conf.", ".forwarding") if key in _FORWARD else _split(key)
    found = {k: value for k in known if k.startswith(family) and k.endswith(last) and k != key}
    if key in _FORWARD:
        found |= {k: value for k in _FORWARD if k in known and k != key}
        if _REDIRECTS in known:  # a router does not heed them
            found[_REDIRECTS] = "1" if value == "0" else "0"
    return found


def _split(key: str) -> tuple[str, str]:
    family, _, last = key.partition("all")
    return family, last
