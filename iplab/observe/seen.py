"""What was read of one namespace, as the programs print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from iplab.names import IPAddress, ip_address
from iplab.network import NatTable

Object = dict[str, Any]


class Seen(Struct, frozen=True):
    """What was read of one namespace: lists of objects as ``ip -j -d`` and ``tc -j`` print them.

    ``addresses`` is ``ip -j -d addr show``, ``routes`` ``ip -j -d route show table all``, ``names``
    ``ip -j netns list-id`` in that namespace (nsid → name), ``qdiscs`` ``tc -j qdisc show``.
    """

    name: str
    identity: str | None
    addresses: Sequence[Object]
    routes: Sequence[Object] = ()
    names: Mapping[int, str] | None = None
    qdiscs: Sequence[Object] = ()
    sysctls: Mapping[str, str] | None = None
    nat: Mapping[str, NatTable] | None = None


def ip(text: str | None) -> IPAddress | None:
    return ip_address(text) if text else None


def word(value: Any) -> str | None:
    """A word, or nothing; ``TypeError`` for what else JSON may hold in its place."""
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is no word")


def number(value: Any) -> int | None:
    """A number, or nothing; ``TypeError`` otherwise.  (A fraction is left as it is: `ip` prints an
    `rtt` of a second and more as one.)"""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value  # type: ignore[return-value]
    raise TypeError(f"{value!r} is no number")
