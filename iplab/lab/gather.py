"""The parts of a lab file → its devices and nodes, each with where the file asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from iplab.lab.forms import BridgeForm, Link, LinkSide, NodeForm, Side
from iplab.lab.interfaces import (
    BridgeInterfaceForm,
    Carrier,
    Interfaces,
    MacvlanForm,
    TunForm,
    VlanForm,
    VxlanForm,
)
from iplab.lab.report import Report
from iplab.lab.tree import Path
from iplab.names import DEVICE_MAX, HOST, IPInterface
from iplab.network import (
    Bridge,
    Dummy,
    End,
    Kind,
    Loopback,
    Macvlan,
    Shaping,
    Tuntap,
    Veth,
    Vlan,
    Vxlan,
)

if TYPE_CHECKING:
    from iplab.lab.read import Parts


class Device(Struct, frozen=True):
    """A device the lab makes (or ``lo``).  ``role`` says which part of the file asks for it:
    link, bridge, member, port, interface or lo; ``path`` where that part is."""

    end: End
    kind: Kind
    role: str
    path: Path
    up: bool = True
    mtu: int | None = None  # None: as it is born
    lladdr: str | None = None
    master: str | None = None
    addresses: tuple[IPInterface, ...] = ()
    shaping: Shaping | None = None


class Gathered(Struct):
    """All devices, and all nodes with where each is first named."""

    devices: dict[End, Device] = field(default_factory=dict)
    nodes: dict[str, Path] = field(default_factory=dict)
    forms: dict[str, NodeForm] = field(default_factory=dict)
    by_node: dict[str, list[Device]] = field(default_factory=dict)

    def of(self, node: str) -> list[Device]:
        """The devices of a node, in order of appearance."""
        return self.by_node.get(node, [])


def port_name(end: End) -> str:
    """The name of the bridge-side port of a member: it depends on the member alone.

    ``NODE-DEV`` where that is short enough, else its start and a few digits of a hash.
    """
    whole = f"{end.node}-{end.device}"
    if len(whole) <= DEVICE_MAX:
        return whole
    import hashlib  # which loads OpenSSL

    digits = hashlib.sha256(str(end).encode()).hexdigest()[:4]
    return f"{whole[: DEVICE_MAX - 5]}-{digits}"


def gather(parts: Parts, report: Report) -> Gathered:
    """What the parts ask for; a device asked for twice is reported."""
    return _Gatherer(parts, report).run()


class _Gatherer:
    def __init__(self, parts: Parts, report: Report) -> None:
        self.parts = parts
        self.report = report
        self.found = Gathered()

    def run(self) -> Gathered:
        """Links, bridges and nodes; then all in order of appearance."""
        for path, link in self.parts.links:
            self._link(path, link)
        for path, bridge in self.parts.bridges:
            self._bridge(path, bridge)
        for name, form in self.parts.nodes:
            self._name(name, ("nodes", name))
            self.found.forms[name] = form
            self._interfaces(name, form.interfaces)
        for node in self.found.nodes:
            if node != HOST:
                self._lo(node)
        order = self.report.order
        self.found.nodes = dict(sorted(self.found.nodes.items(), key=lambda item: order(item[1])))
        devices = sorted(self.found.devices.values(), key=lambda device: order(device.path))
        for device in devices:
            self.found.by_node.setdefault(device.end.node, []).append(device)
        return self.found

    def _name(self, node: str, path: Path) -> None:
        first = self.found.nodes.get(node)
        if first is None or self.report.order(path) < self.report.order(first):
            self.found.nodes[node] = path

    def _add(self, device: Device) -> None:
        self._name(device.end.node, device.path)
        other = self.found.devices.setdefault(device.end, device)
        if other is not device:
            self._clash(other, device)

    def _clash(self, one: Device, other: Device) -> None:
        """One device asked for twice: reported where it is asked for second, or less rightly."""
        first, second = sorted((one, other), key=self._rank)
        if first.role == second.role == "port" and first.kind == second.kind:
            return  # of a member that is there twice itself
        self.report.add(second.path, *self._what_clashes(first, second), key=True)

    def _rank(self, device: Device) -> tuple[int, tuple[int, int]]:
        rank = 0 if isinstance(device.kind, Bridge) else 1 if device.role == "port" else 2
        return rank, self.report.order(device.path)

    def _what_clashes(self, first: Device, second: Device) -> tuple[str, str]:
        end, line = second.end, self.report.line(first.path)
        roles = {first.role, second.role}
        if first.role == "port":
            member = first.kind.peer if isinstance(first.kind, Veth) else None
            if second.role == "port":
                return (
                    f"the bridge's port for this member would be {end}, as for that in line {line}",
                    "another name for one of the two nodes or devices",
                )
            return (
                f"{end} is twice here (line {line}): the bridge's port for {member} has that name",
                "another name for the other device",
            )
        if isinstance(first.kind, Bridge) and second.role in ("link", "member"):
            return (
                f"{end} is a bridge (see line {line}): it cannot change namespace or be the end of"
                " a link",
                "attach it with a link whose one end is a member: members: {NODE:DEV: ADDRESS}",
            )
        if roles == {"member"}:
            return (
                f"{end} is a member of a bridge already (line {line})",
                "a second device of the node for the second bridge",
            )
        if roles == {"member", "link"}:
            return (
                f"{end} is used twice (first in line {line})",
                "a member is a link already: keep one of the two",
            )
        return (
            f"{end} is used twice (first in line {line}): a device is in one place only",
            f"another name for one of them, such as {_another(end)}",
        )

    def _link(self, path: Path, link: Link) -> None:
        (a, one), (b, other) = link.ends.items()
        for end, peer, side in ((a, b, one), (b, a, other)):
            self._veth(end, peer, side, "link", (*path, str(end)), link)

    def _veth(
        self,
        end: End,
        peer: End,
        side: Side | LinkSide,
        role: str,
        path: Path,
        link: Link | BridgeForm,
    ) -> None:
        own = side if isinstance(side, LinkSide) else LinkSide()
        up = link.state if isinstance(link, Link) else True
        self._add(
            Device(
                end,
                Veth(peer),
                role,
                path,
                up=up if own.state is None else own.state,
                mtu=own.mtu or link.mtu,
                lladdr=side.lladdr,
                master=own.master,
                addresses=side.addresses,
                shaping=own.shaping() or link.shaping(),
            )
        )

    def _bridge(self, path: Path, form: BridgeForm) -> None:
        ((end, side),) = form.ends.items()
        self._add(
            Device(
                end,
                Bridge(form.stp, form.vlan_filtering),
                "bridge",
                (*path, str(end)),
                up=form.state,
                mtu=form.mtu,
                lladdr=form.lladdr or side.lladdr,
                addresses=side.addresses,
            )
        )
        for member, its in form.members.items():
            where: Path = (*path, "members", str(member))
            port = End(end.node, port_name(member))
            self._veth(member, port, its, "member", where, form)
            self._add(
                Device(
                    port,
                    Veth(member),
                    "port",
                    where,
                    mtu=form.mtu,
                    master=end.device,
                    shaping=form.shaping(),
                )
            )

    def _interfaces(self, node: str, interfaces: Interfaces) -> None:
        for name, form in interfaces.made.items():
            path: Path = ("nodes", node, "interfaces", name)
            self._add(
                Device(
                    End(node, name),
                    _kind(node, form),
                    "interface",
                    path,
                    up=form.state,
                    mtu=form.mtu,
                    lladdr=form.lladdr,
                    master=form.master,
                    addresses=form.addresses,
                    shaping=form.shaping(),
                )
            )

    def _lo(self, node: str) -> None:
        form = self.found.forms.get(node)
        up = self.parts.head.loopback
        if form is not None and form.loopback is not None:
            up = form.loopback
        lo = form.interfaces.lo if form else None
        self.found.devices[End(node, "lo")] = Device(
            End(node, "lo"),
            Loopback(),
            "lo",
            ("nodes", node, "interfaces", "lo") if lo else self.found.nodes[node],
            up=up,
            mtu=Loopback.default_mtu,
            addresses=lo.addresses if lo else (),
        )


def _kind(node: str, form: Carrier) -> Kind:
    match form:
        case VxlanForm():
            return Vxlan(form.id, form.remote or form.group, form.local, form.dev, form.dstport)
        case MacvlanForm():
            text = form.link if ":" in form.link else f"{node}:{form.link}"
            return Macvlan(End(*text.split(":")), form.mode)
        case VlanForm():
            return Vlan(End(node, form.link), form.id)
        case BridgeInterfaceForm():
            return Bridge(form.stp, form.vlan_filtering)
        case TunForm():
            return Tuntap(form.type, form.user)
    return Dummy()


def _another(end: End) -> str:
    stem = end.device.rstrip("0123456789")[: DEVICE_MAX - 2]
    number = end.device[len(stem) :]
    return f"{end.node}:{stem}{int(number) + 1 if number.isdigit() else 2}"
