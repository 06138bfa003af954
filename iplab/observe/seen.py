"""What was read of one namespace, as the programs print it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iplab.names import IPAddress
from iplab.network import NatTable

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
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
    return ipaddress.ip_address(text) if text else None
