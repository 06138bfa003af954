"""What the old tools print of a machine, line for line (net-tools 2.10; ``old``: 1.60, BusyBox)."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from iplab.legacy.reading.machines import Addr, Iface, Machine, Question

_BITS = {
    "UP": 1,
    "BROADCAST": 2,
    "LOOPBACK": 8,
    "POINTOPOINT": 16,
    "RUNNING": 64,
    "NOARP": 128,
    "PROMISC": 256,
    "MULTICAST": 4096,
}
_SCOPES = {"link": "0x20<link>", "global": "0x0<global>", "host": "0x10<host>"}


def mask_of(length: int) -> str:
    """A prefix length as a netmask."""
    return str(IPv4Network(f"0.0.0.0/{length}").netmask)


def output(question: Question, machine: Machine, *, old: bool = False, errors: bool = False) -> str:
    """What the tool prints; with ``errors`` what it says on stderr too (``2>&1``)."""
    if question.family == "device":
        word = question.subject.device
        iface = machine.iface(word)
        if iface is None:
            return f"{word}: error fetching interface information: Device not found\n" * errors
        if question.layout == "short":
            return _SHORT + _short(iface, word)
        return _block(iface, word, old) + "\n"
    if question.family in ("up", "all"):
        blocks = shown(machine, everything=question.family == "all")
        if question.layout == "ifconfig":
            return "".join(_block(iface, word, old) + "\n" for iface, word in blocks)
        title = "Kernel Interface table\n" if question.layout == "netstat" else ""
        return title + _SHORT + "".join(_short(iface, word) for iface, word in blocks)
    if question.family == "neighbours":
        return _arp(machine, question)
    return _routes(machine, question, old)


def shown(machine: Machine, *, everything: bool) -> list[tuple[Iface, str]]:
    """Devices and aliases in the order in which ifconfig lists them (nstrcmp)."""
    found = []
    for iface in machine.ifaces:
        if everything or "UP" in iface.flags:
            words = {iface.name, *(a.label for a in iface.addrs)}
            found += [(iface, word) for word in words]
    return sorted(found, key=lambda pair: _natural(pair[1]))


def _natural(name: str) -> list[tuple[int, str | int]]:
    return [(1, int(p)) if p.isdigit() else (0, p) for p in re.findall(r"\d+|\D+", name)]


def first(iface: Iface, word: str) -> Addr | None:
    """The address that ifconfig shows: the first one with that label."""
    return next((a for a in iface.addrs if a.label == word), None)


def _names(iface: Iface) -> list[str]:
    return [name for name in _BITS if name in iface.flags]


def _size(count: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count}.0 B"


def _block(iface: Iface, word: str, old: bool) -> str:
    lines = _old_lines(iface, word) if old else _new_lines(iface, word)
    return "".join(f"{line}\n" for line in lines)


def _new_lines(iface: Iface, word: str) -> list[str]:
    address = first(iface, word)
    bits = sum(_BITS[name] for name in iface.flags)
    lines = [f"{word}: flags={bits}<{','.join(_names(iface))}>  mtu {iface.mtu}"]
    if address is not None:
        text = f"        inet {address.local}  netmask {mask_of(address.length)}"
        if "BROADCAST" in iface.flags:
            text += f"  broadcast {address.brd or '0.0.0.0'}"
        if "POINTOPOINT" in iface.flags:
            text += f"  destination {address.peer}"
        lines.append(text)
    if ":" not in word:
        lines += [
            f"        inet6 {a}  prefixlen {n}  scopeid {_SCOPES[scope]}"
            for a, n, scope in iface.six
        ]
    kind = "ether " + iface.mac if iface.mac else "loop" if iface.loopback else _UNSPEC
    queue = 500 if not iface.mac and not iface.loopback else 1000
    full = {True: "Ethernet"}.get(bool(iface.mac), "Local Loopback" if iface.loopback else "UNSPEC")
    lines.append(f"        {kind}  txqueuelen {queue}  ({full})")
    if ":" not in word:
        lines += [
            f"        RX packets {iface.rx[0]}  bytes {iface.rx[1]} ({_size(iface.rx[1])})",
            "        RX errors 0  dropped 0  overruns 0  frame 0",
            f"        TX packets {iface.tx[0]}  bytes {iface.tx[1]} ({_size(iface.tx[1])})",
            "        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0",
        ]
    return lines


_UNSPEC = "unspec 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00"


def _old_lines(iface: Iface, word: str) -> list[str]:
    if iface.mac:
        kind = f"Link encap:Ethernet  HWaddr {iface.mac.upper()}  "
    elif iface.loopback:
        kind = "Link encap:Local Loopback  "
    else:
        kind = "Link encap:UNSPEC  HWaddr 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00  "
    lines = [f"{word:<9} {kind}"]
    address = first(iface, word)
    if address is not None:
        text = f"          inet addr:{address.local}"
        if "POINTOPOINT" in iface.flags:
            text += f"  P-t-P:{address.peer}"
        if "BROADCAST" in iface.flags:
            text += f"  Bcast:{address.brd or '0.0.0.0'}"
        lines.append(f"{text}  Mask:{mask_of(address.length)}")
    if ":" not in word:
        lines += [f"          inet6 addr: {a}/{n} Scope:{s.title()}" for a, n, s in iface.six]
    lines.append(f"          {' '.join(_names(iface))}  MTU:{iface.mtu}  Metric:1")
    if ":" not in word:
        lines += [
            f"          RX packets:{iface.rx[0]} errors:0 dropped:0 overruns:0 frame:0",
            f"          TX packets:{iface.tx[0]} errors:0 dropped:0 overruns:0 carrier:0",
            "          collisions:0 txqueuelen:1000 ",
            f"          RX bytes:{iface.rx[1]} ({_size(iface.rx[1])})  "
            f"TX bytes:{iface.tx[1]} ({_size(iface.tx[1])})",
        ]
    return lines


_SHORT = "Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n"


def _short(iface: Iface, word: str) -> str:
    letters = {"BROADCAST": "B", "LOOPBACK": "L", "MULTICAST": "M", "NOARP": "O"}
    more = {"POINTOPOINT": "P", "RUNNING": "R", "UP": "U", "PROMISC": "P"}
    flags = "".join(v for k, v in {**letters, **more}.items() if k in iface.flags)
    if ":" in word:
        return f"{word:<15} {iface.mtu:>5}      - no statistics available -    {flags:>24}\n"
    counts = f"{iface.rx[0]:>8} {0:>6} {0:>6} {0:<6} {iface.tx[0]:>8} {0:>6} {0:>6} {0:>6}"
    return f"{word:<15} {iface.mtu:>5} {counts} {flags}\n"


def _routes(machine: Machine, question: Question, old: bool) -> str:
    netstat = question.layout == "netstat"
    columns = "MSS Window  irtt Iface" if netstat else "Metric Ref    Use Iface"
    lines = [
        "Kernel IP routing table",
        "Destination     Gateway         Genmask         Flags " + "  " * netstat + columns,
    ]
    for route in machine.routes:
        dest = route.dest
        if dest == "0.0.0.0" and (question.family == "names" or old) and not route.length:
            dest = "default"
        gateway, dev, flags = route.gateway or "0.0.0.0", route.dev, "U"
        if question.family == "names" and not route.gateway:
            gateway = "0.0.0.0"
        flags += "G" * bool(route.gateway) + "H" * (route.length == 32)
        if route.kind == "unreachable":
            gateway, dev, flags = "-", "-", "!"
        rest = f"{0:>5} {0:<6} {0:>6}" if netstat else f"{route.metric:<6} {0:<2} {0:>7}"
        lines.append(
            f"{dest:<15} {gateway:<15} {mask_of(route.length):<15} {flags:<5} {rest} {dev}"
        )
    return "".join(f"{line}\n" for line in lines)


def _arp(machine: Machine, question: Question) -> str:
    layout, _, one = question.layout.partition(" ")
    wanted = question.subject.address
    known = [n for n in machine.neighbours if not one or n.address == wanted]
    if layout == "arp-a":
        if one and not known:
            return f"arp: in {len(machine.neighbours)} entries no match found.\n"
        return "".join(f"? ({n.address}) at {n.mac} [ether] on {n.dev}\n" for n in known)
    if one and not known:
        return f"{wanted} ({wanted}) -- no entry\n"
    lines = ["Address                  HWtype  HWaddress           Flags Mask            Iface"]
    lines += [f"{n.address:<24} ether   {n.mac:<19} C                     {n.dev}" for n in known]
    return "".join(f"{line}\n" for line in lines) if known else ""
