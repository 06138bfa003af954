"""How the old tools read a word: numbers as C does, addresses by inet_aton, options by getopt."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from msgspec import Struct

from iplab.legacy.answer import Answer, NoEquivalent, ToolFails

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*")
_ATOI = re.compile(r"[ \t]*([+-]?[0-9]+)")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*)\Z", re.ASCII)
_HEX = frozenset("0123456789abcdefABCDEF")


def inet_aton(text: str) -> IPv4Address | None:
    """inet_aton(3): one to four numbers, octal and hexadecimal too, the last fills the rest.

    glibc lets white space and anything after it follow, which no shell word of interest has.
    """
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.fullmatch(p) for p in parts):
        return None
    values = [_c_number(p) for p in parts]
    if any(v > 255 for v in values[:-1]) or values[-1] >= 256 ** (5 - len(values)):
        return None
    whole = values[-1]
    for place, value in enumerate(values[:-1]):
        whole |= value << (24 - 8 * place)
    return IPv4Address(whole)


def _c_number(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    return int(text, 8) if text.startswith("0") else int(text)


def atoi(text: str) -> int:
    """atoi(3): the number at the beginning, else 0; it wraps as a C int does on this platform."""
    found = _ATOI.match(text)
    value = int(found.group(1)) if found else 0
    value = max(-(2**63), min(2**63 - 1, value))  # strtol, then cut to an int
    return (value + 2**31) % 2**32 - 2**31


def strtoul(text: str) -> tuple[int, bool]:
    """strtoul(text, &end, 0): the number, and whether the whole word was one."""
    found = re.match(r"[ \t]*[+-]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)", text)
    if found is None:
        return 0, text == ""
    value = min(_c_number(found.group(1)), 2**64 - 1)
    return value, found.end() == len(text)


def prefix_after_slash(word: str) -> tuple[str, int | None]:
    """An address word and the prefix after its slash, as lib/inet.c's INET_getnetmask reads it.

    Raises ``ToolFails`` where what follows the slash is no number.
    """
    address, slash, text = word.partition("/")
    if not slash:
        return word, None
    value, whole = strtoul(text)
    if not whole:
        raise ToolFails(f"/{text} is no prefix length")
    return address, value & 0xFFFFFFFF


def mask_length(mask: IPv4Address) -> int | None:
    """A netmask as a prefix length; ``None`` where its ones are not all in front."""
    bits = f"{int(mask):032b}"
    return len(bits.rstrip("0")) if "01" not in bits else None


def ether(text: str) -> str | None:
    """A MAC address as lib/ether.c's in_ether takes it: bytes of one or two digits, colons or
    none; ``None`` where it is refused.  Too short an address is refused here too: the tool sends
    whatever its memory holds for the rest."""
    octets: list[int] = []
    at = 0
    while at < len(text) and len(octets) < 6:
        if text[at] not in _HEX:
            return None
        value = int(text[at], 16)
        at += 1
        if at < len(text) and text[at] in _HEX:
            value = value * 16 + int(text[at], 16)
            at += 1
        elif at < len(text) and text[at] != ":":
            return None
        elif at < len(text):
            at += 1
        octets.append(value)
        if at < len(text) and text[at] == ":":
            at += 1
    if len(octets) != 6:
        return None
    return ":".join(f"{octet:02x}" for octet in octets)


class Found(Struct, frozen=True):
    """An IPv4 word looked up: ``net`` where it is a network's name or ``default``."""

    address: IPv4Address
    net: bool = False


def ipv4(word: str, answer: Answer, *, host_first: bool = False) -> Found:
    """An address word as lib/inet.c's INET_resolve takes it.

    Names come from the context.  Raises ``ToolFails`` for what cannot be a name either and
    ``NoEquivalent`` for a name nobody here can look up.
    """
    if word == "default":
        return Found(IPv4Address(0), net=True)
    number = inet_aton(word)
    if number is not None:
        return Found(number)
    if not _HOST.match(word) or _all_numeric(word):
        raise ToolFails(f"{word!r} is neither an address nor a host name")
    host = _resolve(word, answer) if host_first else None
    if host is not None:
        return Found(host)
    networks = _networks(answer.context.networks)
    if word in networks:
        return Found(networks[word], net=True)
    host = _resolve(word, answer)
    if host is not None:
        return Found(host)
    if answer.context.resolve is None:
        raise NoEquivalent(
            f"{word!r} is a name that the old tool looks up when it runs; iproute2 takes addresses "
            "only: write the address"
        )
    raise ToolFails(f"the name {word!r} is unknown")


def _all_numeric(word: str) -> bool:
    # The resolver never asks the DNS for something that looks like a wrong address.
    return bool(re.fullmatch(r"[0-9.]+", word))


def _resolve(word: str, answer: Answer) -> IPv4Address | None:
    found = answer.context.resolve(word) if answer.context.resolve else None
    if found is None:
        return None
    try:
        return IPv4Address(found)
    except ValueError:
        return None


def _networks(text: str | None) -> Mapping[str, IPv4Address]:
    """/etc/networks (networks(5)): a name, a number with the bytes at the end left out, aliases."""
    found: dict[str, IPv4Address] = {}
    for line in (text or "").splitlines():
        words = line.partition("#")[0].split()
        if len(words) < 2:
            continue
        parts = [int(p) for p in words[1].split(".") if p.isdigit() and int(p) < 256]
        if not 1 <= len(parts) <= 4:
            continue
        value = int.from_bytes(bytes([*parts, 0, 0, 0, 0][:4]))
        for name in (words[0], *words[2:]):
            found.setdefault(name, IPv4Address(value))
    return found


def ipv6(word: str) -> IPv6Address:
    """An IPv6 address word; a zone or a name is refused."""
    if word == "default":
        return IPv6Address(0)
    if "%" in word:
        raise NoEquivalent(f"{word!r}: iproute2 takes the zone as `dev`, not after a percent sign")
    try:
        return ipaddress.IPv6Address(word)
    except ValueError:
        pass
    if ":" in word or not _HOST.match(word) or inet_aton(word) is not None:
        raise ToolFails(f"{word!r} is no IPv6 address")
    raise NoEquivalent(f"{word!r} is a name that the old tool looks up: write the address")


def prefix6(text: str) -> int:
    """The length after an IPv6 address's slash, read by atol."""
    value = atoi(text)
    if not 0 <= value <= 128:
        raise ToolFails(f"/{text} is no IPv6 prefix length")
    return value


def device(word: str) -> str:
    """A device word; what the kernel would never take for a name is refused (dev_valid_name)."""
    if len(word.encode(errors="surrogateescape")) > 15:
        raise NoEquivalent(
            f"{word!r} is over 15 bytes: the old tool cuts it there and takes what that names"
        )
    if not word or word in (".", "..") or "/" in word or any(c.isspace() for c in word):
        raise ToolFails(f"{word!r} cannot be a device")
    if not word.isprintable() or not word.isascii() or word.startswith("-"):
        raise NoEquivalent(f"{word!r}: iproute2 does not take such a name")
    return word


def getopt(
    words: Iterable[str], short: str, long: Mapping[str, str] | Sequence[str] = ()
) -> tuple[list[tuple[str, str]], list[str]]:
    """getopt_long(3), as glibc does it: options anywhere, bundled, long ones abbreviated.

    ``short`` as in C (``A:e``); ``long`` maps a long name to its short letter, ``name=`` takes a
    value.  Gives (options with values, operands); ``ToolFails`` for what it would not take.
    """
    names = dict(long) if isinstance(long, Mapping) else {name: name for name in long}
    takes = {short[i] for i in range(len(short) - 1) if short[i + 1] == ":"}
    letters = set(short) - {":"}
    queue, options, operands = list(words), [], []
    while queue:
        word = queue.pop(0)
        if word == "--":
            operands += queue
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            key = _long(name, names)
            if key.endswith("=") and not equals:
                if not queue:
                    raise ToolFails(f"--{name} wants a value")
                value = queue.pop(0)
            elif equals and not key.endswith("="):
                raise ToolFails(f"--{name} takes no value")
            options.append((names[key], value))
            continue
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        rest = word[1:]
        while rest:
            letter, rest = rest[0], rest[1:]
            if letter not in letters:
                raise ToolFails(f"there is no option -{letter}")
            if letter not in takes:
                options.append((letter, ""))
                continue
            if not rest and not queue:
                raise ToolFails(f"-{letter} wants a value")
            options.append((letter, rest or queue.pop(0)))
            rest = ""
    return options, operands


def _long(name: str, names: Mapping[str, str]) -> str:
    fits = [key for key in names if key.rstrip("=") == name] or [
        key for key in names if key.startswith(name)
    ]
    if len({names[key] for key in fits}) != 1:
        raise ToolFails(f"there is no option --{name}" if not fits else f"--{name} is ambiguous")
    return fits[0]
