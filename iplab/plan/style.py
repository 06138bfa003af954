"""Which veth ends pass through the host (style `steps`), and which are born in place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from iplab.names import HOST
from iplab.network import End, Network, Veth

# Names that real network cards have (systemd.net-naming-scheme(7)): one of them may well be on the
# host where a script of these commands is run some day, so such an end never passes through it.
_CARDS = re.compile(r"(eth|en|ens|eno|enp|wlan|wl|ww|ib|usb)\d")


def through_host(style: str, wanted: Network, observed: Network) -> Callable[[End], bool]:
    """For ``plan_up``: whether a new end is made on the host and moved.

    As people teach it, both ends are.  Not where the name is, or may be, taken there: two nodes'
    devices may share a name, the host's may not.
    """
    if style != "steps":
        return lambda end: False
    names = Counter(e.device for e, i in wanted.ends() if isinstance(i.kind, Veth))
    host = observed.namespaces.get(HOST)
    taken = set(host.interfaces) if host else set()
    if HOST in wanted.namespaces:
        taken |= set(wanted.namespaces[HOST].interfaces)

    def moved(end: End) -> bool:
        return names[end.device] == 1 and end.device not in taken and not _CARDS.match(end.device)

    return moved
