"""Any operation, for hypothesis: one strategy for each (a test holds that none is missing)."""

from __future__ import annotations

import ipaddress
import string

from hypothesis import strategies as st
from msgspec.structs import replace

from iplab import operations as ops
from iplab.iproute2.address import usual_scope
from iplab.names import IPAddress
from iplab.network import Address, End, Macvlan, Route, Shaping, Tuntap, Vlan, Vxlan
from iplab.operations import Operation
from iplab.operations.setting import FLAGS

_first = string.ascii_letters + string.digits + "_"
_rest = _first + ".-"


def _names(longest: int) -> st.SearchStrategy[str]:
    return st.builds(
        lambda a, b: a + b,
        st.sampled_from(_first),
        st.text(_rest, max_size=longest - 1),
    )


_RESERVED = ("all", "default", "lo")
devices = st.one_of(
    # Names that iproute2 could take for its own keywords, too.
    st.sampled_from(["veth0", "br", "up", "type", "dev", "d", "t", "name", "a", "netns", "mtu"]),
    _names(15).filter(lambda name: name not in _RESERVED),
)
any_device = st.one_of(st.just("lo"), devices)
inner = _names(20).filter(lambda name: name != "host" and not name.isdigit())
nodes = st.one_of(st.just("host"), inner)
v4 = st.integers(0x01000000, 0xDFFFFFFF).map(ipaddress.IPv4Address)
v6 = st.integers(1 << 112, (0xFEFF << 112)).map(ipaddress.IPv6Address)
addresses = st.one_of(v4, v6)
interfaces = st.one_of(
    st.builds(lambda a, n: ipaddress.ip_interface(f"{a}/{n}"), v4, st.integers(1, 32)),
    st.builds(lambda a, n: ipaddress.ip_interface(f"{a}/{n}"), v6, st.integers(1, 128)),
)
prefixes = interfaces.map(lambda i: i.network)
everything = st.sampled_from(["0.0.0.0/0", "::/0"]).map(ipaddress.ip_network)
destinations = st.one_of(prefixes, everything)
lladdrs = st.integers(1, 2**40).map(
    lambda n: "02:" + ":".join(f"{n >> s & 255:02x}" for s in (32, 24, 16, 8, 0))
)
ends = st.builds(End, nodes, devices)


@st.composite
def _address(draw: st.DrawFn) -> Address:
    local = draw(interfaces)
    peer = broadcast = None
    if draw(st.booleans()):
        other = draw(v4 if local.version == 4 else v6)
        peer = ipaddress.ip_interface(f"{other}/{local.network.prefixlen}")
    if local.version == 4 and draw(st.booleans()):
        broadcast = draw(v4)
    scope = usual_scope(local)
    if scope == "global" and local.version == 4:
        scope = draw(st.sampled_from(["global", "link", "host", "site"]))
    lifetimes = st.none() | st.integers(1, 10**6)
    return Address(
        local,
        broadcast,
        scope,
        peer,
        metric=draw(st.none() | st.integers(1, 9999)),
        noprefixroute=draw(st.booleans()),
        valid=draw(lifetimes),
        preferred=draw(lifetimes),
        protocol=draw(st.none() | st.sampled_from(["kernel_lo", "77"])),
    )


@st.composite
def _route(draw: st.DrawFn) -> Route:
    destination = draw(destinations)
    six = destination.version == 6
    near: st.SearchStrategy[IPAddress] = v6 if six else v4
    metric = draw(st.none() | st.integers(1, 2**32 - 1).filter(lambda n: n != 1024))
    mtu = draw(st.none() | st.integers(68, 65535))
    kind = draw(st.sampled_from(["unicast", "unicast", "blackhole", "unreachable", "prohibit"]))
    if kind != "unicast":
        return Route(destination, metric=metric, type=kind, mtu=mtu)
    gateway = draw(st.none() | near)
    device = draw(any_device if gateway is None else st.none() | any_device)
    usual = "global" if gateway is not None else "link"
    scopes = st.sampled_from(["global", "link", "host", "site"]).filter(lambda s: s != usual)
    return Route(
        destination,
        gateway,
        device,
        metric,
        "unicast",
        draw(st.none() | near),
        mtu,
        None if six else draw(st.none() | scopes),
        gateway is not None and device is not None and draw(st.booleans()),
    )


rates = st.integers(1, 10**12 // 8).map(lambda n: n * 8)
delays = st.integers(1, 2**31 - 1)
losses = st.integers(1, 10000).map(lambda n: n / 100)
shapings = st.one_of(
    st.builds(Shaping, rate=rates),
    st.builds(
        Shaping,
        rate=st.none() | rates,
        delay=delays,
        jitter=st.none() | delays,
        loss=st.none() | losses,
    ),
    st.builds(Shaping, rate=st.none() | rates, loss=losses),
)


@st.composite
def _vxlan(draw: st.DrawFn) -> Vxlan:
    near: st.SearchStrategy[IPAddress] = draw(st.sampled_from([v4, v6]))
    remote = draw(st.none() | near | st.just(ipaddress.ip_address("239.1.1.1")))
    return Vxlan(
        draw(st.integers(0, 2**24 - 1)),
        remote,
        draw(st.none() | near),
        draw(st.none() | devices),
        draw(st.integers(1, 65535)),
    )


@st.composite
def _macvlan(draw: st.DrawFn) -> Operation:
    node = draw(nodes)
    mode = draw(st.sampled_from(["private", "vepa", "bridge", "passthru"]))
    link = End(node, draw(devices))
    netns = node if node == "host" else draw(st.just(node) | inner)
    return ops.AddMacvlan(node, draw(devices), netns, Macvlan(link, mode))


@st.composite
def _vlan(draw: st.DrawFn) -> Operation:
    node = draw(nodes)
    kind = Vlan(End(node, draw(devices)), draw(st.integers(1, 4094)))
    return ops.AddVlan(node, draw(devices), kind)


@st.composite
def _veth(draw: st.DrawFn) -> Operation:
    """As plans make them: on the host, or in the one node that both ends are in."""
    if draw(st.booleans()):
        node = draw(nodes)
        return ops.AddVeth(node, End(node, draw(devices)), End(node, draw(devices)))
    index = draw(st.none() | st.integers(1, 2**31 - 1))
    return ops.AddVeth("host", draw(ends), draw(ends), index)


_on = {"node": nodes, "device": any_device}
_new = {"node": nodes, "device": devices}
_table = {"node": nodes, "table": _names(20)}
_keys = st.sampled_from(["net.ipv4.ip_forward", "net/ipv4/conf/eth0.1/rp_filter", "net.a.b"])
_values = st.text(string.ascii_letters + string.digits + ".:,/+-", min_size=1, max_size=20)

_word = st.text(string.ascii_lowercase, min_size=1, max_size=8)
_words = st.lists(_word, min_size=1, max_size=4).map(tuple)
_peer = {"node": nodes, "device": devices, "address": addresses}
_tunnel = {"node": nodes, "device": devices.filter(lambda name: name not in ("name", "dev"))}
_multicast = lladdrs.map(lambda text: f"33{text[2:]}")
_options = st.sampled_from(["forward_delay", "hello_time", "max_age", "ageing_time", "priority"])


@st.composite
def _pattern(draw: st.DrawFn) -> Route:
    """Only where its words are not also those of a ``DeleteRoute``."""
    route = draw(_route().filter(lambda r: r.type == "unicast"))
    return replace(route, metric=None) if route.destination.version == 6 else route


EVERY: dict[type[Operation], st.SearchStrategy[Operation]] = {
    ops.AddNamespace: st.builds(ops.AddNamespace, node=nodes, name=inner),
    ops.DeleteNamespace: st.builds(ops.DeleteNamespace, node=nodes, name=inner),
    ops.AddVeth: _veth(),
    ops.AddBridge: st.builds(ops.AddBridge, **_new),
    ops.AddVxlan: st.builds(ops.AddVxlan, **_new, vxlan=_vxlan()),
    ops.AddMacvlan: _macvlan(),
    ops.AddVlan: _vlan(),
    ops.AddDummy: st.builds(ops.AddDummy, **_new),
    ops.AddTuntap: st.builds(
        ops.AddTuntap,
        **_new,
        tuntap=st.builds(Tuntap, st.sampled_from(["tun", "tap"]), st.none() | _names(10)),
    ),
    ops.DeleteLink: st.builds(ops.DeleteLink, **_new),
    ops.MoveLink: st.builds(ops.MoveLink, **_new, to=inner),
    ops.SetUp: st.builds(ops.SetUp, **_on),
    ops.SetDown: st.builds(ops.SetDown, **_on),
    ops.SetMtu: st.builds(ops.SetMtu, **_on, mtu=st.integers(68, 65536)),
    ops.SetLladdr: st.builds(ops.SetLladdr, **_new, lladdr=lladdrs),
    ops.SetMaster: st.builds(ops.SetMaster, **_new, master=devices),
    ops.ClearMaster: st.builds(ops.ClearMaster, **_new),
    ops.SetStp: st.builds(ops.SetStp, **_new, on=st.booleans()),
    ops.SetVlanFiltering: st.builds(ops.SetVlanFiltering, **_new, on=st.booleans()),
    ops.AddAddress: st.builds(ops.AddAddress, **_on, address=_address()),
    # What the command does not say of the address, nothing can read in it.
    ops.DeleteAddress: st.builds(
        ops.DeleteAddress,
        **_on,
        address=interfaces.map(lambda local: Address(local, scope=usual_scope(local))),
    ),
    ops.AddRoute: st.builds(ops.AddRoute, node=nodes, route=_route()),
    ops.DeleteRoute: st.builds(ops.DeleteRoute, node=nodes, route=_route()),
    ops.SetShaping: st.builds(ops.SetShaping, **_new, shaping=shapings),
    ops.ClearShaping: st.builds(ops.ClearShaping, **_new),
    ops.SetSysctl: st.builds(ops.SetSysctl, node=nodes, key=_keys, value=_values),
    ops.AddNatTable: st.builds(ops.AddNatTable, **_table),
    ops.AddNatChain: st.builds(ops.AddNatChain, **_table),
    ops.AddMasquerade: st.builds(ops.AddMasquerade, **_table, source=destinations),
    ops.FlushNatChain: st.builds(ops.FlushNatChain, **_table),
    ops.DeleteNatChain: st.builds(ops.DeleteNatChain, **_table),
    ops.DeleteNatTable: st.builds(ops.DeleteNatTable, **_table),
    ops.FlushAddresses: st.builds(ops.FlushAddresses, **_on, label=_names(15)),
    ops.PrependRoute: st.builds(ops.PrependRoute, node=nodes, route=_route()),
    ops.DeleteFirstRoute: st.builds(ops.DeleteFirstRoute, node=nodes, pattern=_pattern()),
    ops.SetFlag: st.builds(
        ops.SetFlag, **_on, flag=st.sampled_from(sorted(FLAGS)), on=st.booleans()
    ),
    ops.SetQueueLength: st.builds(ops.SetQueueLength, **_on, length=st.integers(0, 10**6)),
    ops.RenameLink: st.builds(ops.RenameLink, **_new, name=devices),
    ops.SetMedia: st.builds(ops.SetMedia, **_new, words=_words),
    ops.SetWireless: st.builds(
        ops.SetWireless, **_new, words=_words.map(lambda words: ("set", *words))
    ),
    ops.SetBridgeOption: st.builds(
        ops.SetBridgeOption, **_new, option=_options, value=st.integers(0, 10**6)
    ),
    ops.SetPortOption: st.builds(
        ops.SetPortOption,
        **_new,
        option=st.sampled_from(["cost", "priority", "hairpin"]),
        value=st.sampled_from(["on", "off", "4"]),
    ),
    ops.SetVlanOption: st.builds(ops.SetVlanOption, **_new, words=_words),
    ops.AddMulticast: st.builds(ops.AddMulticast, **_on, lladdr=_multicast),
    ops.DeleteMulticast: st.builds(ops.DeleteMulticast, **_on, lladdr=_multicast),
    **{
        kind: st.builds(
            kind, **_peer, lladdr=lladdrs, state=st.sampled_from(["permanent", "stale"])
        )
        for kind in (ops.AddNeighbour, ops.ChangeNeighbour)
    },
    ops.ReplaceNeighbour: st.builds(
        ops.ReplaceNeighbour,
        **_peer,
        lladdr=lladdrs,
        state=st.sampled_from(["permanent", "stale"]),
    ),
    ops.DeleteNeighbour: st.builds(ops.DeleteNeighbour, **_peer),
    ops.AddProxy: st.builds(ops.AddProxy, **_peer),
    ops.DeleteProxy: st.builds(ops.DeleteProxy, **_peer),
    ops.AddTunnel: st.builds(ops.AddTunnel, **_tunnel, words=_words),
    ops.ChangeTunnel: st.builds(ops.ChangeTunnel, **_tunnel, words=_words),
    ops.DeleteTunnel: st.builds(ops.DeleteTunnel, **_tunnel, words=_words),
    # Without a group its words are those of an AddTuntap.
    ops.AddOwnedTuntap: st.builds(
        ops.AddOwnedTuntap,
        **_new,
        tuntap=st.builds(Tuntap, st.sampled_from(["tun", "tap"]), st.none() | _names(10)),
        group=_names(10),
    ),
    ops.DeleteTuntap: st.builds(ops.DeleteTuntap, **_new, mode=st.sampled_from(["tun", "tap"])),
    ops.SetActiveSlave: st.builds(ops.SetActiveSlave, **_new, port=devices),
}
