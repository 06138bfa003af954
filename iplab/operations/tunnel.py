"""IPv4 tunnels of the old kind (ip-tunnel(8)), and the devices of tun and bond.

A Network shows such a device as ``Other`` or ``Tuntap``; what it is made of is not modelled, so a
deleted or changed one cannot be made again.
"""

from __future__ import annotations

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.network import Interface, Other, Tuntap
from iplab.operations.base import OnDevice, Operation


class AddTunnel(OnDevice, frozen=True):
    """``ip tunnel add DEV WORDS…``; ``words`` are ip-tunnel(8)'s own."""

    words: tuple[str, ...]

    def change(self, draft: Draft) -> None:
        if draft.find(self.end) is not None:
            raise CannotApply(f"there is a device {self.end} already")
        draft.put(self.node, Interface(self.device, Other("tunnel")))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteTunnel(self.node, self.device, ())]


class ChangeTunnel(OnDevice, frozen=True):
    """``ip tunnel change DEV WORDS…``."""

    words: tuple[str, ...]

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


class DeleteTunnel(OnDevice, frozen=True):
    """``ip tunnel del DEV WORDS…``."""

    words: tuple[str, ...]

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)
        draft.drop(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


class AddOwnedTuntap(OnDevice, frozen=True):
    """``ip tuntap add dev DEV mode MODE [user USER] [group GROUP]`` (ip-tuntap(8))."""

    tuntap: Tuntap
    group: str | None = None

    def change(self, draft: Draft) -> None:
        if draft.find(self.end) is not None:
            raise CannotApply(f"there is a device {self.end} already")
        draft.put(self.node, Interface(self.device, self.tuntap, mtu=Tuntap.default_mtu))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteTuntap(self.node, self.device, self.tuntap.mode)]


class DeleteTuntap(OnDevice, frozen=True):
    """``ip tuntap del dev DEV mode MODE``."""

    mode: str

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)
        draft.drop(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        found = before.interface(self.end)
        if isinstance(found.kind, Tuntap) and not found.addresses and not found.up:
            return [AddOwnedTuntap(self.node, self.device, found.kind)]
        return None


class SetActiveSlave(OnDevice, frozen=True):
    """``ip link set BOND type bond active_slave PORT``."""

    port: str

    def change(self, draft: Draft) -> None:
        draft.put(self.node, replace(draft.interface(self.end)))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None
