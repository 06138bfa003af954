"""ifconfig(8), net-tools 2.10: words executed one by one, each an ioctl (ifconfig.c).

An error does not stop the rest; wrong use does.  The prefix behind an address's slash is kept and
set last of all.  What an address word does depends on what the device has: see ``devinet``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Interface

from iplab.legacy import busybox, ifshow
from iplab.legacy.answer import Answer, NoEquivalent, ToolFails
from iplab.legacy.ifstate import Target
from iplab.legacy.words import (
    atoi,
    ether,
    inet_aton,
    ipv4,
    ipv6,
    mask_length,
    prefix6,
    prefix_after_slash,
    strtoul,
)
from iplab.legacy.words import device as device_word

# The word → what `ip link set` calls it, and whether the word turns it on.
FLAGS = {
    "promisc": ("promisc", True),
    "-promisc": ("promisc", False),
    "allmulti": ("allmulticast", True),
    "-allmulti": ("allmulticast", False),
    "multicast": ("multicast", True),
    "-multicast": ("multicast", False),
    "arp": ("arp", True),
    "-arp": ("arp", False),
    "trailers": ("trailers", True),
    "-trailers": ("trailers", False),
    "dynamic": ("dynamic", True),
    "-dynamic": ("dynamic", False),
}
HARDWARE = frozenset({"mem_start", "io_addr", "irq", "media", "port", "type"})
FAMILIES = frozenset({"unix", "ax25", "netrom", "rose", "ipx", "ddp", "econet", "ash", "x25"})
# Words of other ifconfigs that this one takes for host names nobody has.
FOREIGN = frozenset(
    {"metric", "alias", "-alias", "ether", "lladdr", "prefixlen", "delete", "plumb", "unplumb"}
)


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``ifconfig …`` onto ``answer``."""
    rest = list(words[1:])
    options: set[str] = set()
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-V", "-version", "--version", "-?", "-h", "--help"):
            raise NoEquivalent(f"ifconfig {option} speaks of ifconfig itself: ip -V, ip help")
        if option not in ("-a", "-s", "-v"):
            raise ToolFails(f"ifconfig has no option {option}")
        options.add(option)
    if len(rest) < 2:
        ifshow.show(options, rest, answer)
        return
    _change(rest[0], rest[1:], answer)


class _Usage(ToolFails):
    """Wrong use: ifconfig prints its usage and stops."""


def _change(name: str, words: list[str], answer: Answer) -> None:
    target = Target.of(name, answer)
    line = _Line(target, answer)
    if words[0] == "inet6":
        line.six = True
        words = words[1:]
    elif words[0] == "inet":
        words = words[1:]
    elif words[0] in FAMILIES:
        raise NoEquivalent(f"the address family {words[0]} is gone from the kernel or from ip")
    try:
        line.run(words)
    except NoEquivalent:
        raise
    except ToolFails as failing:
        answer.fails(failing.message)
    finally:
        target.finish()


class _Line:
    """The words behind the device, being executed."""

    def __init__(self, target: Target, answer: Answer) -> None:
        self.target = target
        self.answer = answer
        self.six = False
        self.masked = False
        self.addressed = False
        self.later: tuple[str, int] | None = None
        self.words: list[str] = []

    def run(self, words: list[str]) -> None:
        """Execute the words; ``ToolFails`` where ifconfig stops."""
        self.words = list(words)
        while self.words:
            word = self.words.pop(0)
            action = self._action(word)
            if action is None:
                self._address(word)
            else:
                action()
        if self.later is not None:
            word, length = self.later
            self._set_mask(word, length)

    def _action(self, word: str) -> Callable[[], None] | None:
        target = self.target
        if word in FLAGS:
            return lambda: target.flag(*FLAGS[word])
        if word in HARDWARE:
            self._value(word)
            raise NoEquivalent(
                f"{word!r} sets what only drivers of the 1990s let one set (SIOCSIFMAP); ip has no "
                "word for it"
                + ("; ethtool -s DEV port … is the nearest" if word == "media" else "")
            )
        if word in ("keepalive", "outfill"):
            raise NoEquivalent(f"{word!r} is of SLIP lines; ip has no word for it")
        plain: dict[str, Callable[[], None]] = {
            "up": target.up,
            "down": target.down,
            "mtu": self._mtu,
            "txqueuelen": self._queue,
            "name": self._name,
            "hw": self._hw,
            "netmask": self._netmask,
            "broadcast": self._broadcast,
            "-broadcast": lambda: target.no_flag("-broadcast"),
            "dstaddr": self._dstaddr,
            "pointopoint": self._pointopoint,
            "-pointopoint": lambda: target.no_flag("-pointopoint"),
            "add": lambda: self._add(self._value("add")),
            "del": lambda: self._del(self._value("del")),
            "tunnel": self._tunnel,
        }
        if self.answer.busybox:
            plain |= {"metric": self._metric}
        return plain.get(word)

    def _value(self, word: str) -> str:
        if not self.words:
            raise _Usage(f"{word!r} wants a value")
        return self.words.pop(0)

    # ------------------------------------------------------------ plain settings

    def _mtu(self) -> None:
        self.target.mtu(atoi(self._value("mtu")))

    def _queue(self) -> None:
        text = self._value("txqueuelen")
        length, whole = strtoul(text)
        if not whole or not text or length > 2**31 - 1:
            raise NoEquivalent(f"txqueuelen {text}: no number that ip would take")
        self.target.queue(length)

    def _name(self) -> None:
        self.target.rename(device_word(self._value("name")))

    def _metric(self) -> None:
        value = self._value("metric")
        self.answer.fails(
            f"metric {value}: the kernel has no SIOCSIFMETRIC (Operation not supported)"
        )

    def _hw(self) -> None:
        kind = self._value("hw")
        if kind != "ether":
            raise NoEquivalent(f"hw {kind}: only Ethernet addresses can be translated")
        text = self._value("hw ether")
        lladdr = ether(text)
        if lladdr is None:
            self.answer.fails(f"{text}: invalid ether address")
            return
        self.target.lladdr(lladdr)

    # ------------------------------------------------------------ IPv4

    def _ipv4(self, word: str, what: str) -> IPv4Address | None:
        """An address word that does not stop ifconfig when it is wrong."""
        if self.six:
            raise NoEquivalent(f"{what} after inet6: no kernel takes such a request")
        try:
            if word.startswith(("+", "-")) or word in FOREIGN:
                raise ToolFails(f"{word!r} is neither an address nor a host name")
            return ipv4(word, self.answer).address
        except ToolFails as failing:
            self.answer.fails(f"{what} {word}: {failing.message}")
            return None

    def _netmask(self) -> None:
        if not self.words or self.masked:
            raise _Usage("netmask twice" if self.masked else "netmask wants a value")
        word = self._value("netmask")
        mask = self._ipv4(word, "netmask")
        if mask is None:
            return
        self.masked = True
        length = mask_length(mask)
        if length is None:
            self.target.refuse(f"netmask {word}: its ones are not all in front (Invalid argument)")
            return
        self._set_mask(f"netmask {word}", length)

    def _set_mask(self, word: str, length: int) -> None:
        self.target.netmask(word, length)

    def _broadcast(self) -> None:
        if self.words:
            word = self.words.pop(0)
            if self.answer.busybox and word == "+" and self.masked and self.addressed:
                busybox.broadcast_plus(self.target)
            else:
                address = self._ipv4(word, "broadcast")
                if address is None:
                    return
                self.target.broadcast(f"broadcast {word}", address)
        self.target.no_flag("broadcast")

    def _peer(self, word: str) -> bool:
        address = self._ipv4(word, "pointopoint")
        if address is None:
            return False
        self.target.peer(f"pointopoint {word}", address)
        return True

    def _dstaddr(self) -> None:
        self._peer(self._value("dstaddr"))

    def _pointopoint(self) -> None:
        if self.words and not self._peer(self.words.pop(0)):
            return
        self.target.no_flag("pointopoint")

    def _address(self, word: str, *, up: bool = True) -> None:
        if self.six:
            raise ToolFails(f"{word!r}: an IPv6 address is set with `add`, not by itself")
        if word in FOREIGN or word.startswith("-"):
            raise ToolFails(f"{word!r} is no word of this ifconfig, which takes it for a host name")
        text, length = (word, None) if self.answer.busybox else prefix_after_slash(word)
        if length is not None:
            if self.masked:
                raise _Usage("an address with a prefix after netmask")
            # An x86 shifts by the length modulo 32, so /32 leaves no mask at all.
            if length >= 32:
                if length > 32:
                    raise NoEquivalent(f"{word!r}: no IPv4 prefix is longer than 32")
                self.answer.doubt(
                    f"ifconfig makes /0 of {word} (it shifts by 32 bits); this sets the /32 that "
                    "was meant"
                )
        if ":" in text and "/" not in text and inet_aton(text) is None:
            raise ToolFails(f"{word!r} is no IPv4 address; IPv6 addresses are set with `add`")
        address = ipv4(text, self.answer).address
        if length is not None:
            self.later = (f"/{length}", length)
        self.addressed = True
        self.target.address(word, address, up=up)

    # ------------------------------------------------------------ add and del

    def _six(self, word: str) -> IPv6Interface | None:
        text, slash, length = word.partition("/")
        prefix = prefix6(length) if slash else 128
        try:
            return IPv6Interface((ipv6(text), prefix))
        except ToolFails as failing:
            self.answer.fails(failing.message)
            return None

    def _add(self, word: str) -> None:
        if ":" in word:
            address = self._six(word)
            if address is not None:
                self.target.add6(address)
            return
        if self.answer.busybox:
            # BusyBox's `add` is SIOCSIFADDR too, but leaves the device down.
            self._address(word, up=False)
            return
        found = self._ipv4(word, "add")
        if found is not None:
            self.target.add4(found)

    def _del(self, word: str) -> None:
        if ":" in word:
            address = self._six(word)
            if address is not None:
                self.target.del6(address)
            return
        if self.answer.busybox:
            raise ToolFails("SIOCDIFADDR: BusyBox cannot delete an IPv4 address")
        found = self._ipv4(word, "del")
        if found is not None:
            self.target.del4(found)

    def _tunnel(self) -> None:
        word = self._value("tunnel")
        found = self._six(word)
        if found is not None:
            self.target.tunnel(found)
