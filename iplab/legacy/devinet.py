"""The IPv4 addresses of one device as the kernel keeps them, and what the old ioctls do to them.

A replay of net/ipv4/devinet.c (devinet_ioctl, __inet_insert_ifa, __inet_del_ifa).  SIOCSIFADDR and
its kin delete an address and insert another; ``ip addr del`` and ``ip addr add`` run the same code,
so each step is written down as one of those.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from msgspec import Struct, field
from msgspec.structs import replace

from iplab.network import Address
from iplab.operations import AddAddress, DeleteAddress, FlushAddresses, Operation


class Refused(Exception):
    """The kernel answers an ioctl with an error; the message is its words."""


INVALID = "Invalid argument"
NOT_AVAILABLE = "Cannot assign requested address"
EXISTS = "File exists"


class Held(Struct):
    """An address in the kernel's list; ``secondary`` where an earlier one has its subnet."""

    address: Address
    secondary: bool = False

    @property
    def subnet(self) -> IPv4Network:
        return subnet(self.address)


class Inet(Struct):
    """One device's list, in the kernel's order.

    ``assumed`` marks a list that is not known: the first time a label is looked for, whatever has
    it is flushed.  ``promote`` is the sysctl promote_secondaries (``None``: not known).
    ``broadcast`` and ``point_to_point`` are the device's flags.
    """

    node: str
    device: str
    held: list[Held] = field(default_factory=list)
    broadcast: bool = True
    point_to_point: bool = False
    loopback: bool = False
    promote: bool | None = False
    assumed: bool = False
    # Whether the device may have IPv4 routes that go when the list becomes empty.
    routes: bool = False
    operations: list[Operation] = field(default_factory=list)
    guessed_promote: bool = False
    flushed: set[str] = field(default_factory=set)
    replaced: list[Address] = field(default_factory=list)
    lost: list[Address] = field(default_factory=list)
    emptied: bool = False

    def load(self, addresses: Iterable[Address]) -> None:
        """Take over what ``ip addr show`` lists, in its order."""
        for address in addresses:
            if address.local.version == 4:
                entry = Held(address)
                entry.secondary = any(self._same(h, address) for h in self.held)
                self.held.append(entry)

    def find(self, label: str) -> Held | None:
        """The first address whose label is ``label`` (the device's name where it has no other)."""
        return next((h for h in self.held if self.label(h.address) == label), None)

    def label(self, address: Address) -> str:
        """An address's label, written out."""
        return address.label or self.device

    # ------------------------------------------------------------ the ioctls

    def set_address(self, label: str, local: IPv4Address) -> None:
        """SIOCSIFADDR; ``Refused`` where the kernel would."""
        if classful(local) is None:
            raise Refused(INVALID)
        old = self.find(label)
        if old is not None and old.address.local.ip == local:
            return
        self._flush(label)
        new = Address(IPv4Interface((local, 32)), label=self._short(label))
        if old is not None:
            self._delete(old)
            self.replaced.append(old.address)
            kept = old.address
            new = replace(
                new,
                metric=kept.metric,
                noprefixroute=kept.noprefixroute,
                protocol=kept.protocol,
            )
        if int(local) == 0:
            return
        length = 32 if self.point_to_point else classful(local)
        new = replace(
            new,
            local=IPv4Interface((local, length)),
            scope="host" if local.is_loopback else "global",
        )
        if self.broadcast and not self.point_to_point and new.local.network.prefixlen < 31:
            new = replace(new, broadcast=new.local.network.broadcast_address)
        self._insert(new)

    def set_netmask(self, label: str, length: int) -> None:
        """SIOCSIFNETMASK."""
        old = self._existing(label)
        now = old.address
        if now.local.network.prefixlen == length:
            return
        self._delete(old)
        self.replaced.append(now)
        local = IPv4Interface((now.local.ip, length))
        brd = now.broadcast
        usual = IPv4Interface((now.local.ip, now.local.network.prefixlen)).network.broadcast_address
        if self.broadcast and length < 31 and brd == usual:
            brd = local.network.broadcast_address
        peer = IPv4Interface((now.peer.ip, length)) if now.peer else None
        self._insert(replace(now, local=local, broadcast=brd, peer=peer))

    def set_broadcast(self, label: str, broadcast: IPv4Address) -> None:
        """SIOCSIFBRDADDR; 0.0.0.0 means none."""
        old = self._existing(label)
        new = broadcast if int(broadcast) else None
        if old.address.broadcast == new:
            return
        self._delete(old)
        self.replaced.append(old.address)
        self._insert(replace(old.address, broadcast=new))

    def set_peer(self, label: str, peer: IPv4Address) -> None:
        """SIOCSIFDSTADDR."""
        old = self._existing(label)
        now = old.address
        if (now.peer or now.local).ip == peer:
            return
        if classful(peer) is None:
            raise Refused(INVALID)
        self._delete(old)
        self.replaced.append(now)
        length = now.local.network.prefixlen
        other = IPv4Interface((peer, length)) if peer != now.local.ip else None
        self._insert(replace(now, peer=other))

    def delete_label(self, label: str) -> None:
        """SIOCSIFFLAGS without IFF_UP on an alias: its address goes."""
        self._delete(self._existing(label))

    def comes_up(self) -> None:
        """The device goes up: a loopback gets 127.0.0.1/8 then, unless it has (inetdev_event)."""
        if self.loopback and not self.assumed:
            with suppress(Refused):
                self._insert(Address(IPv4Interface("127.0.0.1/8"), scope="host"), tell=False)

    # ------------------------------------------------------------ what they are made of

    def _existing(self, label: str) -> Held:
        found = self.find(label)
        if found is None:
            raise Refused(NOT_AVAILABLE)
        return found

    def _flush(self, label: str) -> None:
        if self.assumed and label not in self.flushed and self.find(label) is None:
            self.flushed.add(label)
            self.operations.append(FlushAddresses(self.node, self.device, label))

    def _short(self, label: str) -> str | None:
        return None if label == self.device else label

    @staticmethod
    def _same(held: Held, address: Address) -> bool:
        return held.subnet == subnet(address)

    def _insert(self, address: Address, *, tell: bool = True) -> None:
        at, secondary = 0, False
        scope = SCOPES.get(address.scope, 0)
        for n, one in enumerate(self.held):
            if not one.secondary and scope <= SCOPES.get(one.address.scope, 0):
                at = n + 1
            if self._same(one, address):
                if one.address.local.ip == address.local.ip:
                    raise Refused(EXISTS)
                if one.address.scope != address.scope:
                    raise Refused(INVALID)
                secondary = True
        place = len(self.held) if secondary else at
        if tell:
            self.operations.append(AddAddress(self.node, self.device, address))
        self.held.insert(place, Held(address, secondary))

    def _delete(self, gone: Held) -> None:
        self.operations.append(DeleteAddress(self.node, self.device, gone.address))
        after = self.held[self.held.index(gone) + 1 :]
        same = [h for h in after if h.secondary and self._same(h, gone.address)]
        if same and not gone.secondary:
            if self.promote is None:
                self.guessed_promote = True
            if self.promote:
                self._promote(gone, same[0])
            else:
                self.lost += [h.address for h in same]
                self.held = [h for h in self.held if h not in same]
        self.held.remove(gone)
        if not self.held:
            self.emptied = True

    def _promote(self, gone: Held, first: Held) -> None:
        """The first secondary becomes the primary and moves up behind the last primary."""
        scope = SCOPES.get(gone.address.scope, 0)
        last = self.held[0]
        start = self.held.index(gone) + 1
        between = self.held[start : self.held.index(first)]
        for one in between:
            if not one.secondary and scope <= SCOPES.get(one.address.scope, 0):
                last = one
        first.secondary = False
        if between:
            self.held.remove(first)
            self.held.insert(self.held.index(last) + 1, first)


# RT_SCOPE_*: the larger, the nearer.
SCOPES = {"global": 0, "site": 200, "link": 253, "host": 254, "nowhere": 255}


def subnet(address: Address) -> IPv4Network:
    """What the kernel compares (inet_ifa_match): the peer's subnet where there is a peer."""
    return (address.peer or address.local).network  # type: ignore[return-value]


def classful(address: IPv4Address) -> int | None:
    """inet_abc_len: the prefix length of the address's class, ``None`` for multicast."""
    value = int(address)
    if value in (0, 0xFFFFFFFF):
        return 0
    first = value >> 24
    if first < 128:
        return 8
    if first < 192:
        return 16
    if first < 224:
        return 24
    return None if first < 240 else 32
