"""Where the observed state is not the wanted one: drift, in words and one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import asdict

from iplab.claims import Claim, Ownership, link
from iplab.names import HOST
from iplab.network import Bridge, End, Interface, Namespace, Network, Veth
from iplab.plan.settle import comparable, stale_addresses
from iplab.plan.transform import same_device


class Difference(Struct, frozen=True):
    """One difference: what it is about, what was wanted and what was found, in ip's words."""

    node: str
    object: str
    wanted: str
    found: str

    def json(self) -> dict[str, str]:
        """As the contract words it."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.node}: {self.object}: wanted {self.wanted}, found {self.found}"


ABSENT = "absent"


def compare(wanted: Network, observed: Network, ownership: Ownership) -> list[Difference]:
    """Each difference.  What is there beside the wanted counts where the lab made it."""
    return list(_compare(wanted, observed, ownership))


def _compare(wanted: Network, observed: Network, ownership: Ownership) -> Iterator[Difference]:
    mine: dict[str, list[Claim]] = {}
    for claim in ownership.mine:
        mine.setdefault(claim.node, []).append(claim)
    for node, want in wanted.namespaces.items():
        have = observed.namespaces.get(node)
        if have is None:
            yield Difference(node, "namespace", "present", ABSENT)
        else:
            yield from _namespace(want, have, ownership, mine.get(node, ()))
    for node, have in observed.namespaces.items():
        if node in wanted.namespaces:
            continue
        if ownership.owns_node(node):
            yield Difference(node, "namespace", ABSENT, "present")
        else:
            yield from _namespace(Namespace(node), have, ownership, mine.get(node, ()))


def _namespace(
    want: Namespace, have: Namespace, ownership: Ownership, mine: Iterable[Claim]
) -> Iterator[Difference]:
    node = want.name
    for device, interface in want.interfaces.items():
        found = have.interfaces.get(device)
        if found is None:
            yield Difference(node, device, interface.kind.type, ABSENT)
        else:
            yield from _interface(node, interface, found)
    for device in have.interfaces:
        if device not in want.interfaces and link(End(node, device)) in ownership.mine:
            yield Difference(node, device, ABSENT, "present")
    whole = ownership.owns_node(node)
    claimed = {(c.kind, c.name) for c in mine}
    for route in want.routes:
        if route not in have.routes:
            yield Difference(node, "route", str(route), ABSENT)
    for route in have.routes:
        if route not in want.routes and (whole or ("route", str(route)) in claimed):
            yield Difference(node, "route", ABSENT, str(route))
    for key, value in want.sysctls.items():
        if have.sysctls.get(key) != value:
            yield Difference(node, f"sysctl {key}", value, have.sysctls.get(key, ABSENT))
    for claim in mine:
        # Set by the lab, which does not want it any more; '' is a value that nobody knows.
        if claim.kind == "sysctl" and claim.name not in want.sysctls:
            value = ownership.mine[claim]
            now = have.sysctls.get(claim.name)
            if value and now is not None and now != value:
                yield Difference(node, f"sysctl {claim.name}", value, now)
    for name, table in want.nat.items():
        there = have.nat.get(name)
        if there != table:
            yield Difference(node, f"nft table {name}", _nat(table), _nat(there))
    for name, there in have.nat.items():
        if name not in want.nat and (whole or ("nat", name) in claimed):
            yield Difference(node, f"nft table {name}", ABSENT, _nat(there))


def _nat(table: object) -> str:
    if table is None:
        return ABSENT
    sources = ", ".join(str(s) for s in getattr(table, "sources", ()))
    rest = "" if getattr(table, "hooked", False) else " (no chain at postrouting)"
    other = len(getattr(table, "other", ()))
    return f"masquerade {sources or 'nothing'}{rest}" + (f" and {other} other rules" * bool(other))


def _interface(node: str, want: Interface, have: Interface) -> Iterator[Difference]:
    name = want.name
    if not same_device(have.kind, want.kind):
        yield Difference(node, name, _kind(want), _kind(have))
        return
    pairs: list[tuple[str, object, object]] = [("state", _state(want.up), _state(have.up))]
    if want.mtu is not None:
        pairs.append(("mtu", want.mtu, have.mtu))
    if want.lladdr is not None:
        pairs.append(("address", want.lladdr, have.lladdr))
    pairs.append(("master", want.master or "none", have.master or "none"))
    if isinstance(want.kind, Bridge) and isinstance(have.kind, Bridge):
        pairs.append(("stp_state", want.kind.stp, have.kind.stp))
        pairs.append(("vlan_filtering", want.kind.vlan_filtering, have.kind.vlan_filtering))
    if node != HOST or want.shaping or have.shaping:
        pairs.append(
            ("qdisc", want.shaping or "the kernel's own", have.shaping or "the kernel's own")
        )
    for what, wished, found in pairs:
        if wished != found:
            yield Difference(node, f"{name} {what}", str(wished), str(found))
    yield from _addresses(node, want, have)


def _addresses(node: str, want: Interface, have: Interface) -> Iterator[Difference]:
    wanted = {a.local for a in want.addresses}
    mine = comparable(have.addresses, want.addresses)
    if mine == list(want.addresses):
        return
    for address in want.addresses:
        if address not in mine:
            near = next((a for a in mine if a.local == address.local), None)
            yield Difference(node, f"{want.name} address", str(address), str(near or ABSENT))
    stale = stale_addresses(mine, list(want.addresses))
    for address in stale:
        if address not in want.addresses and address.local not in wanted:
            yield Difference(node, f"{want.name} address", ABSENT, str(address))
    # The same addresses in another order within a subnet: another primary, another source address.
    if stale and set(mine) == set(want.addresses):
        found = ", ".join(str(a) for a in mine)
        wished = ", ".join(str(a) for a in want.addresses)
        yield Difference(node, f"{want.name} address order", wished, found)


def _state(up: bool) -> str:
    return "up" if up else "down"


def _kind(interface: Interface) -> str:
    kind = interface.kind
    if isinstance(kind, Veth):
        return f"veth to {kind.peer or 'out of sight'}"
    return f"{kind.type} {kind}" if kind.type != "?" else str(getattr(kind, "name", kind))
