"""Where BusyBox's ifconfig differs from net-tools (networking/ifconfig.c, BusyBox 1.35)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iplab.legacy.answer import NoEquivalent
from iplab.legacy.devinet import subnet

if TYPE_CHECKING:
    from iplab.legacy.ifstate import Target


def broadcast_plus(target: Target) -> None:
    """``broadcast +`` behind an address and a netmask: the subnet's last address."""
    held = target.inet.find(target.label)
    if held is None:
        if target.inet.assumed:
            raise NoEquivalent("broadcast + depends on the address that is there; give the state")
        target.refuse("broadcast +: Cannot assign requested address")
        return
    target.broadcast("broadcast +", subnet(held.address).broadcast_address)
