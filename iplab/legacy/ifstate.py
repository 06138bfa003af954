"""The device that an ifconfig line speaks of: what it has, what it is told, what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Interface

from iplab.legacy.aliases import Aliases
from iplab.legacy.answer import Answer, NoEquivalent
from iplab.legacy.devinet import Refused
from iplab.legacy.iflist import listed
from iplab.legacy.lookup import DEPENDS
from iplab.legacy.tidy import tidy
from iplab.legacy.words import device as device_word
from iplab.network import Address, Interface
from iplab.operations import (
    AddAddress,
    DeleteAddress,
    FlushAddresses,
    Operation,
    RenameLink,
    SetDown,
    SetFlag,
    SetLladdr,
    SetMtu,
    SetQueueLength,
    SetUp,
)


class Target:
    """The device and, in ``label``, the word it was called by (``eth0:1`` is an alias label)."""

    def __init__(self, label: str, answer: Answer) -> None:
        name, colon, _ = label.partition(":")
        self.answer = answer
        self.label = label
        self.name = device_word(name)
        self.alias = bool(colon)
        if len(label) > 15:
            raise NoEquivalent(f"{label!r} is over 15 bytes: the old tool cuts it there")
        self.device = answer.device(self.name)
        self.node = answer.node
        self.up_now: bool | None = self.device.up if self.device else None
        self.inet = listed(self.name, self.device, answer)
        self.had = bool(self.inet.held)
        self.labelled = False  # whether an address was set with our label, in a list not known
        self.renamed = ""
        self.tiny = False  # an mtu that IPv4 cannot live with (inetdev_valid_mtu)
        self.settled = True  # whether the state still says which IPv6 addresses there are

    @classmethod
    def of(cls, label: str, answer: Answer) -> Target:
        """The target of a line; ``ToolFails`` where a known state has no such device."""
        return cls(label, answer)

    # ------------------------------------------------------------ the ends of the line

    def finish(self) -> None:
        """Write what was collected onto the answer, with what a reader should know."""
        answer, inet = self.answer, self.inet
        routes = bool(self.device and self.device.up) and inet.routes
        if inet.loopback and not (self.device and self.device.up):
            # It gets 127.0.0.1/8 by coming up, so what comes before and after that matters.
            answer.do(*inet.operations)
        else:
            answer.do(*tidy(inet.operations, had=self.had or inet.assumed, routes=routes))
        if inet.guessed_promote:
            answer.doubt(
                "assumes that net.ipv4.conf.*.promote_secondaries is 0: the state does not say"
            )
        if self.device is not None:
            self._say_what_goes(self.device)

    def _say_what_goes(self, device: Interface) -> None:
        answer, inet = self.answer, self.inet
        kept = {h.address.local for h in inet.held}
        for gone in inet.replaced:
            if gone in device.addresses and gone.local not in kept:
                answer.note(f"takes away {gone.local}, which is there now")
        for lost in inet.lost:
            if lost.local not in kept:
                answer.note(f"{lost.local} goes with it: a secondary address of that subnet")
        if inet.emptied and answer.state and self.had:
            mine = [r for r in answer.state.routes if r.device == self.name]
            for route in mine:
                if route.destination.version == 4:
                    answer.note(f"the route {route} goes with the device's last address")

    def _do(self, *operations: Operation) -> None:
        if self._gone():
            return
        self.inet.operations += operations

    def _gone(self) -> bool:
        """Whether the device has another name by now, which is noted as a failure."""
        if not self.renamed:
            return False
        if self.answer.state is None:
            self.answer.doubt(f"assumes that there is no device {self.renamed} yet")
        self.answer.fails(f"there is no device {self.name} after `name`")
        return True

    def refuse(self, text: str) -> None:
        """The kernel would not; ifconfig goes on."""
        self.answer.fails(text)

    # ------------------------------------------------------------ flags and plain settings

    def flag(self, flag: str, on: bool) -> None:
        """A flag word that `ip link set` has too."""
        if self.alias:
            self._alias_flag(up=False)
            return
        self._do(SetFlag(self.node, self.name, flag, on))

    def no_flag(self, word: str) -> None:
        """``[-]broadcast``, ``[-]pointopoint``: flags that nobody can set (IFF_VOLATILE)."""
        if self.alias:
            self._alias_flag(up=False)
        elif word in ("-broadcast", "-pointopoint"):
            self.answer.note(f"{word} changes nothing: the kernel does not let that flag be set")

    def up(self) -> None:
        """``up``."""
        if self.alias:
            self._alias_flag(up=True)
            return
        if self.up_now is not True:
            self._do(SetUp(self.node, self.name))
            self.inet.comes_up()
        self.up_now = True
        self.settled = False

    def down(self) -> None:
        """``down``: of an alias, its address goes."""
        if self.alias:
            if self.inet.assumed and self.inet.find(self.label) is None:
                self._flush_unknown()
                return
            self.set("down", lambda: self.inet.delete_label(self.label))
            return
        if self.up_now is not False:
            self._do(SetDown(self.node, self.name))
        self.up_now = False
        self.settled = False

    def _flush_unknown(self) -> None:
        self._do(FlushAddresses(self.node, self.name, self.label))
        self.answer.doubt(
            f"assumes at most one address with the label {self.label} (ifconfig never makes more)"
        )

    def _alias_flag(self, *, up: bool) -> None:
        """Through an alias the kernel looks at IFF_UP alone: not set, the alias goes."""
        here = self.inet.find(self.label)
        if here is None and not self.inet.assumed:
            self.answer.fails(f"there is no alias {self.label} (Cannot assign requested address)")
            return
        if up or self.up_now:
            return
        if self.up_now is None:
            self.answer.doubt(
                f"assumes that {self.name} is up: on a device that is down this deletes the alias"
            )
            return
        self.set("flags", lambda: self.inet.delete_label(self.label))

    def mtu(self, mtu: int) -> None:
        """``mtu N``."""
        if mtu < 0:
            self.refuse(f"mtu {mtu}: Invalid argument")
        elif self.device is None or self.device.mtu != mtu or not self.settled:
            self._do(SetMtu(self.node, self.name, mtu))
            self.settled = False
            self.tiny = mtu < 68

    def queue(self, length: int) -> None:
        """``txqueuelen N``."""
        self._do(SetQueueLength(self.node, self.name, length))

    def lladdr(self, lladdr: str) -> None:
        """``hw ether MAC``: refused on what is no Ethernet device, where ip would set it."""
        if self.inet.loopback or self.inet.point_to_point:
            self.refuse(f"hw ether: {self.name} is no Ethernet device (Invalid argument)")
            return
        self._do(SetLladdr(self.node, self.name, lladdr))

    def rename(self, name: str) -> None:
        """``name NEW``, which is in no man page; what follows speaks of a device that is gone."""
        state = self.answer.state
        if state and name in state.interfaces:
            self.refuse(f"there is a device {name} already")
            return
        self._do(RenameLink(self.node, self.name, name))
        self.renamed = name

    # ------------------------------------------------------------ IPv4

    def set(self, word: str, action: Callable[[], None]) -> bool:
        """Replay one ioctl; False, noted, where the kernel refuses it."""
        if self.tiny:
            raise NoEquivalent(f"{word} after an mtu under 68, at which the kernel drops IPv4")
        if self._gone():
            return False
        try:
            action()
        except Refused as refused:
            self.answer.fails(f"{word}: {refused}")
            return False
        return True

    def address(self, word: str, address: IPv4Address, *, up: bool = True) -> None:
        """An address by itself: SIOCSIFADDR, then up unless it is an alias."""
        if self.inet.assumed:
            self._doubt_address(address)
        self.set(word, lambda: self.inet.set_address(self.label, address))
        if self.alias:
            self._alias_flag(up=True)
        elif up:
            self.up()

    def _doubt_address(self, address: IPv4Address) -> None:
        label, inet = self.label, self.inet
        if int(address) == 0:
            self.answer.doubt(
                f"takes away every address labelled {label}; the old tool takes the first"
            )
            return
        kind = "point-to-point" if inet.point_to_point else "an Ethernet-like device"
        if not inet.broadcast and not inet.point_to_point:
            kind = "a loopback device"
        self.answer.doubt(
            f"assumes that {self.name} is {kind} with at most one address labelled {label}, and "
            f"not yet with {address}, which ifconfig would leave as it is"
        )

    def _known(self, word: str) -> None:
        if self.inet.assumed and self.inet.find(self.label) is None:
            raise NoEquivalent(
                f"{word} changes the address of {self.label}, which is not known; {DEPENDS}"
            )

    def netmask(self, word: str, length: int) -> None:
        """``netmask M``."""
        self._known(word)
        self.set(word, lambda: self.inet.set_netmask(self.label, length))

    def broadcast(self, word: str, address: IPv4Address) -> None:
        """``broadcast B``."""
        self._known(word)
        self.set(word, lambda: self.inet.set_broadcast(self.label, address))

    def peer(self, word: str, address: IPv4Address) -> None:
        """``pointopoint D``, ``dstaddr D``."""
        self._known(word)
        self.set(word, lambda: self.inet.set_peer(self.label, address))

    # ------------------------------------------------------------ add, del

    def add4(self, address: IPv4Address) -> None:
        """``add A``: the next free alias, with the mask and broadcast of the device's own."""
        self._aliases(f"add {address}").add(address)

    def del4(self, address: IPv4Address) -> None:
        """``del A``: the alias that has it; where none has, ifconfig adds one."""
        self._aliases(f"del {address}").delete(address)

    def _aliases(self, word: str) -> Aliases:
        state = self.answer.state
        if state is None:
            raise NoEquivalent(f"which alias {word} is about depends on the labels; {DEPENDS}")
        if self.alias:
            raise NoEquivalent(f"{word} on {self.label}: an alias of an alias")
        if not hasattr(self, "_list"):
            self._list = Aliases(self.inet, state, lambda label: self._for(label))
        return self._list

    def _for(self, label: str) -> Target:
        """This same device called by another label."""
        other = object.__new__(Target)
        other.__dict__.update(self.__dict__)
        other.label, other.alias = label, True
        return other

    def add6(self, address: IPv6Interface) -> None:
        """``add A/P``, IPv6: the one form that only adds."""
        if self.device and self.settled and any(a.local == address for a in self.device.addresses):
            self.refuse(f"add {address}: File exists")
            return
        if address.ip.is_multicast:
            self.refuse(f"add {address}: no multicast address can be set")
            return
        self.settled = False
        self._do(AddAddress(self.node, self.name, Address(address)))

    def del6(self, address: IPv6Interface) -> None:
        """``del A/P``, IPv6."""
        found = self.device.addresses if self.device else ()
        if self.device and self.settled and not any(a.local == address for a in found):
            here = next((a.local for a in found if a.local.ip == address.ip), None)
            said = f"; there is {here}" if here else ""
            self.refuse(f"del {address}: Cannot assign requested address{said}")
            return
        self.settled = False
        self._do(DeleteAddress(self.node, self.name, Address(address)))

    def tunnel(self, address: IPv6Interface) -> None:
        """``tunnel ::A.B.C.D``: sit0 alone can, and makes another device."""
        if self.name != "sit0":
            self.refuse(f"tunnel: {self.name} is not sit0 (No such device)")
            return
        raise NoEquivalent(
            "makes the next free sitN, so name one yourself: ip tunnel add sit1 mode sit remote "
            f"{IPv4Address(int(address.ip) & 0xFFFFFFFF)} ttl 64; ip link set sit1 up"
        )
