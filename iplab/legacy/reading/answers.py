"""What each question of a script comes to on a machine that is known."""

from __future__ import annotations

from collections.abc import Callable

from iplab.legacy.reading.machines import Iface, Machine, Route, Subject
from iplab.legacy.reading.outputs import first, mask_of, shown

Answer = Callable[[Machine, Subject], list[str]]


def of_device(ask: Callable[[Iface, str], str | None]) -> Answer:
    """What `ask` says of the device."""

    def answer(machine: Machine, subject: Subject) -> list[str]:
        iface = machine.iface(subject.device)
        found = ask(iface, subject.device) if iface is not None else None
        return [] if found is None else [found]

    return answer


def address(iface: Iface, word: str) -> str | None:
    """Its first IPv4 address."""
    address = first(iface, word)
    return address.local if address else None


def netmask(iface: Iface, word: str) -> str | None:
    """The netmask of its first address."""
    address = first(iface, word)
    return mask_of(address.length) if address else None


def broadcast(iface: Iface, word: str) -> str | None:
    """The broadcast address of its first address."""
    address = first(iface, word)
    return (address.brd or "0.0.0.0") if address and "BROADCAST" in iface.flags else None


def sixth(iface: Iface, word: str) -> str | None:
    """The broadcast address of its first address, or else the peer."""
    address = first(iface, word)
    if address is None:
        return None
    return broadcast(iface, word) or address.peer


def peer(iface: Iface, word: str) -> str | None:
    """The peer of its first address."""
    address = first(iface, word)
    return address.peer if address and "POINTOPOINT" in iface.flags else None


def six(machine: Machine, subject: Subject) -> list[str]:
    """The IPv6 addresses of the device."""
    iface = machine.iface(subject.device)
    return [a for a, _, _ in iface.six] if iface is not None else []


def six_of(scope: str) -> Answer:
    """The IPv6 addresses of the device that have a scope."""

    def answer(machine: Machine, subject: Subject) -> list[str]:
        iface = machine.iface(subject.device)
        return [a for a, _, s in iface.six if s == scope] if iface is not None else []

    return answer


def flag(name: str) -> Answer:
    """Whether the device has a flag."""
    return of_device(lambda iface, word: "yes" if name in iface.flags else None)


def listed(ask: Callable[[Iface, str], str | None], family: str = "") -> Answer:
    """What `ask` says of each device that is shown."""

    def answer(machine: Machine, subject: Subject) -> list[str]:
        blocks = shown(machine, everything=family == "all")
        return [text for iface, word in blocks if (text := ask(iface, word)) is not None]

    return answer


def name_but_lo(iface: Iface, word: str) -> str | None:
    """The device's name, of all but lo."""
    return None if word == "lo" else word


def address_but_home(iface: Iface, word: str) -> str | None:
    """Its first IPv4 address, of all but 127.0.0.1."""
    found = address(iface, word)
    return None if found == "127.0.0.1" else found


def gateways(everything: bool = False, length: int | None = 0) -> Answer:
    """The gateways of the default routes; `everything`: also of those that have none."""

    def answer(machine: Machine, subject: Subject) -> list[str]:
        return [
            r.gateway or ("-" if r.kind != "unicast" else "0.0.0.0")
            for r in machine.routes
            if r.dest == "0.0.0.0" and length in (None, r.length) and (everything or r.gateway)
        ]

    return answer


def all_gateways(machine: Machine, subject: Subject) -> list[str]:
    """The gateways of all routes."""
    return [r.gateway for r in machine.routes if r.gateway]


def dev(route: Route) -> str:
    """The device of a route, `-` where it has none."""
    return route.dev if route.kind == "unicast" else "-"


def default_devices(machine: Machine, subject: Subject) -> list[str]:
    """The devices of the default routes."""
    return [dev(r) for r in machine.routes if r.dest == "0.0.0.0" and not r.length]


def default_gateway_devices(machine: Machine, subject: Subject) -> list[str]:
    """The devices of the default routes that have a gateway."""
    return [r.dev for r in machine.routes if r.dest == "0.0.0.0" and not r.length and r.gateway]


def to_address(machine: Machine, subject: Subject) -> list[str]:
    """Whether a route leads to the address."""
    return ["yes" for r in machine.routes if r.dest == subject.address]


def naming_address(machine: Machine, subject: Subject) -> list[str]:
    """Whether a route has the address for target or gateway."""
    return ["yes" for r in machine.routes if subject.address in (r.dest, r.gateway)]


def using_device(machine: Machine, subject: Subject) -> list[str]:
    """Whether a route goes out of the device."""
    return ["yes" for r in machine.routes if r.dev == subject.device and r.kind == "unicast"]


def network_gateways(machine: Machine, subject: Subject) -> list[str]:
    """The gateways of routes to more than one machine."""
    return [r.gateway for r in machine.routes if r.gateway and r.length < 32]


def devices_of_zero(machine: Machine, subject: Subject) -> list[str]:
    """The devices of the routes to 0.0.0.0, whatever their length."""
    return [dev(r) for r in machine.routes if r.dest == "0.0.0.0"]


def lladdr(machine: Machine, subject: Subject) -> list[str]:
    """The MAC address of a neighbour."""
    return [n.mac for n in machine.neighbours if n.address == subject.address]


def known(machine: Machine, subject: Subject) -> list[str]:
    """Whether the address is among the neighbours."""
    return ["yes" for n in machine.neighbours if n.address == subject.address]
