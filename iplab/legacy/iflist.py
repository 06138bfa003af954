"""A device's IPv4 list as the line finds it: from the state, or assumed from the device's name."""

from __future__ import annotations

from iplab.legacy.answer import Answer
from iplab.legacy.devinet import Inet
from iplab.network import Interface

# Without the state a name is all there is to tell a device without broadcast by.
_POINT_TO_POINT = ("ppp", "tun", "sl", "plip", "wg", "ipsec", "gre", "sit", "tunl")


def listed(name: str, device: Interface | None, answer: Answer) -> Inet:
    """The list of ``name``; where no state is given, an empty one that is not to be trusted."""
    if device is None or answer.state is None:
        ptp = name.startswith(_POINT_TO_POINT)
        return Inet(
            answer.node,
            name,
            broadcast=not ptp and name != "lo",
            point_to_point=ptp,
            loopback=name == "lo",
            assumed=True,
        )
    settings = [answer.sysctl(f"net/ipv4/conf/{d}/promote_secondaries") for d in ("all", name)]
    known = [s != "0" for s in settings if s is not None]
    routes = not answer.context.routes_known or any(
        r.device == name and r.destination.version == 4 for r in answer.state.routes
    )
    inet = Inet(
        answer.node,
        name,
        broadcast="BROADCAST" in device.flags,
        point_to_point="POINTOPOINT" in device.flags,
        loopback="LOOPBACK" in device.flags,
        promote=any(known) if len(known) == 2 or any(known) else None,
        routes=routes,
    )
    inet.load(device.addresses)
    return inet
