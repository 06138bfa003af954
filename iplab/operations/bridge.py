"""What a bridge can be told (ip-link(8), 'BRIDGE Type Support')."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.network import Bridge
from iplab.operations.base import OnDevice, Operation


class _Switch(OnDevice, frozen=True):
    on: bool

    def _flip(self, bridge: Bridge) -> Bridge:
        raise NotImplementedError

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        if not isinstance(found.kind, Bridge):
            raise CannotApply(f"{self.end} is not a bridge")
        draft.put(self.node, replace(found, kind=self._flip(found.kind)))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [type(self)(self.node, self.device, not self.on)]


class SetStp(_Switch, frozen=True):
    """``ip link set DEV type bridge stp_state 0|1``: the spanning tree protocol."""

    def _flip(self, bridge: Bridge) -> Bridge:
        return replace(bridge, stp=self.on)


class SetVlanFiltering(_Switch, frozen=True):
    """``ip link set DEV type bridge vlan_filtering 0|1``."""

    def _flip(self, bridge: Bridge) -> Bridge:
        return replace(bridge, vlan_filtering=self.on)


class SetBridgeOption(OnDevice, frozen=True):
    """``ip link set DEV type bridge OPTION VALUE``: times in centiseconds, the bridge's priority.

    No Network holds these; the way back is not known.
    """

    option: str
    value: int

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


class SetPortOption(OnDevice, frozen=True):
    """``bridge link set dev PORT OPTION VALUE`` (bridge(8)): cost, priority, hairpin."""

    option: str
    value: str

    program: ClassVar[str] = "bridge"

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


class SetVlanOption(OnDevice, frozen=True):
    """``ip link set DEV type vlan WORDS…``: reorder_hdr, ingress-qos-map, egress-qos-map."""

    words: tuple[str, ...]

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None
