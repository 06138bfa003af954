"""The single values of a lab file: text in, checked value out, or ``BadName`` with a hint."""

from __future__ import annotations

import pwd
import re
from contextlib import suppress
from fractions import Fraction

from iplab import keys, names
from iplab.errors import BadName
from iplab.lab.near import did_you_mean

_ON = frozenset(("on", "true", "yes", "1"))
_OFF = frozenset(("off", "false", "no", "0"))
_NUMBER = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([a-z%]*)\Z", re.ASCII)

# tc(8), "PARAMETERS, RATES": bit counts in 1000s, the -i- forms in 1024s, bps is bytes.
_PREFIX = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4,
           "ki": 1024, "mi": 1024**2, "gi": 1024**3, "ti": 1024**4}  # fmt: skip
_RATES = {
    f"{prefix}{unit}": factor * bits
    for prefix, factor in _PREFIX.items()
    for unit, bits in (("bit", 1), ("bps", 8))
} | {"": 1}
_TIMES = {
    **dict.fromkeys(("us", "usec", "usecs"), 1),
    **dict.fromkeys(("ms", "msec", "msecs"), 1000),
    **dict.fromkeys(("s", "sec", "secs"), 1_000_000),
}
_MAX_RATE = 10**13  # 10 tbit/s
# Outside of these tc rounds the bucket or latency to what proves to be another, or refuses it.
_LAB_RATES = (4_000, 512 * 10**9)
_MAX_TIME = 2**31 - 1  # microseconds; netem counts in 32 bits of psched ticks

_SYSCTL_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\Z", re.ASCII)
_SYSCTL_DEVICE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z", re.ASCII)
_SYSCTL_VALUE = re.compile(r"(-?[0-9]{1,20}|[A-Za-z0-9_][A-Za-z0-9_.:,/+-]{0,254})\Z", re.ASCII)
# Numbers that the kernel says in another way than they were told (proc_get_long, kernel/sysctl.c).
_SYSCTL_NUMBER = re.compile(r"-?0(?:(?P<octal>[0-9]+)|x[0-9a-f]+)\Z|-0\Z", re.ASCII | re.IGNORECASE)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\Z", re.ASCII)
_CHECK = re.compile(r"(\S+)\s*(->|!>)\s*(\S+)\Z")


def whole(text: str, low: int, high: int, what: str, example: int) -> int:
    """A whole number from ``low`` to ``high``."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise BadName(f"{text!r} is not {what}: a whole number is wanted", hint=str(example))
    value = int(text)
    if not low <= value <= high:
        raise BadName(f"{value} is not {what}: it is from {low} to {high}", hint=str(example))
    return value


def mtu(text: str) -> int:
    """An mtu in bytes (68, RFC 791, to 65535)."""
    return whole(text, 68, 65535, "an mtu", 1500)


def vni(text: str) -> int:
    """A VXLAN network identifier: 24 bits (RFC 7348)."""
    return whole(text, 0, 2**24 - 1, "a vxlan id", 42)


def vlan_id(text: str) -> int:
    """An 802.1Q tag; 0 and 4095 are reserved."""
    return whole(text, 1, 4094, "a vlan id", 10)


def port(text: str) -> int:
    """A UDP port."""
    return whole(text, 1, 65535, "a port", 4789)


def switch(text: str) -> bool:
    """on or off, in the words people use for it."""
    word = text.lower()
    if word in _ON:
        return True
    if word in _OFF:
        return False
    raise BadName(f"{text!r} is neither on nor off", hint="on, or off")


def state(text: str) -> bool:
    """up or down."""
    if text in ("up", "down"):
        return text == "up"
    raise BadName(f"{text!r} is neither up nor down", hint="up, or down")


def _measure(text: str) -> tuple[Fraction, str] | None:
    found = _NUMBER.match(text.lower())
    return (Fraction(found[1]), found[2]) if found else None


def rate(text: str) -> int:
    """A rate in tc's words, as bit/s.

    tc hands the kernel whole bytes a second, so what is left of eight bits is dropped here too.
    """
    found = _measure(text)
    if found is None or found[1] not in _RATES:
        raise BadName(f"{text!r} is not a rate", hint="10mbit, 1gbit or 512kbit")
    value = int(found[0] * _RATES[found[1]]) // 8 * 8
    if not 8 <= value <= _MAX_RATE:
        raise BadName(f"{text!r}: a rate is from 8bit to 10tbit", hint="10mbit")
    return value


def lab_rate(text: str) -> int:
    """A rate that a device keeps as it is asked for, as bit/s."""
    value = rate(text)
    if not _LAB_RATES[0] <= value <= _LAB_RATES[1]:
        raise BadName(f"{text!r}: a lab's rate is from 4kbit to 512gbit", hint="10mbit")
    return value


def duration(text: str) -> int:
    """A time in tc's words, as microseconds."""
    found = _measure(text)
    if found is None or found[1] not in _TIMES:
        unit = f"{text}ms" if text.isascii() and text.isdigit() else "10ms, 100us or 1s"
        raise BadName(f"{text!r} is not a time with its unit", hint=unit)
    value = int(found[0] * _TIMES[found[1]])
    if not 1 <= value <= _MAX_TIME:
        raise BadName(f"{text!r}: a time is from 1us to {_MAX_TIME // 1_000_000}s", hint="10ms")
    return value


def loss(text: str) -> float:
    """A share in percent."""
    found = _measure(text)
    if found is None or found[1] != "%":
        raise BadName(f"{text!r} is not a share in percent", hint="1% or 0.5%")
    if not 0 < found[0] <= 100:
        raise BadName(f"{text!r}: a loss is above 0% and at most 100%", hint="1%")
    return float(found[0])


def user(text: str) -> str:
    """A user's name or number (ip-tuntap(8)), as its name where it has one: so `ip` shows it."""
    if not _USER.match(text):
        raise BadName(f"{text!r} cannot be a user's name", hint="a name or number from `id`")
    if text.isdecimal():
        with suppress(KeyError, OverflowError):
            return pwd.getpwuid(int(text)).pw_name
    return text


def sysctl_key(text: str) -> str:
    """A setting below /proc/sys/net, as sysctl(8) takes it → with dots, or with slashes where the
    name of its device has a dot."""
    way = keys.parts(text)
    if way[0] != "net" or len(way) < 2:
        raise BadName(
            f"{text!r} is not a setting of a network namespace: those start with 'net.'",
            hint="net.ipv4.conf.all.rp_filter",
        )
    key = keys.named(way)
    device = keys.device_of(key)
    if not all((_SYSCTL_DEVICE if part == device else _SYSCTL_WORD).match(part) for part in way):
        raise BadName(
            f"{text!r} is not a setting's name",
            hint="words of letters, digits, '_' and '-' with '.' between them"
            " (net/ipv4/conf/eth0.10/rp_filter where a device has a dot)",
        )
    # Two names of one value in the kernel (net/ipv4/devinet.c).
    return "net.ipv4.ip_forward" if key == "net.ipv4.conf.all.forwarding" else key


def sysctl_value(text: str) -> str:
    """A setting's value, one word."""
    if not _SYSCTL_VALUE.match(text):
        raise BadName(f"{text!r} is not a setting's value: one plain word is wanted", hint="1")
    number = _SYSCTL_NUMBER.match(text)
    if number is None:
        return text
    if number["octal"]:
        eight = f", or {int(text, 8)} if octal is meant" if set(text) <= set("-01234567") else ""
        raise BadName(
            f"{text!r} begins with 0, as a number of base 8 does for the kernel",
            hint=f"{int(text)}{eight}",
        )
    raise BadName(f"{text!r}: the kernel says it as {int(text, 0)}", hint=str(int(text, 0)))


def check(text: str) -> tuple[str, str, bool]:
    """``A -> B`` or ``A !> B`` as source, target and whether it must reach."""
    found = _CHECK.match(text)
    if not found:
        raise BadName(
            f"{text!r} is not a check", hint="`vm1 -> vm2` (must reach) or `vm1 !> vm2` (must not)"
        )
    return found[1], found[3], found[2] == "->"


def one_of(text: str, choices: tuple[str, ...], what: str) -> str:
    """One word of a few."""
    if text not in choices:
        hint = did_you_mean(text, choices) or f"one of: {', '.join(choices)}"
        raise BadName(f"{text!r} is not {what}", hint=hint)
    return text


def below(text: str) -> str:
    """A device that another can stand on, or belong to."""
    if text == "lo":
        raise BadName("no other device can stand on loopback, or belong to it", hint="eth0")
    return names.device(text)


def end(text: str) -> tuple[str, str]:
    """``NODE:DEV`` for a device that is to be made."""
    node, colon, device = text.partition(":")
    if colon and device == "lo":
        raise BadName(
            f"{text!r}: loopback cannot be made, nor moved into or between namespaces;"
            " every node has its own",
            hint=f"another device, such as {node or 'ns0'}:eth0"
            " (an address for lo goes under nodes: NODE: interfaces: lo)",
        )
    return names.endpoint(text)
