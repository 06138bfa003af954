"""The starters: each is right, comes to what it says, and is commented for a learner."""

from pathlib import Path

import pytest

from iplab.errors import UsageError
from iplab.lab import Lab, load, starter_text, starters
from iplab.network import Namespace, Network
from iplab.operations import project
from iplab.plan.undo import between
from iplab.templates import templates_dir

NAMES = [name for name, _, _ in starters()]
BARE = Network({"host": Namespace("host")})


def starter(name: str) -> Lab:
    filename, _ = starter_text(name)
    return load(templates_dir() / "labs" / filename)


def wanted(lab: Lab) -> Network:
    host = lab.network.namespaces.get("host", Namespace("host"))
    return Network({**lab.network.namespaces, "host": host})


def test_there_is_one_for_each_step() -> None:
    assert NAMES == [
        "two-namespaces",
        "host-to-namespace",
        "bridge",
        "router",
        "nat",
        "vxlan",
        "star",
        "dual-stack",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_lab_of_that_name_with_checks(name: str) -> None:
    lab = starter(name)
    assert lab.name == name
    assert lab.checks


@pytest.mark.parametrize("name", NAMES)
def test_its_operations_lead_to_it_and_then_there_is_nothing_to_do(name: str) -> None:
    target = wanted(starter(name))
    reached = project(BARE, between(BARE, target))
    assert reached == target
    assert between(reached, target) == []
    assert project(reached, between(reached, BARE)) == BARE


@pytest.mark.parametrize("name", NAMES)
def test_its_first_line_says_what_it_is(name: str) -> None:
    summary = {n: s for n, s, _ in starters()}[name]
    text = starter_text(name)[1]
    assert text.startswith(f"# {summary}\n")
    assert 10 < len(summary) <= 100
    assert summary.endswith(".")
    assert all(len(line) <= 100 for line in text.splitlines())


def test_its_addresses_are_private() -> None:
    for name in NAMES:
        for _, interface in starter(name).network.ends():
            for address in interface.addresses:
                assert address.local.ip.is_private


def test_starters_do_not_share_addresses_but_where_one_builds_on_the_other() -> None:
    seen: dict[str, str] = {}
    for name in NAMES:
        for _, interface in starter(name).network.ends():
            for address in interface.addresses:
                other = seen.setdefault(str(address.local), name)
                assert {other, name} <= {
                    name,
                    "two-namespaces",
                    "host-to-namespace",
                } or other == name


def test_the_first_is_what_people_are_taught() -> None:
    network = starter("two-namespaces").network
    found = {str(end): ([str(a) for a in i.addresses], i.up) for end, i in network.ends()}
    assert found == {
        "ns0:lo": ([], False),
        "ns0:veth0": (["172.18.0.2/24"], True),
        "ns1:lo": ([], False),
        "ns1:veth1": (["172.18.0.3/24"], True),
    }


def test_the_second_builds_on_the_first() -> None:
    up = project(BARE, between(BARE, wanted(starter("two-namespaces"))))
    more = between(up, wanted(starter("host-to-namespace")))
    assert [(type(operation).__name__, operation.node) for operation in more] == [
        ("AddVeth", "host"),
        ("AddAddress", "ns0"),
        ("SetUp", "ns0"),
        ("AddAddress", "host"),
        ("SetUp", "host"),
    ]


@pytest.mark.parametrize("n", [1, 2, 20, 300, 1000])
def test_the_star_has_as_many_points_as_asked_for(n: int) -> None:
    lab = load(templates_dir() / "labs" / "star.yaml.j2", settings={"n": str(n)})
    assert len(lab.nodes) == n + 1


def test_one_more_machine_on_the_bridge_is_one_more_line(tmp_path: Path) -> None:
    filename, text = starter_text("bridge")
    line = "      vm3:eth0: 172.20.0.13/24\n"
    assert line in text
    more = text.replace(line, line + "      vm4:eth0: 172.20.0.14/24\n")
    (tmp_path / filename).write_text(more)
    assert "vm4" in load(tmp_path / filename).nodes


def test_a_starter_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="did you mean 'bridge'"):
        starter_text("brigde")
