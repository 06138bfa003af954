"""One node brought to what it is wanted to be: the small differences, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from iplab.keys import device_of
from iplab.network import Address, Bridge, End, Interface, Namespace
from iplab.operations import (
    AddAddress,
    AddMasquerade,
    AddNatChain,
    AddNatTable,
    AddRoute,
    ClearMaster,
    ClearShaping,
    DeleteAddress,
    DeleteNatTable,
    DeleteRoute,
    FlushNatChain,
    SetDown,
    SetLladdr,
    SetMaster,
    SetMtu,
    SetShaping,
    SetStp,
    SetSysctl,
    SetUp,
    SetVlanFiltering,
)
from iplab.operations.address import same_subnet
from iplab.operations.sysctl import leads_others
from iplab.plan.reasons import Reason, because

if TYPE_CHECKING:
    from iplab.plan.transform import Work


def interface(work: Work, node: str, want: Interface) -> None:
    """Bring one device to what it is wanted to be; it must be there."""
    end = End(node, want.name)
    have = work.draft.interface(end)
    if have.up and not want.up:
        work.do(SetDown(node, want.name), because("down", end=end))
    mtu(work, node, want)
    if want.lladdr is not None and have.lladdr != want.lladdr:
        work.do(SetLladdr(node, want.name, want.lladdr), because("lladdr", end=end))
    if isinstance(want.kind, Bridge) and isinstance(have.kind, Bridge):
        if want.kind.stp != have.kind.stp:
            why = because("stp", end=end, switch="on" if want.kind.stp else "off")
            work.do(SetStp(node, want.name, want.kind.stp), why)
        filtering = want.kind.vlan_filtering
        if filtering != have.kind.vlan_filtering:
            why = because("vlan_filtering", end=end, switch="on" if filtering else "off")
            work.do(SetVlanFiltering(node, want.name, filtering), why)
    if want.master != have.master:
        if want.master is None:
            work.do(ClearMaster(node, want.name), because("no_port", end=end, master=have.master))
        else:
            work.do(
                SetMaster(node, want.name, want.master),
                because("port", end=end, master=want.master),
            )
    _addresses(work, end, want)
    if want.up and not work.draft.interface(end).up:
        work.do(SetUp(node, want.name), because("up", end=end))


def mtu(work: Work, node: str, want: Interface) -> None:
    """Bring one device's mtu to what is wanted."""
    end = End(node, want.name)
    have = work.draft.interface(end).mtu
    if want.mtu is not None and have != want.mtu:
        why = because("mtu", end=end, have=have, want=want.mtu)
        work.do(SetMtu(node, want.name, want.mtu), why)


def _addresses(work: Work, end: End, want: Interface) -> None:
    mine = comparable(work.draft.interface(end).addresses, want.addresses)
    if mine == list(want.addresses):
        return
    stale = stale_addresses(mine, list(want.addresses))
    for address in stale:
        if not any(a.local == address.local for a in work.draft.interface(end).addresses):
            continue
        work.do(DeleteAddress(end.node, end.device, address), _why_stale(end, address, mine, want))
    for address in want.addresses:
        now = work.draft.interface(end).addresses
        if not any(a.local == address.local for a in now):
            work.do(
                AddAddress(end.node, end.device, address),
                because("address", end=end, address=address),
            )


def _why_stale(end: End, address: Address, have: list[Address], want: Interface) -> Reason:
    if address in want.addresses:
        return because("address_order", address=address)
    held = {a.local for a in have}
    instead = next(
        (
            a
            for a in want.addresses
            if a.local not in held and a.local.version == address.local.version
        ),
        None,
    )
    if instead is not None:
        return because("address_instead", end=end, address=address, instead=instead)
    return because("address_stale", end=end, address=address)


def comparable(have: Sequence[Address], want: Sequence[Address]) -> list[Address]:
    """``have`` as far as ``want`` speaks of it: without automatic addresses that nobody asked for.

    A broadcast address (``brd +``) that nobody asked for is no difference either, as the kernel
    answers to its subnet's last address anyway.
    """
    wanted = {a.local for a in want}
    silent = {a.local for a in want if a.broadcast is None}
    return [
        replace(a, broadcast=None) if a.local in silent else a
        for a in have
        if not a.automatic or a.local in wanted
    ]


def stale_addresses(have: list[Address], want: list[Address]) -> list[Address]:
    """Which addresses have to go, in the order they have to go in.

    The order within one IPv4 subnet is part of the state: the first is the primary and the usual
    source address; the kernel deletes its secondaries with it.  So in each subnet what is wanted
    must come as a run of the present order; from where it does not, all go, the last one first.
    """
    stale: list[Address] = []
    done: list[Address] = []
    for address in have:
        if address.local.version == 6:
            if address not in want:
                stale.append(address)
            continue
        if any(same_subnet(address, other) for other in done):
            continue
        done.append(address)
        present = [a for a in have if same_subnet(a, address)]
        wished = [a for a in want if same_subnet(a, address)]
        # A secondary can go by itself; a primary cannot.
        keep = [a for n, a in enumerate(present) if n == 0 or a in wished]
        good = 0
        while good < min(len(keep), len(wished)) and keep[good] == wished[good]:
            good += 1
        kept = keep[:good]
        stale += [a for a in reversed(present) if a not in kept]
    return stale


def remove_routes(work: Work, have: Namespace, want: Namespace, going: set[str]) -> None:
    """Take away the routes that are not wanted, but for those that go with their device."""
    for route in have.routes:
        if route in want.routes or route.device in going:
            continue
        if work.may_remove("route", have.name, str(route)):
            work.do(DeleteRoute(have.name, route), because("route_stale", node=have.name))


def routes(work: Work, want: Namespace) -> None:
    """Add the routes that are missing (also those that an earlier operation took along)."""
    for route in want.routes:
        if route not in work.draft.namespace(want.name).routes:
            work.do(AddRoute(want.name, route), because("route", node=want.name))


def shaping(work: Work, node: str, want: Interface) -> None:
    """Bring one device's root qdisc to what is wanted."""
    end = End(node, want.name)
    have = work.draft.interface(end).shaping
    if want.shaping == have:
        return
    if want.shaping is None:
        work.do(ClearShaping(node, want.name), because("shaping_stale", end=end, have=have))
    else:
        why = because("shaping", end=end, want=want.shaping, have=have)
        work.do(SetShaping(node, want.name, want.shaping), why)


def sysctls(work: Work, node: str, want: Namespace, *, of_device: bool) -> None:
    """Set what differs.  Settings of one device wait for the device (``of_device``).

    What sets others as well comes ahead of them.
    """
    for key, value in sorted(want.sysctls.items(), key=lambda item: not leads_others(item[0])):
        if _late(key, value) is not of_device:
            continue
        have = work.draft.namespace(node).sysctls.get(key)
        if have != value:
            why = because("sysctl", node=node, key=key, value=value, have=have)
            work.do(SetSysctl(node, key, value), why)


def _late(key: str, value: str) -> bool:
    # Without IPv6 the addresses go as well: those that are not wanted are to be taken away before.
    return device_of(key) is not None or (key.endswith(".disable_ipv6") and value != "0")


def remove_nat(work: Work, have: Namespace, want: Namespace) -> None:
    """Take away the nft tables that are not wanted."""
    for table in have.nat:
        if table not in want.nat and work.may_remove("nat", have.name, table):
            work.do(DeleteNatTable(have.name, table), because("nat_stale", node=have.name))


def nat(work: Work, want: Namespace) -> None:
    """Bring the lab's nft table to what is wanted."""
    for name, table in want.nat.items():
        node = want.name
        have = work.draft.namespace(node).nat.get(name)
        if have == table:
            continue
        if have is None:
            work.do(AddNatTable(node, name), because("nat_table", node=node))
        elif have.other or have.sources != table.sources[: len(have.sources)]:
            work.do(FlushNatChain(node, name), because("nat_rules", node=node, table=name))
        if have is None or not have.hooked:
            work.do(AddNatChain(node, name), because("nat_chain", node=node))
        for source in table.sources:
            if source not in work.draft.namespace(node).nat[name].sources:
                work.do(
                    AddMasquerade(node, name, source),
                    because("masquerade", node=node, source=source),
                )
