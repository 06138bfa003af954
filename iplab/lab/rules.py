"""What a lab cannot be, though each of its words is right: rules over all devices and nodes.

Most say beforehand what the kernel would refuse half-way; the others what could never work.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

from iplab.draft import lower
from iplab.lab import checks, settings
from iplab.lab.gather import Device, Gathered
from iplab.lab.report import Report
from iplab.names import HOST, MIN_IPV6_MTU, IPAddress, IPInterface, IPNetwork
from iplab.network import Bridge, End, Loopback, Macvlan, Tuntap, Vlan, Vxlan
from iplab.operations.link import headers

if TYPE_CHECKING:
    from iplab.lab.read import Parts

MAX_PORTS = 1023  # BR_MAX_PORTS in net/bridge/br_private.h, port 0 is none
MAX_TAP_MTU = 65521  # drivers/net/tun.c: 65535 less an Ethernet header
MAX_STACKED = 8  # MAX_NEST_DEV in include/linux/netdevice.h


def apply(found: Gathered, parts: Parts, report: Report) -> None:
    """Report all that is wrong with devices, nodes and checks (routes: ``iplab.lab.routes``)."""
    rules = _Rules(found, parts, report)
    rules.host()
    stacks = rules.stacks()
    rules.masters()
    rules.macvlans()
    if stacks:
        rules.mtus()
    rules.addresses()
    rules.twins()
    settings.check(found, parts, report)
    checks.check(found, parts, report)


def mtu_of(found: Gathered, device: Device) -> int | None:
    """The mtu a device is to have: its own, or what it is born with (see ``born_mtu``)."""
    less, here = 0, device
    for _ in range(MAX_STACKED + 1):
        if here.mtu is not None:
            return here.mtu - less
        below = lower(here.end, here.kind)
        if below is None:
            return None if here.kind.default_mtu is None else here.kind.default_mtu - less
        if isinstance(here.kind, Vxlan):
            less += headers(here.kind)
        if below not in found.devices:
            return None
        here = found.devices[below]
    return None


class _Rules:
    def __init__(self, found: Gathered, parts: Parts, report: Report) -> None:
        self.found = found
        self.parts = parts
        self.report = report

    def host(self) -> None:
        """``host`` is where iplab runs: its loopback is the machine's."""
        form = self.found.forms.get(HOST)
        if form is None:
            return
        why = "'host' is reserved for the machine iplab runs on, and its lo is never a lab's"
        other = "if you mean a machine of your own, give the node another name, such as host1"
        if form.loopback is not None:
            self.report.add(("nodes", HOST, "loopback"), why, other, key=True)
        if form.interfaces.lo is not None:
            self.report.add(("nodes", HOST, "interfaces", "lo"), why, other, key=True)

    # ------------------------------------------------------------ what stands on what

    def stacks(self) -> bool:
        """The devices that others stand on; whether every stack ends somewhere."""
        good = True
        for device in self.found.devices.values():
            below = lower(device.end, device.kind)
            if below is not None:
                good = self._stack(device, below) and good
        return good

    def _stack(self, device: Device, below: End) -> bool:
        word = "dev" if isinstance(device.kind, Vxlan) else "link"
        path = (*device.path, word)
        under = self.found.devices.get(below)
        if under is None:
            return self._outside(below, path)
        seen, here = 1, under
        while (next_one := lower(here.end, here.kind)) is not None and seen <= MAX_STACKED:
            if next_one == device.end:
                self.report.add(path, f"{device.end} would stand on itself, by way of {below}")
                return False
            if next_one not in self.found.devices:
                break
            seen, here = seen + 1, self.found.devices[next_one]
        if seen > MAX_STACKED:
            message = (
                f"{device.end} stands on more than the {MAX_STACKED} devices the kernel allows"
            )
            self.report.add(path, message, "a device further down")
            return False
        if isinstance(device.kind, Vlan) and device.up and not under.up:
            message = f"{device.end} cannot be up while {below} is down"
            self.report.add(path, message, "state: down here as well, or `up` there")
        if isinstance(device.kind, Macvlan):
            self._under_macvlan(under, path)
        return True

    def _under_macvlan(self, under: Device, path: tuple[str | int, ...]) -> None:
        if under.master is not None:
            message = f"{under.end} is a port of {under.master}: no macvlan can stand on it as well"
            self.report.add(path, message, f"link: {under.master}")
        elif isinstance(under.kind, Macvlan):
            # drivers/net/macvlan.c hangs it on the lower device's own.
            message = f"{under.end} is a macvlan itself; the kernel takes what that stands on"
            self.report.add(path, message, f"link: {lower(under.end, under.kind)}")
        elif isinstance(under.kind, Tuntap) and under.kind.mode == "tun":
            self.report.add(path, f"{under.end} carries packets, not frames", "type: tap there")

    def macvlans(self) -> None:
        """A macvlan of mode passthru is alone on its device and has its MAC address; any others
        have each one of their own (drivers/net/macvlan.c)."""
        on: dict[End, list[Device]] = {}
        for device in self.found.devices.values():
            if isinstance(device.kind, Macvlan) and device.kind.link is not None:
                on.setdefault(device.kind.link, []).append(device)
        for below, devices in on.items():
            under = self.found.devices.get(below)
            alone = next((d for d in devices if _passthru(d)), None)
            if alone is None:
                self._distinct([under, *devices] if under else devices)
            elif len(devices) > 1:
                other = next(d for d in devices if d is not alone)
                message = f"{alone.end} takes all of {below}, and {other.end} stands on it as well"
                self.report.add((*alone.path, "mode"), message, "mode: bridge")
            elif alone.lladdr and under and under.lladdr not in (None, alone.lladdr):
                message = f"{alone.end} has the MAC address of {below}, which is {under.lladdr}"
                self.report.add((*alone.path, "lladdr"), message, f"lladdr: {under.lladdr}")

    def _distinct(self, devices: list[Device]) -> None:
        first: dict[str | None, Device] = {None: devices[0]}
        for device in devices:
            other = first.setdefault(device.lladdr, device)
            if other is not device and device.lladdr is not None:
                line = self.report.line(other.path)
                message = f"{device.end} has the MAC address of {other.end} (line {line})"
                self.report.add((*device.path, "lladdr"), message, "another one")

    def _outside(self, below: End, path: tuple[str | int, ...]) -> bool:
        if below.node == HOST or not self.parts.sure(below.node):
            return True  # a device of the machine's own
        if below.node not in self.found.nodes:
            known = [*self.found.nodes, HOST]
            hint = self.report.near(below.node, known) or "name it in links, bridges or nodes"
            self.report.add(path, f"there is no node {below.node!r} in the lab", hint)
            return True
        self.report.add(path, f"there is no device {below}", self._devices(below))
        return True

    def _devices(self, end: End) -> str:
        names = [d.end.device for d in self.found.of(end.node) if d.role != "lo"]
        near = self.report.near(end.device, names)
        return near or (f"{end.node} has {_listed(names)}" if names else f"{end.node} has none yet")

    def masters(self) -> None:
        """Ports and their bridges."""
        ports: dict[End, int] = {}
        for device in self.found.devices.values():
            if device.master is None:
                continue
            bridge = End(device.end.node, device.master)
            ports[bridge] = ports.get(bridge, 0) + 1
            if ports[bridge] == MAX_PORTS + 1:
                message = f"{bridge} has more than {MAX_PORTS} ports, and the kernel allows no more"
                self.report.add(
                    device.path, message, "a second bridge, linked to this one", key=True
                )
            if device.role in ("interface", "link"):
                self._master(device, bridge)

    def _master(self, device: Device, bridge: End) -> None:
        path = (*device.path, "master")
        above = self.found.devices.get(bridge)
        if above is None:
            if bridge.node != HOST and self.parts.sure(bridge.node):
                self.report.add(path, f"there is no device {bridge}", self._devices(bridge))
        elif not isinstance(above.kind, Bridge):
            message = f"{bridge} is a {above.kind.type}, not a bridge: it has no ports"
            self.report.add(path, message, "the name of a bridge in the same node")
        elif isinstance(device.kind, Bridge):
            self.report.add(
                path,
                f"{device.end} is a bridge: it cannot be a port of another",
                "join them by a link: one end a member of each",
            )
        elif isinstance(device.kind, Tuntap) and device.kind.mode == "tun":
            self.report.add(path, f"{device.end} carries packets, not frames", "type: tap")

    # ------------------------------------------------------------ mtus and addresses

    def mtus(self) -> None:
        """What an mtu must at least and at most be."""
        for device in self.found.devices.values():
            mtu = mtu_of(self.found, device)
            if mtu is None:
                continue
            path = (
                (*device.path[:2], "mtu") if device.role != "interface" else (*device.path, "mtu")
            )
            highest, why = self._highest(device)
            if highest is not None and mtu > highest:
                self.report.add(path, f"{device.end} has mtu {mtu}, and {why}", f"mtu: {highest}")
            if mtu < 68:
                hint = f"a larger mtu for {lower(device.end, device.kind)}"
                self.report.add(device.path, f"{device.end} would have an mtu of {mtu}", hint)
            elif mtu < MIN_IPV6_MTU and any(a.version == 6 for a in device.addresses):
                message = f"{device.end} has an IPv6 address and an mtu of {mtu}"
                hint = f"at least {MIN_IPV6_MTU}: below that the kernel turns IPv6 off"
                self.report.add(path, message, hint)

    def _highest(self, device: Device) -> tuple[int | None, str]:
        """The largest mtu that the kernel lets a device have, and what bounds it."""
        if isinstance(device.kind, Tuntap) and device.kind.mode == "tap":
            return MAX_TAP_MTU, f"the kernel lets a tap have {MAX_TAP_MTU} at most"
        under = self.found.devices.get(lower(device.end, device.kind) or device.end, device)
        below = mtu_of(self.found, under) if under is not device else None
        if below is None or not isinstance(device.kind, Vxlan):
            return below, f"{under.end} below it only {below}"
        room = below - headers(device.kind)
        return room, f"{under.end} below it, with {below}, has room for {room}"

    def _each_address(self) -> Iterator[tuple[Device, int, IPInterface]]:
        for device in self.found.devices.values():
            for n, address in enumerate(device.addresses):
                yield device, n, address

    def addresses(self) -> None:
        """An address is somebody's alone; what lo has by itself is not given to it."""
        first: dict[tuple[IPAddress, IPNetwork | End], tuple[Device, int]] = {}
        for device, n, address in self._each_address():
            path, ip = (*device.path, "addresses", n), address.ip
            if ip.is_loopback and not isinstance(device.kind, Loopback):
                hint = (
                    f"10.0.0.1/{address.network.prefixlen}"
                    if address.version == 4
                    else "fd00::1/64"
                )
                self.report.add(path, f"{address} is a loopback address: only lo can have it", hint)
            elif ip.is_loopback and (
                address.version == 6 or address == IPv4Interface("127.0.0.1/8")
            ):
                self.report.add(path, f"lo has {address} by itself", "leave it out")
            # The kernel keys an IPv6 address on the device and the address alone, and each link has
            # an fe80::/10 of its own (RFC 4291, 2.5.6).
            holder, m = device, n
            if address.version == 6:
                holder, m = first.setdefault((ip, device.end), (device, n))
            if (holder, m) == (device, n) and not (address.version == 6 and address.is_link_local):
                holder, m = first.setdefault((ip, address.network), (device, n))
            if (holder, m) != (device, n):
                line = self.report.line((*holder.path, "addresses", m))
                who = "this device" if holder is device else str(holder.end)
                message = f"{address} is here twice: {who} has it already (line {line})"
                self.report.add(path, message, f"another address of {address.network}")

    def twins(self) -> None:
        """Two devices of which the kernel makes only one."""
        first: dict[object, Device] = {}
        for device in self.found.devices.values():
            match device.kind:
                case Vlan(link=link, id=number):
                    key: object = ("vlan", link, number)
                case Vxlan(id=number, dstport=port, remote=remote, local=local):
                    outer = remote or local
                    six = outer is not None and outer.version == 6
                    key = ("vxlan", device.end.node, number, port, six)
                case Tuntap(mode="tun") if device.lladdr:
                    self.report.add(
                        (*device.path, "lladdr"), "a tun has no MAC address", "type: tap"
                    )
                    continue
                case _:
                    continue
            other = first.setdefault(key, device)
            if other is not device:
                line = self.report.line(other.path)
                message = f"{device.end} has the id of {other.end} (line {line})"
                self.report.add((*device.path, "id"), message, "another id")


def _passthru(device: Device) -> bool:
    return isinstance(device.kind, Macvlan) and device.kind.mode == "passthru"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
