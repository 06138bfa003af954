"""What was gathered, without faults → the Lab and its wanted Network."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from iplab.lab import checks, settings
from iplab.lab.gather import Device, Gathered
from iplab.lab.lab import Lab
from iplab.lab.report import Report
from iplab.lab.rules import mtu_of
from iplab.names import IPAddress, IPInterface
from iplab.network import Address, Interface, Namespace, Network, Route

if TYPE_CHECKING:
    from iplab.lab.read import Parts


def lab(
    found: Gathered,
    parts: Parts,
    report: Report,
    routes: Mapping[str, tuple[Route, ...]],
    *,
    text: str,
    given: Mapping[str, str],
) -> Lab:
    """The lab; ``given`` are the settings it was rendered with."""
    name = parts.head.lab
    namespaces = {
        node: Namespace(
            node,
            {
                d.end.device: _interface(found, d, routes.get(node, ()))
                for d in _lo_first(found.of(node))
            },
            routes.get(node, ()),
            settings.sysctls(found, node),
            settings.nat(name, found.forms.get(node)),
        )
        for node in found.nodes
    }
    origins = {node: f"{report.file}:{report.line(path)}" for node, path in found.nodes.items()}
    for end, device in found.devices.items():
        origins[str(end)] = f"{report.file}:{report.line(device.path)}"
    return Lab(
        name=name,
        file=report.file,
        text=text,
        settings=dict(given),
        network=Network(namespaces),
        nodes=tuple(found.nodes),
        checks=checks.checks(parts, report),
        origins=origins,
        real_host=parts.head.real_host,
        uplink=parts.head.uplink,
    )


def _lo_first(devices: list[Device]) -> list[Device]:
    return sorted(devices, key=lambda device: device.role != "lo")


def _interface(found: Gathered, device: Device, routes: Sequence[Route]) -> Interface:
    sources = {route.source for route in routes}
    return Interface(
        device.end.device,
        device.kind,
        up=device.up,
        mtu=mtu_of(found, device),
        lladdr=device.lladdr,
        master=device.master,
        addresses=tuple(_address(address, sources) for address in device.addresses),
        shaping=device.shaping,
    )


def _address(local: IPInterface, sources: Collection[IPAddress | None]) -> Address:
    """An address with the scope that ``ip`` gives it (iproute2's ipaddress.c, default_scope).

    An IPv6 one that a route has as its source must not be tentative when that is added
    (net/ipv6/route.c, by ipv6_chk_addr): `nodad`.
    """
    inside = local.version == 4 and local.ip.is_loopback
    at_once = local.version == 6 and local.ip in sources
    return Address(local, scope="host" if inside else "global", nodad=at_once)
