"""What somebody else made is never touched: refused by name, or left alone, or taken over."""

import json
import signal
import time

import pytest

from tests.kernel import state
from tests.kernel.labs import starter
from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel


def test_a_namespace_of_that_name_is_refused_and_named(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    sandbox.ip("netns add ns1")
    before = state.settled(sandbox)
    for command in (("plan",), ("up", "--yes")):
        said = two.iplab(*command, code=1).err
        assert "namespace ns1 was not made by lab two-namespaces and would have to change" in said
        assert "--adopt" in said
    assert state.everywhere(sandbox) == before
    assert sandbox.iplab("list", "--json").json["labs"] == []


@pytest.mark.parametrize(
    ("by_hand", "name"),
    [
        ("ip link add veth3 type veth peer name other", "device host:veth3"),
        ("ip link add veth3 type bridge", "device host:veth3"),
    ],
)
def test_a_device_of_that_name_on_the_host_is_refused_and_named(
    sandbox: Sandbox, by_hand: str, name: str
) -> None:
    host = starter(sandbox, "host-to-namespace")
    sandbox.sh(by_hand)
    before = state.settled(sandbox)
    said = host.iplab("up", "--yes", code=1).err
    assert f"{name} was not made by lab host-to-namespace" in said
    assert state.everywhere(sandbox) == before


def test_all_that_is_in_the_way_is_named_at_once(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    sandbox.sh("ip netns add ns0; ip netns add ns1")
    said = two.iplab("up", "--yes", code=1).err
    assert "namespace ns0" in said
    assert "namespace ns1" in said


def test_what_is_the_same_already_is_no_fault_and_not_the_labs(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    sandbox.sh(two.iplab("plan", code=3).out)
    before = state.settled(sandbox)
    two.iplab("plan", code=0)
    two.iplab("up", "--yes", code=0)
    two.iplab("check", code=0)
    assert "is not up" in two.iplab("down").err
    assert state.everywhere(sandbox) == before


def test_adopt_takes_it_over(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    sandbox.sh("ip netns add ns0; ip netns add ns1; ip -n ns1 link add veth1 type bridge")
    plan = two.iplab("plan", "--adopt", "--json", code=3).json
    assert "ip -n ns1 link del veth1" in [command["text"] for command in plan["commands"]]
    two.iplab("up", "--adopt", "--yes")
    two.iplab("check")
    two.iplab("plan", code=0)
    two.iplab("down")
    assert sandbox.ip("netns") == ""


def test_adopt_of_what_is_the_same_already(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    sandbox.sh(two.iplab("plan", code=3).out)
    two.iplab("up", "--adopt", "--yes")
    assert [row["lab"] for row in sandbox.iplab("list", "--json").json["labs"]] == [
        "two-namespaces"
    ]
    two.iplab("down")
    assert sandbox.ip("netns") == ""


def test_a_strangers_device_in_a_node_stops_down(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    two.iplab("up", "--yes")
    sandbox.sh("ip link add mine type veth peer name yours; ip link set yours netns ns1")
    before = state.settled(sandbox)
    said = two.iplab("down", code=1).err
    assert "namespace ns1 also holds yours" in said
    assert state.everywhere(sandbox) == before
    # It does not stop check, nor a change elsewhere.
    two.iplab("check")
    sandbox.ip("link del mine")
    two.iplab("down")
    assert sandbox.ip("netns") == ""


def test_a_namespace_made_anew_under_the_same_name_is_not_the_labs(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    two.iplab("up", "--yes")
    sandbox.sh(
        "ip netns del ns1; sleep 0.2; ip netns add ns1; ip -n ns1 link add name br type bridge"
    )
    assert "namespace ns1" in two.iplab("up", "--yes", code=1).err
    two.iplab("down")
    assert sandbox.ip("netns").split() == ["ns1"]
    assert "br" in sandbox.ip("-n ns1 -br link")


def test_a_device_made_anew_under_the_same_name_is_not_the_labs(sandbox: Sandbox) -> None:
    host = starter(sandbox, "host-to-namespace")
    host.iplab("up", "--yes")
    sandbox.sh("ip link del veth3; ip link add veth3 type bridge")
    assert "device host:veth3" in host.iplab("up", "--yes", code=1).err
    host.iplab("down")
    assert "veth3" in sandbox.ip("-br link")


HOST_THINGS = """\
lab: host-things
links:
  - a:eth0: 10.0.1.2/24
    host:to-a: 10.0.1.1/24
nodes:
  host:
    forward: true
    masquerade: [10.0.1.0/24]
    routes: [10.8.0.0/16 via 10.0.1.2]
"""


@pytest.mark.parametrize("forward", ["0", "1"])
def test_the_hosts_settings_are_put_back_as_they_were(sandbox: Sandbox, forward: str) -> None:
    state.with_foreign_things(sandbox)
    sandbox.sh(f"sysctl -qw net.ipv4.ip_forward={forward}")
    before = state.host(sandbox)
    lab = sandbox.write("lab.yaml", HOST_THINGS)
    sandbox.iplab("up", lab, "--yes")
    assert sandbox.run("sysctl", "-n", "net.ipv4.ip_forward").strip() == "1"
    assert "10.8.0.0/16" in sandbox.ip("route")
    assert "masquerade" in sandbox.run("nft", "list", "ruleset")
    sandbox.iplab("plan", lab, code=0)
    sandbox.iplab("down", lab)
    assert state.host(sandbox) == before


# What the kernel resets with ip_forward (net/ipv4/devinet.c), not as it would leave it by itself.
HARDENED = {
    "net.ipv4.ip_forward": "0",
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.default.forwarding": "1",
    "net.ipv4.conf.z0.forwarding": "1",
    "net.ipv4.conf.z1.forwarding": "0",
}


def _hardened(sandbox: Sandbox) -> None:
    sandbox.ip("link add z0 type veth peer name z1")
    for key, value in HARDENED.items():
        sandbox.run("sysctl", "-qw", f"{key}={value}")


def _settings(sandbox: Sandbox) -> dict[str, str]:
    return {key: sandbox.run("sysctl", "-n", key).strip() for key in HARDENED}


def test_what_the_kernel_resets_with_forwarding_comes_back(sandbox: Sandbox) -> None:
    _hardened(sandbox)
    lab = sandbox.write("lab.yaml", HOST_THINGS)
    sandbox.iplab("up", lab, "--yes")
    assert _settings(sandbox)["net.ipv4.conf.z1.forwarding"] == "1"
    sandbox.iplab("check", lab)
    sandbox.iplab("plan", lab, code=0)  # what goes with forwarding is not put back ahead of it
    sandbox.iplab("down", lab)
    assert _settings(sandbox) == HARDENED


def test_what_was_reset_with_forwarding_comes_back_after_a_failure(sandbox: Sandbox) -> None:
    _hardened(sandbox)
    text = HOST_THINGS.replace("10.8.0.0/16 via 10.0.1.2", "10.8.0.0/16 dev z0")  # which is down
    lab = sandbox.write("lab.yaml", text)
    assert "Device for nexthop is not up" in sandbox.iplab("up", lab, "--yes", code=1).err
    assert _settings(sandbox) == HARDENED


def test_what_was_reset_with_forwarding_comes_back_after_a_kill(sandbox: Sandbox) -> None:
    _hardened(sandbox)
    lab = sandbox.write("lab.yaml", HOST_THINGS)
    wrong = sandbox.here / "wrong"
    wrong.mkdir()
    wrong.joinpath("add_route.j2").write_text("sleep 1.2")
    words = ("iplab", "up", lab, "--yes", "--templates", wrong)
    pid = sandbox.start(*words, program=True)
    while sandbox.try_("pgrep", "-x", "sleep").code:
        time.sleep(0.01)
    sandbox.signal(pid, signal.SIGKILL)
    sandbox.wait(pid).expect(-signal.SIGKILL)
    assert _settings(sandbox) != HARDENED
    sandbox.iplab("recover", "--undo")
    assert _settings(sandbox) == HARDENED


@pytest.mark.parametrize("first", ["one", "two"])
def test_settings_that_two_labs_rely_on(sandbox: Sandbox, first: str) -> None:
    """The last of them puts all of it back, whichever set it."""
    _hardened(sandbox)
    filters = "net.ipv4.conf.all.rp_filter"
    before = sandbox.run("sysctl", "-n", filters)
    wish = f"{{forward: true, sysctl: {{{filters}: 2}}}}"
    for lab in ("one", "two"):
        sandbox.write(f"{lab}.yaml", f"lab: {lab}\nnodes: {{{lab}: , host: {wish}}}\n")
        sandbox.iplab("up", f"{lab}.yaml", "--yes")
    sandbox.iplab("down", first)
    assert _settings(sandbox)["net.ipv4.ip_forward"] == "1"
    assert sandbox.run("sysctl", "-n", filters).strip() == "2"
    sandbox.iplab("down", "--all")
    assert _settings(sandbox) == HARDENED
    assert sandbox.run("sysctl", "-n", filters) == before


def test_an_interrupt_ends_down_of_all(sandbox: Sandbox) -> None:
    for lab in ("one", "two"):
        sandbox.write(f"{lab}.yaml", f"lab: {lab}\nnodes: {{{lab}: }}\n")
        sandbox.iplab("up", f"{lab}.yaml", "--yes")
    wrong = sandbox.here / "wrong"
    wrong.mkdir()
    wrong.joinpath("delete_namespace.j2").write_text("sleep 1.2")
    pid = sandbox.start("iplab", "down", "--all", "--templates", wrong, program=True)
    while sandbox.try_("pgrep", "-x", "sleep").code:
        time.sleep(0.01)
    sandbox.signal(pid, signal.SIGINT)
    done = sandbox.wait(pid).expect(130)
    assert "interrupted; all was put back" in done.err
    assert sorted(sandbox.ip("netns").split()) == ["one", "two"]
    sandbox.iplab("down", "--all")


def test_a_device_that_went_meanwhile_keeps_no_lab_up(sandbox: Sandbox) -> None:
    _hardened(sandbox)
    lab = sandbox.write("lab.yaml", HOST_THINGS)
    sandbox.iplab("up", lab, "--yes")
    sandbox.ip("link del z0")
    sandbox.iplab("down", lab)
    rest = ["net.ipv4.conf.all.accept_redirects", "net.ipv4.conf.default.forwarding"]
    assert [sandbox.run("sysctl", "-n", key).strip() for key in rest] == ["0", "1"]


def test_another_lab_in_a_labs_nodes(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    host = starter(sandbox, "host-to-namespace")
    two.iplab("up", "--yes")
    host.iplab("up", "--yes")
    two.iplab("check")
    # The other lab's device is not this lab's to change …
    text = (sandbox.here / two.file).read_text()
    sandbox.write(two.file, f"{text}nodes:\n  ns0:\n    interfaces: {{veth2: {{type: bridge}}}}\n")
    said = two.iplab("up", "--yes", code=1).err
    assert "device ns0:veth2 was made by lab host-to-namespace and would have to change" in said
    sandbox.write(two.file, text)
    # … and `--all` finds the order in which both can go.
    sandbox.iplab("down", "--all")
    assert sandbox.ip("netns") == ""
    assert json.loads(sandbox.ip("-j link"))[1:] == []
    assert "no lab is up" in sandbox.iplab("down", "--all").err


def test_down_with_a_broken_file_and_by_name(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    two.iplab("up", "--yes")
    sandbox.write(two.file, "lab: [")
    two.iplab("down")
    assert sandbox.ip("netns") == ""

    (sandbox.here / two.file).unlink()
    two = starter(sandbox, "two-namespaces")
    two.iplab("up", "--yes")
    (sandbox.here / two.file).unlink()
    sandbox.iplab("show", "two-namespaces")
    sandbox.iplab("down", "two-namespaces")
    assert sandbox.ip("netns") == ""
