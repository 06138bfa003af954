"""``ip -j`` text → the state a translation is made for.

More of it than a lab looks at: the routes of every protocol and table, and the sysctls that decide
what becomes of secondary addresses.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from iplab import observe
from iplab.errors import IplabError
from iplab.names import HOST
from iplab.network import Namespace, Neighbour
from iplab.observe import Seen

Object = dict[str, Any]
UNKNOWN = "?"  # a device's type in a state that was saved without ``-d``


def read(
    addresses: Sequence[Object],
    routes: Sequence[Object] = (),
    sysctls: Mapping[str, str] | None = None,
    node: str = HOST,
    neighbours: Sequence[Sequence[Object]] | None = None,
) -> Namespace:
    """The state from what ``ip -j -d addr`` and ``ip -j -d route show table all`` print.

    ``sysctls`` has keys such as ``net/ipv4/conf/all/promote_secondaries``.  Raises ``IplabError``
    where the objects are no such thing.  ``neighbours`` is what ``ip -j neigh`` prints and what
    ``ip -j neigh show proxy`` does.
    """
    with observe.known_form():
        seen = Seen(node, None, [_named(o) for o in addresses])
        namespace = observe.network([seen]).namespaces[node]
        return replace(
            namespace,
            routes=tuple(r for line in routes for r in observe.every_route(line)),
            sysctls=dict(sysctls or {}),
            neighbours=None if neighbours is None else tuple(_neighbours(neighbours)),
        )


def _neighbours(lists: Sequence[Sequence[Object]]) -> Iterator[Neighbour]:
    for objects, proxy in zip(lists, (False, True), strict=False):
        for o in objects:
            if not o or "dst" not in o or "dev" not in o:
                continue
            state = " ".join(o.get("state", ()))
            yield Neighbour(ipaddress.ip_address(o["dst"]), o["dev"], o.get("lladdr"), state, proxy)


def _named(link: Object) -> Object:
    """A link as ``-d`` prints it.  Without ``-d`` (which always says ``promiscuity``) its type is
    not known, which is not the same as its being none of the types there are."""
    if not isinstance(link, dict) or "ifname" not in link:
        raise IplabError("the state is no output of `ip -j -d addr`")
    named = {"mtu": None, "ifindex": 0, "flags": [], **link}
    if "linkinfo" not in link and "promiscuity" not in link:
        named["linkinfo"] = {} if "LOOPBACK" in named["flags"] else {"info_kind": UNKNOWN}
    return named


def load(text: str, where: str = "the state") -> tuple[Namespace, bool]:
    """A saved state: the list that ``ip -j -d addr`` prints, or an object with ``addr``, ``route``
    and ``sysctl``.  Gives the state and whether it says anything about routes."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise IplabError(
            f"not JSON: {error}", where=where, hint="ip -j -d addr > state.json"
        ) from None
    if isinstance(value, dict):
        addresses, routes = value.get("addr"), value.get("route")
        sysctls = value.get("sysctl", {})
    else:
        addresses, routes, sysctls = value, None, {}
    if (
        not isinstance(addresses, list)
        or not _objects(addresses)
        or not (routes is None or _objects(routes))
    ):
        raise IplabError(
            "neither the list that `ip -j -d addr` prints nor an object with addr and route",
            where=where,
            hint="ip -j -d addr > state.json",
        )
    if not isinstance(sysctls, dict):
        raise IplabError("sysctl is no object", where=where)
    settings = {key.replace(".", "/"): str(v) for key, v in sysctls.items()}
    return read(addresses, routes or (), settings), routes is not None


def _objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(o, dict) for o in value)
