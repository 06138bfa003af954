"""Names, addresses, prefixes and MACs: checked once at the door, then trusted.

Every value that reaches a command passes through here first, so each is one plain word: no spaces,
quotes, ``$``, newlines or leading dashes.
"""

from __future__ import annotations

import ipaddress
import re
from contextlib import suppress
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)

from iplab.errors import BadName

HOST = "host"
DEVICE_MAX = 15  # IFNAMSIZ in linux/if.h is 16, with the closing NUL
NODE_MAX = 63
MIN_IPV6_MTU = 1280  # RFC 8200, 5; net/ipv6/addrconf.c drops IPv6 below it

IPAddress = IPv4Address | IPv6Address
IPInterface = IPv4Interface | IPv6Interface
IPNetwork = IPv4Network | IPv6Network

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z", re.ASCII)
_LLADDR = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
# Under /proc/sys/net/*/conf these stand beside the devices and mean something else.
_NOT_DEVICES = frozenset({"all", "default", "lo"})


# What a lab file says, `ip -j` says again: of a thousand nodes each text is taken apart once.
ip_address = cache(ipaddress.ip_address)
ip_network = cache(ipaddress.ip_network)


@cache
def ip_interface(text: str) -> IPInterface:
    """``ipaddress.ip_interface``, which takes a text apart three times, in a third of its time."""
    address, _, length = text.partition("/")
    if length.isdigit() and length.isascii() and "%" not in address:
        with suppress(ValueError):  # its own words for what is wrong are the better ones
            plain = ip_address(address)
            made = IPv4Interface if plain.version == 4 else IPv6Interface
            return made((int(plain), int(length)))
    return ipaddress.ip_interface(text)


def _word(kind: str, text: str, longest: int) -> str:
    if not _WORD.match(text):
        raise BadName(
            f"{text!r} cannot be the name of a {kind}",
            hint="letters, digits, '_', '.' and '-', not starting with '.' or '-'",
        )
    if len(text) > longest:
        raise BadName(
            f"{text!r} is {len(text)} bytes long; the name of a {kind} has at most {longest}",
            hint=f"a shorter one, such as {text[:longest]!r}",
        )
    return text


def device(text: str) -> str:
    """A device name the kernel takes (``dev_valid_name`` in net/core/dev.c, and stricter)."""
    if text in _NOT_DEVICES:
        reason = "every node has it already" if text == "lo" else "the kernel uses it for itself"
        raise BadName(f"{text!r} cannot be a new device: {reason}", hint="another name")
    return _word("device", text, DEVICE_MAX)


def node(text: str) -> str:
    """The name of a node, which is its namespace's file name below /run/netns."""
    return _word("node", text, NODE_MAX)


def lab(text: str) -> str:
    """The name of a lab."""
    return _word("lab", text, NODE_MAX)


def endpoint(text: str) -> tuple[str, str]:
    """``NODE:DEV`` as its two names."""
    left, colon, right = text.partition(":")
    if not colon:
        raise BadName(f"{text!r} is not NODE:DEV", hint=f"{text or 'ns0'}:eth0")
    return node(left), device(right)


def address(text: str) -> IPInterface:
    """An address with its prefix length, such as ``172.18.0.2/24`` or ``fd19::4/64``."""
    if "/" not in text:
        try:
            plain = ip_address(text)
        except ValueError:
            raise BadName(
                f"{text!r} is not an address", hint="172.18.0.2/24 or fd19::4/64"
            ) from None
        usual = 24 if plain.version == 4 else 64
        raise BadName(f"{text!r} has no prefix length", hint=f"{text}/{usual}")
    if "%" in text:
        raise BadName(
            f"{text!r}: a zone ('%') has no place in an address that is added to a device"
        )
    try:
        value = ip_interface(text)
    except ValueError:
        raise BadName(
            f"{text!r} is not an address{_why(text)}", hint="172.18.0.2/24 or fd19::4/64"
        ) from None
    plain, network = value.ip, value.network  # ``ip`` is made anew each time it is asked for
    length = text.partition("/")[2]
    if not length.isdigit():
        raise BadName(
            f"{text!r}: write the prefix as a length", hint=f"{plain}/{network.prefixlen}"
        )
    if plain.is_multicast:
        raise BadName(f"{text!r} is a multicast address; a device cannot have it")
    if plain.is_unspecified:
        raise BadName(f"{text!r} is the unspecified address; a device cannot have it")
    if value.version == 4 and network.prefixlen < 31:
        if plain == network.network_address:
            raise BadName(
                f"{text!r} is the address of the whole subnet, not of a machine in it",
                hint=f"{plain + 1}/{network.prefixlen}",
            )
        if plain == network.broadcast_address:
            raise BadName(
                f"{text!r} is the broadcast address of {network}",
                hint=f"{plain - 1}/{network.prefixlen}",
            )
    return value


def _why(text: str) -> str:
    """What is wrong with an address; ``ipaddress`` says it only once the family is settled."""
    try:
        IPv6Interface(text) if ":" in text else IPv4Interface(text)
    except ValueError as error:
        return f" ({error})"
    return ""


def ip(text: str) -> IPAddress:
    """A plain address, without a prefix length."""
    try:
        if "%" in text:
            raise ValueError
        return ip_address(text)
    except ValueError:
        raise BadName(f"{text!r} is not an IP address", hint="172.18.0.2 or fd19::4") from None


def prefix(text: str) -> IPNetwork:
    """A prefix such as ``10.0.0.0/8``; host bits must be zero, as ``ip route`` demands."""
    if "%" in text:
        raise BadName(f"{text!r}: a zone ('%') has no place in a prefix")
    try:
        value = ip_network(text)
    except ValueError as error:
        hint = "10.0.0.0/8"
        with suppress(ValueError):
            hint = str(ipaddress.ip_network(text, strict=False))
        why = f" ({error})" if "host bits" in str(error) else _why(text)
        raise BadName(f"{text!r} is not a prefix{why}", hint=hint) from None
    if "/" in text and not text.partition("/")[2].isdigit():
        raise BadName(f"{text!r}: write the prefix as a length", hint=str(value))
    return value


def lladdr(text: str) -> str:
    """A link-layer address (MAC) of a single station, in lower case with colons."""
    value = text.lower()
    if not _LLADDR.match(value):
        raise BadName(f"{text!r} is not a MAC address", hint="02:00:00:00:00:01")
    if int(value[:2], 16) & 1:
        raise BadName(f"{text!r} is a multicast MAC address", hint=f"02{value[2:]}")
    if value == "00:00:00:00:00:00":
        raise BadName(f"{text!r} is no station's MAC address", hint="02:00:00:00:00:01")
    return value
