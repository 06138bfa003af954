"""Whatever lab comes through: its operations lead to it, and then there is nothing left to do."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from iplab.lab import load, loads
from iplab.network import Dummy, Interface, Namespace, Network
from iplab.operations import project
from iplab.plan.undo import between

NODES = ["n0", "n1", "n2", "host"]


@st.composite
def labs(draw: st.DrawFn) -> str:
    """The text of a lab without faults, of every kind of thing that a lab can say."""
    lines = ["lab: any", f"loopback: {draw(st.sampled_from(['up', 'down']))}"]
    count = 0
    devices: dict[str, list[str]] = {node: [] for node in NODES}

    def end(node: str, *, addressed: bool = True) -> str:
        nonlocal count
        count += 1
        device = f"d{count}"
        devices[node].append(device)
        few = draw(st.integers(0, 3)) if addressed else 0
        both = [f"10.{count}.{n}.{draw(st.integers(1, 9))}/24" for n in range(few // 2)]
        both += [f"fd00:{count}:{n}::1/64" for n in range((few + 1) // 2)]
        return f"{node}:{device}: [{', '.join(both)}]"

    def extras() -> list[str]:
        chosen = draw(st.sets(st.sampled_from(["mtu: 1400", "rate: 10mbit", "state: down"])))
        return [f"    {one}" for one in sorted(chosen)]

    node = st.sampled_from(NODES)
    lines.append("links:")
    for _ in range(draw(st.integers(0, 4))):
        lines += [f"  - {end(draw(node))}", f"    {end(draw(node))}", *extras()]
    lines.append("bridges:")
    for _ in range(draw(st.integers(0, 2))):
        lines += [f"  - {end(draw(node))}", *extras()]
        lines.append("    stp: on" if draw(st.booleans()) else "    vlan_filtering: off")
        lines.append("    members:")
        lines += [f"      {end(draw(node))}" for _ in range(draw(st.integers(0, 3)))]
    lines.append("nodes:")
    for name in NODES:
        made = dict.fromkeys(draw(st.permutations(["b", "d", "s", "m", "v", "x", "t"])))
        lines += [f"  {name}:", "    forward: on", "    masquerade: 10.0.0.0/8"]
        lines += ["    routes: [blackhole 10.200.0.0/16, unreachable fd99::/16]"]
        if name != "host":
            lines += ["    sysctl: {net.ipv4.conf.b.rp_filter: 2}"]
        lines += ["    interfaces:"]
        kinds = {
            "b": "{type: bridge, stp: on, mtu: 1500}",
            "d": "{type: dummy, master: b, mtu: 1500}",
            "s": "{type: dummy, mtu: 2000, lladdr: '02:00:00:00:00:01'}",
            "m": "{type: macvlan, link: s}",
            "v": "{type: vlan, link: m, id: 7}",
            "x": "{type: vxlan, id: 7, remote: 10.0.0.1, dev: v, master: b}",
            "t": "{type: tap, user: 1000}",
        }
        lines += [f"      {device}: {kinds[device]}" for device in made]
        if name == "n2":
            lines += ["      far: {type: macvlan, link: 'n0:s', mode: vepa}"]
    return "\n".join(lines) + "\n"


BARE = Network({"host": Namespace("host", {"eth0": Interface("eth0", Dummy(), up=True)})})


@given(labs())
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_operations_lead_to_the_lab_and_back(text: str) -> None:
    wanted = loads(text, "any.yaml").network
    host = wanted.namespaces["host"]
    own = {**BARE.namespaces["host"].interfaces, **host.interfaces}
    wanted = Network({**wanted.namespaces, "host": replace(host, interfaces=own)})
    reached = project(BARE, between(BARE, wanted))
    assert reached == wanted
    assert between(reached, wanted) == []


@given(labs(), labs())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_operations_lead_from_one_lab_to_another(one: str, other: str) -> None:
    first, second = (loads(text, "any.yaml").network for text in (one, other))
    reached = project(first, between(first, second))
    assert between(reached, second) == []
    for name, namespace in second.namespaces.items():
        there = reached.namespaces[name]
        assert devices(there, namespace) == devices(namespace, namespace)
        assert (set(there.routes), there.nat) == (set(namespace.routes), namespace.nat)
        # What a setting was before it was set, only the one who set it can know.
        assert there.sysctls.items() >= namespace.sysctls.items()


def devices(found: Namespace, wanted: Namespace) -> dict[str, object]:
    """The devices, but for the order in which two families' addresses came to each, and for an mtu
    that the lab leaves to the kernel."""
    return {
        device: (
            replace(
                interface,
                addresses=(),
                mtu=interface.mtu if wanted.interfaces[device].mtu else None,
            ),
            set(interface.addresses),
        )
        for device, interface in found.interfaces.items()
    }


def test_the_odd_lab() -> None:
    wanted = load(Path(__file__).parents[2] / "cases" / "labs" / "odd.yaml").network
    wanted = Network({**wanted.namespaces, "host": BARE.namespaces["host"]})
    reached = project(BARE, between(BARE, wanted))
    assert reached == wanted
    assert between(reached, wanted) == []
