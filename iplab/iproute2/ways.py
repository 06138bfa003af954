"""From an operation to the commands that take it back, and to those that show what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from iplab.names import HOST
from iplab.network import End, Route, Tuntap
from iplab.operations import (
    AddAddress,
    AddMasquerade,
    AddMulticast,
    AddNamespace,
    AddNatChain,
    AddNatTable,
    AddNeighbour,
    AddOwnedTuntap,
    AddProxy,
    AddRoute,
    AddTunnel,
    AddTuntap,
    AddVeth,
    ChangeNeighbour,
    ClearShaping,
    DeleteAddress,
    DeleteFirstRoute,
    DeleteLink,
    DeleteMulticast,
    DeleteNamespace,
    DeleteNatChain,
    DeleteNatTable,
    DeleteNeighbour,
    DeleteProxy,
    DeleteRoute,
    DeleteTunnel,
    DeleteTuntap,
    FlushAddresses,
    FlushNatChain,
    MoveLink,
    OnDevice,
    Operation,
    PrependRoute,
    RenameLink,
    ReplaceNeighbour,
    SetDown,
    SetFlag,
    SetMaster,
    SetMedia,
    SetShaping,
    SetStp,
    SetSysctl,
    SetUp,
    SetVlanFiltering,
    SetWireless,
)
from iplab.operations.link import AddDevice, ClearMaster
from iplab.operations.nat import OnTable
from iplab.render import Renderer

Argv = tuple[str, ...]
_renderer = Renderer("direct")


def back(operation: Operation) -> list[Argv]:
    """The commands that take it back whatever was before; none where that has to be known.

    (A plan's own undo is made from the observed state: ``Operation.inverse``.)
    """
    if isinstance(operation, MoveLink) and operation.node == HOST:
        # No name means "where iplab runs"; process 1 is on the host.
        return [(*ip(operation.to), "link", "set", operation.device, "netns", "1")]
    found = _inverse(operation)
    return [_renderer.command(found).argv] if found else []


def _inverse(operation: Operation) -> Operation | None:
    node = operation.node
    match operation:
        case AddNamespace(name=name):
            return DeleteNamespace(node, name)
        case AddVeth(a=a):
            return DeleteLink(a.node, a.device)
        case AddDevice(device=device):
            return DeleteLink(operation.end.node, device)
        case MoveLink(device=device, to=to):
            return MoveLink(to, device, node)
        case SetUp(device=device):
            return SetDown(node, device)
        case SetDown(device=device):
            return SetUp(node, device)
        case SetMaster(device=device):
            return ClearMaster(node, device)
        case SetStp() | SetVlanFiltering():
            return type(operation)(node, operation.device, not operation.on)
        case AddAddress(device=device, address=address):
            return DeleteAddress(node, device, address)
        case DeleteAddress(device=device, address=address):
            return AddAddress(node, device, address)
        case AddRoute(route=route):
            return DeleteRoute(node, route)
        case DeleteRoute(route=route) if route.gateway or route.device or route.type != "unicast":
            return AddRoute(node, route)
        case SetShaping(device=device):
            return ClearShaping(node, device)
        case AddNatTable(table=table):
            return DeleteNatTable(node, table)
        case AddNatChain(table=table):
            return DeleteNatChain(node, table)
        case AddMasquerade(table=table):
            return FlushNatChain(node, table)
        case DeleteNatChain(table=table):
            return AddNatChain(node, table)
        case PrependRoute(route=route):
            return DeleteRoute(node, route)
        case SetFlag(device=device, flag=flag, on=on):
            return SetFlag(node, device, flag, not on)
        case RenameLink(device=device, name=name):
            return RenameLink(node, name, device)
        case AddMulticast(device=device, lladdr=lladdr):
            return DeleteMulticast(node, device, lladdr)
        case DeleteMulticast(device=device, lladdr=lladdr):
            return AddMulticast(node, device, lladdr)
        case (
            ReplaceNeighbour(device=device, address=address)
            | AddNeighbour(device=device, address=address)
        ):
            return DeleteNeighbour(node, device, address)
        case AddProxy(device=device, address=address):
            return DeleteProxy(node, device, address)
        case DeleteProxy(device=device, address=address):
            return AddProxy(node, device, address)
        case AddTunnel(device=device):
            return DeleteLink(node, device)
        case AddOwnedTuntap(device=device, tuntap=tuntap):
            return DeleteTuntap(node, device, tuntap.mode)
        case DeleteTuntap(device=device, mode=mode):
            return AddTuntap(node, device, Tuntap(mode))
    return None


def look(operation: Operation) -> list[Argv]:
    """The commands that show what the kernel holds of it."""
    node = operation.node
    match operation:
        case AddNamespace() | DeleteNamespace():
            return [(*ip(node), "netns", "list")]
        case AddVeth(a=a, b=b):
            return [_show(a, "link"), _show(b, "link")]
        case AddDevice():
            return [(*ip(operation.end.node), "-d", "link", "show", "dev", operation.device)]
        case MoveLink(to=to, device=device):
            return [_show(End(to, device), "address")]
        case SetStp() | SetVlanFiltering():
            return [(*ip(node), "-d", "link", "show", "dev", operation.device)]
        case SetMaster(master=master):
            return [(*ip(node), "link", "show", "master", master)]
        case DeleteLink():
            return [(*ip(node), "link", "show")]
        case AddAddress() | DeleteAddress():
            return [_show(operation.end, "address")]
        case AddRoute(route=route) | DeleteRoute(route=route) | PrependRoute(route=route):
            return [_routes(node, route)]
        case DeleteFirstRoute(pattern=route):
            return [_routes(node, route)]
        case RenameLink(name=name):
            return [_show(End(node, name), "link")]
        case FlushAddresses():
            return [_show(operation.end, "address")]
        case AddProxy() | DeleteProxy():
            return [(*ip(node), "neighbour", "show", "proxy", "dev", operation.device)]
        case ReplaceNeighbour() | AddNeighbour() | ChangeNeighbour() | DeleteNeighbour():
            return [_show(operation.end, "neighbour")]
        case AddMulticast() | DeleteMulticast():
            return [_show(operation.end, "maddress")]
        case SetMedia(device=device):
            return [(*inside(node), "ethtool", device)]
        case SetWireless(device=device):
            return [(*inside(node), "iw", "dev", device, "info")]
        case DeleteTunnel() | DeleteTuntap():
            return [(*ip(node), "link", "show")]
        case SetShaping() | ClearShaping():
            where = () if node == HOST else ("-n", node)
            return [("tc", "-s", *where, "qdisc", "show", "dev", operation.device)]
        case SetSysctl(key=key):
            return [(*inside(node), "sysctl", key)]
        case OnTable(table=table):
            return [(*inside(node), "nft", "list", "table", "inet", table)]
        case OnDevice():
            return [_show(operation.end, "link")]
    return []


def last_names(operations: Sequence[Operation]) -> list[Operation]:
    """The operations of one command on the device as it is called in the end."""
    names = {(o.node, o.device): o.name for o in operations if isinstance(o, RenameLink)}
    found: list[Operation] = []
    for operation in operations:
        if isinstance(operation, OnDevice) and not isinstance(operation, RenameLink):
            where = operation.to if isinstance(operation, MoveLink) else operation.node
            name = names.get((where, operation.device), operation.device)
            operation = replace(operation, device=name)
        found.append(operation)
    return found


def _routes(node: str, route: Route) -> Argv:
    six = ("-6",) if route.destination.version == 6 else ()
    table = ("table", route.table) if route.table else ()
    return (*ip(node), *six, "route", "show", *table)


def ip(node: str) -> Argv:
    """``ip`` for a node."""
    return ("ip",) if node == HOST else ("ip", "-n", node)


def inside(node: str) -> Argv:
    """What goes before another program, to run it in a node."""
    return () if node == HOST else ("ip", "netns", "exec", node)


def _show(end: End, what: str) -> Argv:
    return (*ip(end.node), what, "show", "dev", end.device)


def look_known(topic: str, node: str, values: Mapping[str, str]) -> list[Argv]:
    """``look`` for a command that is no operation, by its topic."""
    device = values.get("name", values.get("device", ""))
    node = values.get("to", node)
    on = ("show", "dev", device) if device and device != "*" else ("show",)
    area, _, rest = topic.partition(".")
    match area:
        case "address":
            return [(*ip(node), "address", *on)]
        case "link" if rest == "netns-pid":
            there = () if values["pid"] == "1" else ("nsenter", "-t", values["pid"], "-n")
            return [(*there, "ip", "link", "show", "dev", values["name"])]
        case "link":
            return [(*ip(node), "-d", "link", *on)]
        case "route":
            return [(*ip(node), "route", "show", "table", "all")]
        case "neighbour":
            return [(*ip(node), "neighbour", *on)]
        case "rule":
            return [(*ip(node), "rule", "show")]
        case "tuntap":
            return [(*ip(node), "tuntap", "show")]
        case "netns":
            if rest == "exec-all":
                return [("ip", "-all", "netns", "exec", "ip", "address")]
            return [("ip", "netns", "identify")] if rest == "shell" else [("ip", "netns", "list")]
        case "bridge":
            return [("bridge", *ip(node)[1:], rest, "show")]
        case "qdisc":
            return [("tc", *ip(node)[1:], "-s", "qdisc", *on)]
    return []
