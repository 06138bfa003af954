"""Random networks, such as lab files word them, for property tests."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network

from hypothesis import strategies as st
from msgspec.structs import replace

from iplab.network import (
    Address,
    Bridge,
    End,
    Interface,
    Loopback,
    Macvlan,
    Namespace,
    NatTable,
    Network,
    Route,
    Shaping,
    Veth,
    Vxlan,
)

HOST = "host"
NODES = ("host", "a", "b", "c")
DEVICES = ("e0", "e1", "e2", "e3")
TABLE = "iplab-lab"

LO = Interface("lo", Loopback(), up=True, mtu=65536)
# A machine before any lab; what is on it must stay.
MACHINE = Network(
    {
        HOST: Namespace(
            HOST,
            {
                "lo": LO,
                "eth9": Interface(
                    "eth9",
                    Veth(None),
                    up=True,
                    mtu=1500,
                    lladdr="02:00:00:00:00:09",
                    addresses=(Address(ip_interface("192.0.2.9/24")),),
                    index=9,
                ),
            },
            (Route(ip_network("0.0.0.0/0"), ip_address("192.0.2.1"), "eth9"),),
            {"net.ipv4.ip_forward": "0"},
        )
    }
)

ADDRESSES = [Address(ip_interface(f"10.0.{n}.{m}/24")) for n in range(3) for m in range(1, 5)] + [
    Address(ip_interface(f"fd00:{n}::{m}/64")) for n in range(2) for m in range(1, 4)
]
DESTINATIONS = [ip_network(t) for t in ("0.0.0.0/0", "10.9.0.0/16", "::/0", "fd09::/16")]
GATEWAYS = {4: ip_address("10.0.0.9"), 6: ip_address("fd00::9")}
SOURCES = [ip_network("10.0.0.0/24"), ip_network("10.0.1.0/24"), ip_network("fd00::/64")]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """What a lab may want."""
    nodes = draw(st.lists(st.sampled_from(NODES), unique=True, max_size=4))
    names = {node: draw(st.permutations(DEVICES)) for node in nodes}
    free = {node: list(names[node]) for node in nodes}
    found: dict[End, Interface] = {}

    def name(node: str) -> End | None:
        return End(node, free[node].pop()) if free[node] else None

    for _ in range(draw(st.integers(0, 4)) if nodes else 0):
        ends = [name(draw(st.sampled_from(nodes))) for _ in range(2)]
        if None not in ends:
            a, b = (end for end in ends if end is not None)
            for end, peer in ((a, b), (b, a)):
                found[end] = Interface(end.device, Veth(peer), up=draw(st.booleans()), mtu=1500)
    for node in nodes:
        _more_devices(draw, node, free, found)
    for end, interface in list(found.items()):
        found[end] = _dressed(draw, interface)
    return Network({node: _namespace(draw, node, found) for node in nodes})


def _more_devices(
    draw: st.DrawFn, node: str, free: dict[str, list[str]], found: dict[End, Interface]
) -> None:
    cables = [end for end in found if end.node == node]
    kind = draw(st.sampled_from(["", "bridge", "vxlan", "macvlan"]))
    if not free[node] or not kind:
        return
    end = End(node, free[node].pop())
    if kind == "bridge":
        found[end] = Interface(end.device, Bridge(draw(st.booleans()), draw(st.booleans())), True)
        for port in cables:
            if draw(st.booleans()):
                found[port] = replace(found[port], master=end.device)
    elif kind == "vxlan":
        found[end] = Interface(
            end.device, Vxlan(draw(st.integers(1, 2)), ip_address("10.0.0.9")), up=True, mtu=1450
        )
    elif cables:
        found[end] = Interface(end.device, Macvlan(cables[0]), up=draw(st.booleans()))


def _dressed(draw: st.DrawFn, interface: Interface) -> Interface:
    several = st.lists(st.sampled_from(ADDRESSES), unique_by=lambda a: a.local, max_size=4)
    addresses = tuple(draw(several))
    mtu = interface.mtu
    if isinstance(interface.kind, Veth):
        mtu = draw(st.sampled_from([1500, 1500, 1400]))
    rate = draw(st.sampled_from([None, None, 10_000_000, 20_000_000]))
    shaping = Shaping(rate=rate) if rate else None
    return replace(interface, addresses=addresses, mtu=mtu, shaping=shaping)


def _namespace(draw: st.DrawFn, node: str, found: dict[End, Interface]) -> Namespace:
    interfaces = {} if node == HOST else {"lo": replace(LO, up=draw(st.booleans()))}
    interfaces |= {end.device: i for end, i in found.items() if end.node == node}
    usable = [i.name for i in interfaces.values() if i.up and i.name != "lo"]
    routes = []
    # The host's own default route is not a lab's to say.
    for destination in DESTINATIONS[1 if node == HOST else 0 :] if usable else ():
        if draw(st.booleans()):
            gateway = GATEWAYS[destination.version] if draw(st.booleans()) else None
            routes.append(Route(destination, gateway, draw(st.sampled_from(usable))))
    sysctls = draw(
        st.dictionaries(st.just("net.ipv4.ip_forward"), st.sampled_from("01"), max_size=1)
    )
    sources = draw(st.lists(st.sampled_from(SOURCES), unique=True, max_size=2))
    nat = {TABLE: NatTable(tuple(sources), hooked=True)} if sources else {}
    return Namespace(node, interfaces, tuple(routes), sysctls, nat)


def plain(network: Network, known: Network | None = None) -> object:
    """A network for comparing: without the order in which the kernel does not keep things.

    Of sysctls only those that are in ``known``: what a new namespace had was never read.
    """
    found = {}
    for node, namespace in network.namespaces.items():
        was = known.namespaces.get(node) if known else None
        keep = was.sysctls if was else namespace.sysctls
        found[node] = (
            {device: _plain(i) for device, i in namespace.interfaces.items()},
            sorted(map(str, namespace.routes)),
            {key: value for key, value in namespace.sysctls.items() if key in keep},
            namespace.nat,
        )
    return found


def _plain(interface: Interface) -> Interface:
    four = [a for a in interface.addresses if a.local.version == 4]
    # The order within a subnet says which is the primary one; between subnets it says nothing.
    four.sort(key=lambda a: a.local.network)
    six = sorted((a for a in interface.addresses if a.local.version == 6), key=str)
    return replace(interface, addresses=(*four, *six))
