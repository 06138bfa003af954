"""``ifconfig X add A`` and ``del A`` for IPv4: aliases numbered and found by label (ifconfig.c,
set_ifstate and do_ifcmd)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from iplab.legacy.answer import NoEquivalent
from iplab.legacy.devinet import Held, Inet
from iplab.network import Namespace

if TYPE_CHECKING:
    from iplab.legacy.ifstate import Target

MOST = 256


class Aliases:
    """The labels there are when the line begins: ifconfig reads its list of interfaces once."""

    def __init__(self, inet: Inet, state: Namespace, by_label: Callable[[str], Target]) -> None:
        self.inet = inet
        self.by_label = by_label
        # It compares only as many bytes as the device's name has: `eth1` finds `eth10:0` as well.
        self.labels = sorted(
            {
                a.label
                for interface in state.interfaces.values()
                for a in interface.addresses
                if a.label and a.label.startswith(inet.device) and ":" in a.label
            }
        )
        self.copied: tuple[int, IPv4Address | None] = (0, None)
        self.last: dict[str, IPv4Address] = {}  # the address each had when ifconfig last looked
        self.elsewhere = [n for n in self.labels if n.partition(":")[0] != inet.device]

    def add(self, address: IPv4Address) -> None:
        """Set ``address`` on the first free number."""
        found = self._having(address)
        if found is not None:
            self.by_label(found).up()
            return
        self._new(address)

    def delete(self, address: IPv4Address) -> None:
        """Take away the alias that has ``address``; none having it, one is made."""
        found = self._having(address)
        if found is not None:
            self.by_label(found).down()
            return
        target = self._new(address)
        target.answer.note(
            f"ifconfig finds no alias with {address} and, as it is written, adds one; to delete an "
            f"address without alias label: ip addr del"
        )

    def _having(self, address: IPv4Address) -> str | None:
        for label in self.labels:
            one = self.inet.find(label)
            if one is not None:
                found = (one.address.peer or one.address.local).ip
                self.last[label] = IPv4Address(int(found))
            if self.last.get(label) == address:  # also where the alias is gone by now
                return label
        return None

    def _new(self, address: IPv4Address) -> Target:
        if self.elsewhere:
            raise NoEquivalent(f"ifconfig counts {self.elsewhere[0]} among this device's aliases")
        taken = {_number(label) for label in self.labels}
        number = next((n for n in range(MOST) if n not in taken), None)
        if number is None:
            raise NoEquivalent("every alias number is taken")
        target = self.by_label(f"{self.inet.device}:{number}")
        if len(target.label) > 15:
            raise NoEquivalent(f"{target.label!r} is over 15 bytes: the old tool cuts it there")
        length, broadcast = self._copied()
        if target.set("add", lambda: self.inet.set_address(target.label, address)):
            done = target.set("add", lambda: self.inet.set_netmask(target.label, length))
            if done:
                brd = IPv4Address(int(broadcast)) if broadcast else IPv4Address(0)
                target.set("add", lambda: self.inet.set_broadcast(target.label, brd))
                target.no_flag("broadcast")
        return target

    def _copied(self) -> tuple[int, IPv4Address | None]:
        """The mask and broadcast that ifconfig takes for the device's own (if_fetch()).

        It asks for them with the answer to the question before still in its hands, and the kernel
        answers for the address that this is, where there is one, instead of for the first.
        """
        own = self.inet.find(self.inet.device)
        if own is None:
            return self.copied  # what it heard last

        def of(told: int) -> Held:
            for held in self.inet.held:
                mine = self.inet.label(held.address) == self.inet.device
                if mine and int(held.address.local.ip) == told:
                    return held
            return own

        broadcast = of(int((own.address.peer or own.address.local).ip)).address.broadcast
        mask = of(int(broadcast) if broadcast else 0).address.local.network
        self.copied = mask.prefixlen, IPv4Address(int(broadcast)) if broadcast else None
        return self.copied


def _number(label: str) -> int:
    digits = ""
    for c in label.partition(":")[2]:
        if not c.isdigit():
            break
        digits += c
    return int(digits or "0")
