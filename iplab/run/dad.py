"""Waiting for duplicate address detection, which takes one to two seconds (RFC 4862)."""

from __future__ import annotations

import time

from iplab.network import Network
from iplab.run.look import Scope, look
from iplab.run.machine import Machine

PATIENCE = 5.0  # seconds
_PAUSE = 0.1


def settled(machine: Machine, scope: Scope, *, link_local: bool) -> Network:
    """The network, once no IPv6 address of a device with a carrier is tentative, or after a while.

    ``link_local`` is whether the kernel's own addresses count as well: a router asks for
    neighbours from them.
    """
    until = time.monotonic() + PATIENCE
    while True:
        network = look(machine, scope)
        waiting = any(
            address.tentative
            and not address.failed
            and (link_local or not address.local.ip.is_link_local)
            for _, interface in network.ends()
            if interface.up and "NO-CARRIER" not in interface.flags
            for address in interface.addresses
        )
        if not waiting or time.monotonic() > until:
            return network
        time.sleep(_PAUSE)
