"""Settings of the kernel (sysctl) in a lab: set, proved, changed, put back."""

import pytest

from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

DOTTED = """\
lab: dotted
links:
  - a:eth0.10: [10.0.1.1/24, fd00:1::1/64]
    host:to.a: [10.0.1.2/24, fd00:1::2/64]
nodes:
  a: {sysctl: {net/ipv4/conf/eth0.10/rp_filter: 2, net.ipv6.conf.eth0/10.accept_ra: 0}}
  host: {sysctl: {net/ipv4/conf/to.a/rp_filter: 1}}
"""
FILTER = "/proc/sys/net/ipv4/conf/eth0.10/rp_filter"


def value(sandbox: Sandbox, path: str, node: str = "") -> str:
    """What is in a file below /proc/sys, of a node or the host."""
    return sandbox.sh(f"{f'ip netns exec {node}' if node else ''} cat {path}").strip()


@pytest.mark.parametrize("style", ["direct", "steps", "batch"])
def test_a_device_with_a_dot_has_settings_too(sandbox: Sandbox, style: str) -> None:
    lab = sandbox.write("lab.yaml", DOTTED)
    shown = sandbox.iplab("plan", lab, "--style", style, code=3).out
    assert "sysctl -w net/ipv4/conf/eth0.10/rp_filter=2\n" in shown
    assert "sysctl -w net/ipv4/conf/to.a/rp_filter=1\n" in shown
    sandbox.iplab("up", lab, "--yes", "--style", style)
    assert value(sandbox, FILTER, "a") == "2"
    assert value(sandbox, "/proc/sys/net/ipv6/conf/eth0.10/accept_ra", "a") == "0"
    assert value(sandbox, "/proc/sys/net/ipv4/conf/to.a/rp_filter") == "1"
    sandbox.sh(f"ip netns exec a sh -c 'echo 0 >{FILTER}'")
    drift = "differs  a: sysctl net/ipv4/conf/eth0.10/rp_filter: wanted 2, found 0\n"
    assert drift in sandbox.iplab("check", lab, code=3).out
    sandbox.write("lab.yaml", DOTTED.replace("rp_filter: 2", "rp_filter: 1"))
    sandbox.iplab("up", lab, "--yes", "--style", style)
    assert value(sandbox, FILTER, "a") == "1"
    assert "nothing to do" in sandbox.iplab("up", lab, "--yes").err
    sandbox.iplab("down", lab)
    assert sandbox.ip("netns") == ""


def test_a_script_sets_and_checks_those_of_a_device_with_a_dot(sandbox: Sandbox) -> None:
    # Of the host a device that the lab does not make, so that there is something to put back.
    lab = sandbox.write("lab.yaml", DOTTED.replace("conf/to.a/rp", "conf/own.1/rp"))
    sandbox.ip("link add own.1 type veth peer name own.2")
    own = "/proc/sys/net/ipv4/conf/own.1/rp_filter"
    sandbox.sh(f"echo 2 >{own}")
    sandbox.iplab("script", lab, "-o", "lab.sh")
    sandbox.run(sandbox.here / "lab.sh", "up")
    assert (value(sandbox, own), value(sandbox, FILTER, "a")) == ("1", "2")
    sandbox.run(sandbox.here / "lab.sh", "check")
    sandbox.sh(f"ip netns exec a sh -c 'echo 0 >{FILTER}'")
    assert "differs" in sandbox.try_(sandbox.here / "lab.sh", "check").expect(3).out
    sandbox.run(sandbox.here / "lab.sh", "down")
    assert value(sandbox, own) == "2"


@pytest.mark.parametrize("failing", [False, True])
def test_forwarding_of_a_device_with_a_dot_comes_back_with_the_hosts(
    sandbox: Sandbox, failing: bool
) -> None:
    sandbox.ip("link add own.1 type veth peer name own.2")
    paths = [f"/proc/sys/net/ipv4/conf/own.{n}/forwarding" for n in (1, 2)]
    sandbox.sh(f"echo 1 >{paths[0]}")
    text = "lab: f\nnodes:\n  host: {forward: true}\n"
    if failing:
        text += "  a: {sysctl: {net.ipv4.nothing: 1}}\n"
    lab = sandbox.write("lab.yaml", text)
    sandbox.iplab("up", lab, "--yes", code=1 if failing else 0)
    if not failing:
        assert [value(sandbox, path) for path in paths] == ["1", "1"]
        sandbox.iplab("down", lab)
    assert [value(sandbox, path) for path in paths] == ["1", "0"]


TAKEN = """\
lab: taken
links:
  - a:eth0: 10.0.1.1/24
    b:eth0: 10.0.1.2/24
nodes:
  a: {sysctl: {SETTINGS}}
  b: {sysctl: {net.ipv4.tcp_syn_retries: 3}}
"""
KEYS = "net.ipv4.conf.all.rp_filter: 2, net.ipv4.ip_default_ttl: 33, "
KEYS += "net.ipv4.conf.eth0.arp_ignore: 1, net.ipv6.conf.all.disable_ipv6: 1"


def all_of(sandbox: Sandbox, node: str) -> str:
    keys = "net.ipv4.conf.all net.ipv4.conf.default net.ipv4.conf.eth0 net.ipv6.conf"
    return sandbox.run(
        "ip", "netns", "exec", node, "sysctl", *keys.split(), "net.ipv4.ip_default_ttl"
    )


@pytest.mark.parametrize("style", ["direct", "steps", "batch"])
def test_a_setting_that_is_taken_out_is_as_in_a_new_namespace(sandbox: Sandbox, style: str) -> None:
    plain = TAKEN.replace("a: {sysctl: {SETTINGS}}", "a:")
    lab = sandbox.write("lab.yaml", plain)
    sandbox.iplab("up", lab, "--yes", "--style", style)
    fresh = all_of(sandbox, "a")
    sandbox.iplab("down", lab)

    sandbox.write("lab.yaml", TAKEN.replace("SETTINGS", KEYS))
    sandbox.iplab("up", lab, "--yes", "--style", style)
    assert all_of(sandbox, "a") != fresh
    sandbox.write("lab.yaml", plain)
    shown = sandbox.iplab("plan", lab, code=3)
    assert "ip netns exec a sysctl -w net.ipv4.ip_default_ttl=64\n" in shown.out
    assert "stays as it is" not in shown.err
    sandbox.iplab("up", lab, "--yes", "--style", style)
    assert all_of(sandbox, "a") == fresh
    assert "nothing to do" in sandbox.iplab("up", lab, "--yes").err
    sandbox.iplab("down", lab)
    assert sandbox.ip("netns") == ""


def test_a_setting_goes_with_its_device(sandbox: Sandbox) -> None:
    text = TAKEN.replace("SETTINGS", "net.ipv4.conf.eth0.arp_ignore: 1")
    lab = sandbox.write("lab.yaml", text)
    sandbox.iplab("up", lab, "--yes")
    sandbox.write("lab.yaml", "lab: taken\nnodes: {a: , b: }\n")
    sandbox.iplab("up", lab, "--yes")
    assert "nothing to do" in sandbox.iplab("up", lab, "--yes").err
    # Of a device that is made anew it is set anew, and comes back where that fails.
    sandbox.write("lab.yaml", text)
    sandbox.iplab("up", lab, "--yes")
    sandbox.write("lab.yaml", text.replace("b:eth0", "b:eth1"))
    sandbox.iplab("up", lab, "--yes")
    ignore = "/proc/sys/net/ipv4/conf/eth0/arp_ignore"
    assert value(sandbox, ignore, "a") == "1"
    sandbox.write("lab.yaml", text.replace("tcp_syn_retries", "no_such_thing"))
    sandbox.iplab("up", lab, "--yes", code=1)
    assert value(sandbox, ignore, "a") == "1"
    sandbox.write("lab.yaml", text.replace("b:eth0", "b:eth1"))
    assert "nothing to do" in sandbox.iplab("up", lab, "--yes").err


def test_a_setting_of_a_device_that_the_lab_gave_the_host(sandbox: Sandbox) -> None:
    text = "lab: h\nlinks: [{host:h0: 10.0.1.1/24, a:eth0: 10.0.1.2/24}]\n"
    more = text + "nodes: {host: {sysctl: {net.ipv4.conf.h0.arp_ignore: 1}}}\n"
    lab = sandbox.write("lab.yaml", more)
    sandbox.iplab("up", lab, "--yes")
    sandbox.write("lab.yaml", text)
    sandbox.iplab("up", lab, "--yes")
    assert value(sandbox, "/proc/sys/net/ipv4/conf/h0/arp_ignore") == "0"
    sandbox.write("lab.yaml", more)
    sandbox.iplab("up", lab, "--yes")
    assert "not known" not in sandbox.iplab("down", lab).err
    assert sandbox.ip("-br link").split()[0] == "lo"
