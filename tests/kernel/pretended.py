"""What the pretended kernel holds: tunnels, a card with registers, a radio.

Each is as much of the kernel's own code as the old tools and `ip` can see of it; the file it
follows stands beside it.
"""

from __future__ import annotations

import errno
import socket
import struct
from dataclasses import dataclass, field, replace
from typing import ClassVar

from tests.kernel.pretend import Memory

_READS = range(0x8910, 0x8940)  # SIOCGIFNAME, SIOCGIFFLAGS, SIOCGIFINDEX …


def others(request: int) -> int | None:
    """The rest: what asks about a device or a terminal is the real kernel's; nothing is changed."""
    return None if request < 0x8900 or request in _READS else errno.EPERM


# ---------------------------------------------------------------- tunnels


@dataclass(frozen=True)
class Tunnel:
    """``struct ip_tunnel_parm`` (linux/if_tunnel.h)."""

    form: ClassVar[str] = "16sIHHII BBHHHBBHII"
    name: str = ""
    link: int = 0
    i_flags: int = 0
    o_flags: int = 0
    i_key: int = 0
    o_key: int = 0
    iph: tuple[int, ...] = (0,) * 10  # struct iphdr

    @classmethod
    def unpack(cls, data: bytes) -> Tunnel:
        """From a program's memory."""
        name, link, i, o, ikey, okey, *iph = struct.unpack("!" + cls.form, data)
        # The interface's number alone is in the machine's own order.
        return cls(
            name.partition(b"\0")[0].decode(), socket.ntohl(link), i, o, ikey, okey, tuple(iph)
        )

    def pack(self) -> bytes:
        """For a program's memory."""
        name, link = self.name.encode(), socket.htonl(self.link)
        flags = (self.i_flags, self.o_flags, self.i_key, self.o_key)
        return struct.pack("!" + self.form, name, link, *flags, *self.iph)

    @property
    def ends(self) -> tuple[object, ...]:
        """What ip_tunnel_find() goes by: where it goes, and the key of what comes in."""
        key = self.i_key if self.i_flags & 0x2000 else None
        return (self.protocol, self.iph[8:], self.link, key)

    @property
    def protocol(self) -> int:
        """4 (ipip), 47 (gre) or 41 (sit)."""
        return self.iph[6]


@dataclass
class Tunnels:
    """SIOCGETTUNNEL and its kin: ip_tunnel_ctl() in net/ipv4/ip_tunnel.c."""

    held: dict[str, Tunnel] = field(default_factory=dict)
    fallback: ClassVar[dict[str, int]] = {"tunl0": 4, "gre0": 47, "sit0": 41}

    def __call__(self, request: int, memory: Memory, at: int) -> int | None:
        """Answer an ioctl."""
        if not 0x89F0 <= request <= 0x89F3:
            return others(request)
        return self._control(request - 0x89F0, memory.name(at), memory, memory.pointer(at + 16))

    def _control(self, what: int, device: str, memory: Memory, at: int) -> int:
        size = struct.calcsize("!" + Tunnel.form)
        asked = Tunnel.unpack(memory.read(at, size))
        if device not in self.held and device not in self.fallback:
            return errno.ENODEV
        if what == 0:
            memory.write(at, self.held.get(device, Tunnel(device)).pack())
            return 0
        if what == 2:
            return 0 if self.held.pop(device, None) is not None else errno.EPERM
        same = next((n for n, t in self.held.items() if t.ends == asked.ends), None)
        if what == 1:
            if same is not None or asked.name in self.held:
                return errno.EEXIST
            self.held[asked.name] = asked
            return 0
        if device not in self.fallback:
            if same not in (None, device):
                return errno.EEXIST
            same = device
        if same is None:
            return errno.ENOENT
        # ip_tunnel_update(); the flags are set on the device that was named (ipgre_tunnel_ctl()).
        old, named = self.held[same], device in self.held
        self.held[same] = replace(
            old,
            iph=asked.iph,
            link=asked.link,
            i_key=asked.i_key,
            o_key=asked.o_key,
            i_flags=asked.i_flags if named else old.i_flags,
            o_flags=asked.o_flags if named else old.o_flags,
        )
        return 0


# ---------------------------------------------------------------- a card with registers


@dataclass
class Card:
    """A transceiver: SIOCGMIIPHY, SIOCGMIIREG and SIOCSMIIREG as phy_mii_ioctl() has them, with
    what drivers/net/phy/phy.c makes of what is written."""

    autoneg: bool = True
    speed: int = 1000
    full: bool = True
    advertised: int = 0x1E0  # 10 and 100 Mbit/s, both half and full duplex (MII_ADVERTISE)
    asked: bool = False
    restarts: int = 0

    def __call__(self, request: int, memory: Memory, at: int) -> int | None:
        """Answer an ioctl."""
        if request == 0x8947:
            memory.write(at + 16, struct.pack("H", 1))
        elif request == 0x8948:
            self.asked = True
            memory.write(at + 16 + 6, struct.pack("H", 0x782D))
        elif request == 0x8949:
            _, number, value = struct.unpack("HHH", memory.read(at + 16, 6))
            self._write(number, value)
        else:
            return others(request)
        return 0

    def _write(self, register: int, value: int) -> None:
        if register == 0:  # MII_BMCR
            self.autoneg = bool(value & 0x1000)
            if self.autoneg:
                self.restarts += bool(value & 0x0200)
            else:
                self.speed = 100 if value & 0x2000 else 10
                self.full = bool(value & 0x0100)
        elif register == 4:  # MII_ADVERTISE
            self.advertised = value & 0x3E0


# ---------------------------------------------------------------- a radio


@dataclass
class Radio:
    """The wireless extensions' requests (linux/wireless.h), written down, each granted."""

    asked: list[tuple[str, object]] = field(default_factory=list)

    def __call__(self, request: int, memory: Memory, at: int) -> int | None:
        """Answer an ioctl."""
        if not 0x8B00 <= request <= 0x8BFF:
            return others(request)
        if request & 1:  # SIOCGIW…: nothing is known
            return errno.EOPNOTSUPP if request == 0x8B0B else 0
        value = memory.read(at + 16, 16)
        match request:
            case 0x8B04:
                mantissa, exponent = struct.unpack("ih", value[:6])
                self.asked.append(("freq", mantissa * 10**exponent))
            case 0x8B06:
                self.asked.append(("mode", struct.unpack("I", value[:4])[0]))
            case 0x8B1A:
                pointer, length, flags = struct.unpack("QHH", value[:12])
                self.asked.append(("essid", memory.read(pointer, length) if flags else None))
            case 0x8B26:
                self.asked.append(("txpower", struct.unpack("iBBH", value[:8])))
            case 0x8B2C:
                self.asked.append(("power", struct.unpack("iBBH", value[:8])))
            case _:
                self.asked.append((hex(request), value))
        return 0
