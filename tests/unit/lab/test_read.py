"""What a lab file comes to: nodes, devices, addresses, sysctls, NAT, checks, origins."""

import subprocess
import sys
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path

import pytest

from iplab.errors import IplabError, LabError
from iplab.lab import Check, Lab, load, loads
from iplab.lab.gather import port_name
from iplab.network import (
    Address,
    Bridge,
    Dummy,
    End,
    Interface,
    Loopback,
    Macvlan,
    NatTable,
    Shaping,
    Tuntap,
    Veth,
    Vlan,
    Vxlan,
)

CONTRACT = """\
lab: two-namespaces
links:
  - ns0:veth0: 172.18.0.2/24
    ns1:veth1: 172.18.0.3/24
  - ns0:veth2: 172.19.0.2/24
    host:veth3: [172.19.0.4/24, fd19::4/64]
    mtu: 1400
    rate: 10mbit
bridges:
  - host:br0: 172.20.0.1/24
    stp: off
    members:
      vm1:eth0: 172.20.0.11/24
      vm2:eth0: 172.20.0.12/24
nodes:
  vm1:
    routes: [default via 172.20.0.1]
    sysctl: {net.ipv4.conf.all.rp_filter: 0}
  host:
    forward: true
    masquerade: [172.20.0.0/24]
loopback: up
checks:
  - vm1 -> vm2
  - vm1 !> 172.18.0.3
"""


@pytest.fixture(scope="module")
def lab() -> Lab:
    return loads(CONTRACT, "lab.yaml")


def interface(lab: Lab, end: str) -> Interface:
    found = lab.network.interface(End(*end.split(":")))
    assert found is not None
    return found


def one(text: str, node: str = "a", device: str = "x") -> Interface:
    """The one interface of a node that ``text`` describes."""
    base = "lab: x\nlinks:\n  - a:e0: 10.0.0.1/24\n    b:e0:\n"
    nodes = f"nodes:\n  {node}:\n    interfaces:\n      {device}: {text}\n"
    return interface(loads(base + nodes, "x"), f"{node}:{device}")


def test_nodes_stand_in_the_order_they_are_named_in(lab: Lab) -> None:
    assert lab.nodes == ("ns0", "ns1", "host", "vm1", "vm2")
    assert tuple(lab.network.namespaces) == lab.nodes


def test_the_host_is_a_node_only_where_it_is_named() -> None:
    lab = loads("lab: x\nlinks:\n  - a:e0: 10.0.0.1/24\n    b:e0:\nchecks: [host -> a]\n", "x")
    assert lab.nodes == ("a", "b")


def test_devices_stand_in_the_order_they_are_named_in_behind_lo(lab: Lab) -> None:
    assert list(lab.network.namespaces["ns0"].interfaces) == ["lo", "veth0", "veth2"]
    assert list(lab.network.namespaces["host"].interfaces) == [
        "veth3",
        "br0",
        "vm1-eth0",
        "vm2-eth0",
    ]


def test_order_is_that_of_the_text_whatever_its_sections() -> None:
    text = (
        "lab: x\nnodes:\n  c:\n    interfaces: {d: {type: dummy}}\nbridges:\n  - b:br0:\n"
        "    members:\n      a:e0:\nlinks:\n  - c:e0:\n    b:e1:\n"
    )
    lab = loads(text, "x")
    assert lab.nodes == ("c", "b", "a")
    assert list(lab.network.namespaces["c"].interfaces) == ["lo", "d", "e0"]


def test_links_are_veth_pairs(lab: Lab) -> None:
    veth0 = interface(lab, "ns0:veth0")
    assert veth0 == Interface(
        "veth0",
        Veth(End("ns1", "veth1")),
        up=True,
        mtu=1500,
        addresses=(Address(ip_interface("172.18.0.2/24")),),
    )
    veth3 = interface(lab, "host:veth3")
    assert veth3.kind == Veth(End("ns0", "veth2"))
    assert (veth3.mtu, veth3.shaping) == (1400, Shaping(rate=10_000_000))
    assert [str(a.local) for a in veth3.addresses] == ["172.19.0.4/24", "fd19::4/64"]
    assert interface(lab, "ns0:veth2").shaping == veth3.shaping


def test_bridges_have_ports_named_for_their_members(lab: Lab) -> None:
    assert interface(lab, "host:br0").kind == Bridge()
    assert interface(lab, "host:br0").mtu is None
    port = interface(lab, "host:vm1-eth0")
    assert (port.master, port.kind, port.up) == ("br0", Veth(End("vm1", "eth0")), True)
    assert interface(lab, "vm1:eth0").kind == Veth(End("host", "vm1-eth0"))


def test_a_bridges_own_keys() -> None:
    text = """
lab: x
bridges:
  - sw:br0:
      addresses: [10.0.0.1/24]
      lladdr: 02:00:00:00:00:09
    stp: "yes"
    vlan_filtering: true
    mtu: 9000
    state: down
    delay: 10ms
    members: [a:e0, sw:self]
"""
    lab = loads(text, "x")
    bridge = interface(lab, "sw:br0")
    assert bridge.kind == Bridge(stp=True, vlan_filtering=True)
    assert (bridge.mtu, bridge.up, bridge.lladdr) == (9000, False, "02:00:00:00:00:09")
    assert bridge.shaping is None
    for end in ("sw:a-e0", "a:e0", "sw:self", "sw:sw-self"):
        assert (interface(lab, end).mtu, interface(lab, end).up) == (9000, True)
        assert interface(lab, end).shaping == Shaping(delay=10_000)


def test_port_names_depend_on_the_member_alone() -> None:
    assert port_name(End("vm1", "eth0")) == "vm1-eth0"
    assert port_name(End("n" * 10, "eth0")) == "n" * 10 + "-eth0"
    long = port_name(End("n" * 11, "eth0"))
    assert long.startswith("n" * 10 + "-")
    assert len(long) == 15
    assert long == port_name(End("n" * 11, "eth0")) != port_name(End("n" * 11, "eth1"))


def test_a_nodes_sysctls_nat_and_routes(lab: Lab) -> None:
    host = lab.network.namespaces["host"]
    assert list(host.sysctls.items()) == [
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv6.conf.all.forwarding", "1"),  # it has an IPv6 address
    ]
    table = NatTable(sources=(ip_network("172.20.0.0/24"),), hooked=True)
    assert host.nat == {"iplab-two-namespaces": table}
    vm1 = lab.network.namespaces["vm1"]
    assert vm1.sysctls == {"net.ipv4.conf.all.rp_filter": "0"}
    assert [str(route) for route in vm1.routes] == ["default via 172.20.0.1 dev eth0"]


def test_forwarding_comes_first_and_off_is_off() -> None:
    text = (
        "lab: x\nnodes:\n  a:\n    sysctl: {net.core.somaxconn: 9}\n    forward: off\n  b:\n"
        "    sysctl: {net.core.somaxconn: 9, net.ipv4.conf.all.forwarding: 1}\n"
    )
    lab = loads(text, "x")
    assert next(iter(lab.network.namespaces["a"].sysctls.items())) == ("net.ipv4.ip_forward", "0")
    assert next(iter(lab.network.namespaces["b"].sysctls)) == "net.ipv4.ip_forward"


def test_loopback() -> None:
    text = (
        "lab: x\nloopback: down\nnodes:\n  a:\n  b:\n    loopback: up\n    interfaces:\n"
        "      lo: [10.255.0.1/32, 127.0.0.2/8]\n"
    )
    lab = loads(text, "x")
    assert interface(lab, "a:lo") == Interface("lo", Loopback(), up=False, mtu=65536)
    lo = interface(lab, "b:lo")
    assert lo.up
    assert [(str(a.local), a.scope) for a in lo.addresses] == [
        ("10.255.0.1/32", "global"),
        ("127.0.0.2/8", "host"),
    ]


def test_link_local_addresses_may_repeat() -> None:
    text = (
        "lab: x\nlinks:\n  - a:e0: fe80::1/64\n    b:e0: fe80::2/64\n"
        "  - a:e1: fe80::1/64\n    c:e0: [fe80::2/64]\n"
    )
    lab = loads(text, "x")
    assert interface(lab, "a:e1").addresses == (Address(ip_interface("fe80::1/64")),)


def test_kinds_of_interface() -> None:
    assert one("{type: dummy, mtu: 9000, state: down, addresses: 10.9.0.1/32}") == Interface(
        "x", Dummy(), mtu=9000, addresses=(Address(ip_interface("10.9.0.1/32")),)
    )
    vxlan = one("{type: vxlan, id: 7, remote: 10.0.0.2, dev: e0}")
    assert vxlan.kind == Vxlan(7, ip_address("10.0.0.2"), None, "e0", 4789)
    assert vxlan.mtu == 1450
    six = one("{type: vxlan, id: 7, group: 'ff02::7', dev: e0, dstport: 8472}")
    assert six.kind == Vxlan(7, ip_address("ff02::7"), None, "e0", 8472)
    assert six.mtu == 1430
    assert one("{type: vxlan, id: 7}").mtu == 1500
    assert one("{type: macvlan, link: e0}").kind == Macvlan(End("a", "e0"), "bridge")
    assert one("{type: macvlan, link: 'b:e0', mode: vepa}").kind == Macvlan(End("b", "e0"), "vepa")
    assert one("{type: vlan, link: e0, id: 10}").kind == Vlan(End("a", "e0"), 10)
    assert one("{type: vlan, link: e0, id: 10}").mtu == 1500
    assert one("{type: bridge, stp: on}").kind == Bridge(stp=True)
    assert one("{type: tap, user: nobody}").kind == Tuntap("tap", "nobody")
    assert one("{type: tun}").kind == Tuntap("tun")


def test_a_macvlan_may_stand_on_a_device_of_the_machine() -> None:
    found = one("{type: macvlan, link: 'host:enp0s1'}")
    assert found.kind == Macvlan(End("host", "enp0s1"), "bridge")
    assert found.mtu is None


def test_mtus_follow_the_device_below() -> None:
    text = """
lab: x
links:
  - a:e0:
    b:e0:
    mtu: 9000
nodes:
  a:
    interfaces:
      top: {type: macvlan, link: v10}
      v10: {type: vlan, link: e0, id: 10}
      vx: {type: vxlan, id: 1, remote: 10.0.0.1, dev: v10}
"""
    lab = loads(text, "x")
    assert [interface(lab, f"a:{name}").mtu for name in ("top", "v10", "vx")] == [9000, 9000, 8950]


def test_checks(lab: Lab) -> None:
    assert lab.checks == (
        Check("vm1", "vm2", True, "vm1 -> vm2", 24),
        Check("vm1", "172.18.0.3", False, "vm1 !> 172.18.0.3", 25),
    )


def test_origins(lab: Lab) -> None:
    assert lab.origins["ns0"] == "lab.yaml:3"
    assert lab.origins["host"] == "lab.yaml:6"
    assert lab.origins["ns0:veth2"] == "lab.yaml:5"
    assert lab.origins["vm2:eth0"] == lab.origins["host:vm2-eth0"] == "lab.yaml:14"
    every = {str(end) for end, _ in lab.network.ends()} | set(lab.nodes)
    assert every == set(lab.origins)


def test_values_are_plain_text_never_what_yaml_makes_of_them() -> None:
    text = "lab: on\nnodes:\n  12:\n  0x10:\n  yes:\n  1.10:\n  2024-01-01:\n  null:\n"
    lab = loads(text, "x")
    assert lab.name == "on"
    assert lab.nodes == ("12", "0x10", "yes", "1.10", "2024-01-01", "null")


def test_a_single_value_may_stand_for_a_list_of_one() -> None:
    text = (
        "lab: x\nlinks:\n  - a:e0: 10.0.0.1/24\n    b:e0: 10.0.0.2/24\nnodes:\n  a:\n"
        "    routes: default via 10.0.0.2\n    masquerade: 10.0.0.0/8\nchecks: a -> b\n"
    )
    lab = loads(text, "x")
    assert len(lab.checks) == len(lab.network.namespaces["a"].routes) == 1


def test_empty_sections_are_empty() -> None:
    lab = loads("lab: x\nlinks:\nbridges:\nnodes:\n  a:\n    interfaces:\nchecks:\n", "x")
    assert lab.nodes == ("a",)


def test_the_lab_keeps_its_text_and_settings() -> None:
    text = "lab: x\nnodes:\n  n{{ n }}:\n"
    lab = loads(text, "x.j2", settings={"n": "5"})
    assert (lab.text, lab.settings, lab.file) == (text, {"n": "5"}, "x.j2")
    assert lab.nodes == ("n5",)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("lab: x\n")
    assert load(str(tmp_path / "x.yaml")).file == str(tmp_path / "x.yaml")
    with pytest.raises(IplabError, match="No such file") as caught:
        load(tmp_path / "y.yaml")
    assert caught.value.where == str(tmp_path / "y.yaml")
    with pytest.raises(IplabError, match="directory"):
        load(tmp_path)


def test_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("lab: x{{ 1 }}\n")
    with (tmp_path / "in").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        with pytest.raises(LabError, match="<stdin>:1:6"):
            load("-")
    (tmp_path / "in").write_text("lab: x{{ n }}\n")
    with (tmp_path / "in").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert load("-", settings={"n": "1"}).name == "x1"


def test_settings_are_for_templates() -> None:
    with pytest.raises(LabError, match="--set"):
        loads("lab: x\n", "x.yaml", settings={"n": "1"})


def test_thousands_of_nodes_load() -> None:
    numbers = [(n, f"10.{n // 250}.{n % 250}") for n in range(4096)]
    links = "".join(f"  - n{n}:e0: {net}.1/30\n    hub:p{n}: {net}.2/30\n" for n, net in numbers)
    nodes = "".join(f"  n{n}: {{routes: [default via {net}.2]}}\n" for n, net in numbers)
    back = "".join(f"      - 10.99.{n // 256}.{n % 256} via {net}.1\n" for n, net in numbers)
    text = f"lab: x\nlinks:\n{links}nodes:\n{nodes}  hub:\n    routes:\n{back}"
    lab = loads(text, "x")
    assert len(lab.nodes) == 4097
    assert len(lab.network.namespaces["hub"].routes) == 4096


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'yaml', 'pydantic', 'pydantic_core', 'jinja2'}"
    code = f"import sys, iplab.lab; print(*({heavy} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


def test_reading_a_lab_needs_neither_pydantic_itself_nor_jinja2() -> None:
    code = (
        "import sys; from iplab.lab import loads\n"
        f"loads({CONTRACT!r}, 'x.yaml')\n"
        "print(*({'pydantic', 'jinja2'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


@pytest.mark.parametrize(
    "name", ["a\nreboot.yaml", "a\r.yaml.j2", "a\x1b[2J.yaml", "a\u2028b.yaml"]
)
def test_a_files_name_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("lab: x\n")
    for read in (lambda: load(tmp_path / name), lambda: loads("lab: x\n", name)):
        with pytest.raises(IplabError, match="control characters") as caught:
            read()
        assert str(caught.value).isprintable() or "\n  try: " in str(caught.value)
        assert name not in str(caught.value)
