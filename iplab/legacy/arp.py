"""arp(8), net-tools 2.10: options anywhere (getopt), then what to show, set or delete (arp.c)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

from msgspec import Struct, field

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.lookup import DEPENDS, device_with, direct_device, is_own, neighbour
from iplab.legacy.words import device as device_word
from iplab.legacy.words import ether, getopt, ipv4
from iplab.network import Namespace
from iplab.operations import (
    AddProxy,
    DeleteNeighbour,
    DeleteProxy,
    ReplaceNeighbour,
    SetSysctl,
)

_LONG = {
    "verbose": "v",
    "version": "V",
    "all": "a",
    "delete": "d",
    "file": "f",
    "numeric": "n",
    "symbolic": "N",
    "set": "s",
    "protocol=": "A",
    "hw-type=": "H",
    "device=": "i",
    "help": "h",
    "use-device": "D",
}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``arp …`` onto ``answer``."""
    options, rest = getopt(words[1:], "A:H:adfp:nsei:t:vhDNV", _LONG)
    what, entry = "", _Entry(answer)
    for letter, value in options:
        match letter:
            case "a" | "d" | "s" | "f":
                what = letter  # the last one counts
            case "i":
                entry.device = value
            case "D":
                entry.of_device = True
            case "A" | "p" if value not in ("inet", "ip", "tcpip"):
                raise NoEquivalent(
                    f"the protocol {value}: ip neigh has the MAC addresses of IP only"
                )
            case "H" | "t" if value != "ether":
                raise NoEquivalent(f"the hardware type {value}")
            case "V" | "h":
                raise NoEquivalent("speaks of arp itself: ip -V, ip neigh help")
    if what == "s":
        entry.set(rest)
    elif what == "d":
        entry.delete(rest)
    elif what == "f":
        _file(rest[0] if rest else "/etc/ethers", entry, answer)
    else:
        _show(rest, entry.device, answer)
        if "d" in [letter for letter, _ in options]:
            answer.note("with -a it lists, and deletes nothing; ip neigh flush … deletes")


def _show(rest: list[str], device: str | None, answer: Answer) -> None:
    which: tuple[str, ...] = ()
    if rest:
        which += (str(ipv4(rest[0], answer).address),)
    if device:
        which += ("dev", device_word(device))
    answer.do(Show(("ip", "-4", "neigh", "show", *which)))
    answer.do(Show(("ip", "-4", "neigh", "show", "proxy", *which)))
    answer.note("another layout: INCOMPLETE for (incomplete); what arp marks PUB stands by itself")


def _file(name: str, entry: _Entry, answer: Answer) -> None:
    if answer.context.read_file is None:
        raise NoEquivalent(f"the entries are in {name}, which is read when arp runs")
    try:
        text = answer.context.read_file(name)
    except (OSError, UnicodeDecodeError):
        raise ToolFails(f"arp cannot open {name}") from None
    for line in text.splitlines():
        words = line.split()
        if line.startswith("#") or not line:
            continue
        if len(words) < 2:
            answer.fails(f"{name}: format error: {line!r}")
            continue
        if ":" in words[0]:
            words[:2] = [words[1], words[0]]
        try:
            entry.set(words)
        except ToolFails as failing:
            answer.fails(f"{line!r}: {failing.message}")


class _Words(Struct):
    """What may follow an address: flags, a device, a netmask."""

    flags: set[str] = field(default_factory=set)
    netmask: IPv4Address | None = None


class _Entry:
    """One entry being set or deleted; the device stays for the next line of a file."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.device: str | None = None
        self.of_device = False

    def _modifiers(self, words: list[str], known: frozenset[str]) -> _Words:
        found = _Words()
        words = list(words)
        while words:
            word = words.pop(0)
            if word in known:
                if word == "priv":
                    found.flags.discard("pub")
                if word == "pub":
                    found.flags.discard("priv")
                found.flags.add(word)
            elif word in ("dev", "netmask"):
                if not words:
                    raise ToolFails(f"{word} wants a value")
                value = words.pop(0)
                if word == "dev":
                    self.device = value
                elif value != "255.255.255.255":
                    found.netmask = ipv4(value, self.answer).address
            else:
                raise ToolFails(f"arp does not know {word!r} here")
        return found

    def _on(self) -> str | None:
        """The device that was named; ``ToolFails`` where a known state has it not."""
        if self.device is None or self.device == "":
            return None
        name = device_word(self.device)
        self.answer.device(name)
        return name

    def _state(self, why: str) -> Namespace:
        if self.answer.state is None:
            raise NoEquivalent(f"{why}; name it with -i, or {DEPENDS}")
        self.answer.used_state = True
        return self.answer.state

    # ------------------------------------------------------------ -s

    def set(self, words: list[str]) -> None:
        """``-s HOST MAC [temp] [pub] [dev X] [netmask M]``."""
        answer = self.answer
        if len(words) < 2:
            raise ToolFails("arp -s wants a host and a hardware address")
        address = ipv4(words[0], answer).address
        lladdr, owner = self._lladdr(words[1])
        found = self._modifiers(
            words[2:], frozenset({"temp", "pub", "priv", "trail", "dontpub", "auto"})
        )
        if "pub" in found.flags:
            self._publish(address, lladdr, owner, found)
            return
        if found.netmask is not None or "dontpub" in found.flags:
            raise ToolFails("a netmask, or dontpub, goes with pub only (Invalid argument)")
        device = self._on() or self._reaching(address)
        if lladdr is None:
            assert owner is not None
            raise NoEquivalent(f"the entry gets the MAC address of {owner}, not known; {DEPENDS}")
        state = "stale" if "temp" in found.flags else "permanent"
        answer.do(ReplaceNeighbour(answer.node, device, address, lladdr, state))
        if state == "stale":
            answer.note("arp's temp is ip's `nud stale`: it may be used at once and be forgotten")

    def _lladdr(self, word: str) -> tuple[str | None, str | None]:
        """The MAC address, and with -D the device it is of."""
        if not self.of_device:
            lladdr = ether(word)
            if lladdr is None:
                raise ToolFails(f"{word!r} is no hardware address")
            return lladdr, None
        name = device_word(word)
        found = self.answer.device(name)
        return (found.lladdr if found else None), name

    def _reaching(self, address: IPv4Address) -> str:
        """The device on the way to the address; to one of our own that is lo, without ARP."""
        state = self._state(f"the device is the one that reaches {address} when arp runs")
        if is_own(state, address):
            raise ToolFails(f"{address} is one of the machine's own addresses (Invalid argument)")
        device, certain = direct_device(state, address)
        if device is None:
            raise ToolFails(f"no device reaches {address} directly (Network is unreachable)")
        if not certain:
            self.answer.doubt(f"assumes that {device} is the device that reaches {address}")
        return device

    def _publish(
        self, address: IPv4Address, lladdr: str | None, owner: str | None, found: _Words
    ) -> None:
        """A proxy entry: the MAC address only says on which device."""
        answer = self.answer
        device = self._on()
        if device is None and lladdr is not None and answer.state is not None:
            device = device_with(answer.state, lladdr)
            answer.used_state = True
            if device is None:
                raise ToolFails(f"no device has the MAC address {lladdr} (No such device)")
        elif device is None and owner is not None:
            device = owner
        elif device is None:
            raise NoEquivalent(f"the device is the one whose MAC address is given; {DEPENDS}")
        if answer.state is None and owner not in (None, device):
            answer.doubt(f"assumes that there is a device {owner}")
        if found.netmask is None:
            answer.do(AddProxy(answer.node, device, address))
            answer.note("the kernel answers with the device's own MAC address; arp's is ignored")
        elif int(found.netmask) == 0:
            answer.do(SetSysctl(answer.node, f"net/ipv4/conf/{device}/proxy_arp", "1"))
            answer.note("netmask 0.0.0.0 means proxy ARP for everything, which is a sysctl")
        else:
            raise ToolFails(f"netmask {found.netmask} is refused by the kernel (Invalid argument)")

    # ------------------------------------------------------------ -d

    def delete(self, words: list[str]) -> None:
        """``-d HOST [pub|priv] [dev X] [netmask M]``."""
        answer = self.answer
        if not words:
            raise ToolFails("arp -d wants a host")
        address = ipv4(words[0], answer).address
        found = self._modifiers(
            words[1:], frozenset({"temp", "pub", "priv", "trail", "dontpub", "auto"})
        )
        if found.netmask is not None:
            raise NoEquivalent("-d with a netmask: only a sysctl could stand for it")
        if "dontpub" in found.flags:
            raise ToolFails("dontpub goes with pub only (Invalid argument)")
        pub, priv = "pub" in found.flags, "priv" in found.flags
        device = self._on()
        if answer.state is not None and answer.state.neighbours is not None:
            self._delete_known(address, device, pub, priv)
            return
        if device is None and not pub:
            device = self._reaching(address)
        if device is None:
            raise NoEquivalent("a published entry is one device's, which -d must name with -i")
        if pub:
            answer.do(DeleteProxy(answer.node, device, address))
            return
        answer.do(DeleteNeighbour(answer.node, device, address))
        if not priv:
            answer.doubt(f"assumes that {address} has an entry of its own, not a published one")

    def _delete_known(
        self, address: IPv4Address, device: str | None, pub: bool, priv: bool
    ) -> None:
        answer = self.answer
        state = self._state("")
        own = device
        if not pub:
            if own is None:
                own = self._reaching(address)
            if neighbour(state, address, own, proxy=False):
                answer.do(DeleteNeighbour(answer.node, own, address))
                return
            if priv:
                raise ToolFails(f"no ARP entry for {address}")
        if device is not None and neighbour(state, address, device, proxy=True):
            answer.do(DeleteProxy(answer.node, device, address))
            return
        raise ToolFails(f"no ARP entry for {address}" + ("" if device else " (without -i)"))
