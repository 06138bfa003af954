"""The generated scripts in ``scripts/labs/``: current, clean, and doing what iplab does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernel import state
from tests.kernel.labs import STARTERS, starter
from tests.kernel.sandbox import ROOT, Sandbox
from tests.kernel.test_failures import eventually

pytestmark = pytest.mark.kernel

LABS = ROOT / "scripts" / "labs"


def test_they_are_what_iplab_writes_now(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "make-labs", tmp_path / "scripts")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    make = tmp_path / "scripts" / "make-labs"
    subprocess.run([make], env=os.environ | {"PATH": path}, check=True, capture_output=True)
    made = {file.name: file.read_bytes() for file in (tmp_path / "scripts" / "labs").iterdir()}
    kept = {file.name: file.read_bytes() for file in LABS.iterdir()}
    assert made == kept, "scripts/make-labs writes them again"
    assert set(kept) == {f"{name}.sh" for name in STARTERS}


@pytest.mark.parametrize("name", STARTERS)
def test_it_is_shellcheck_clean(name: str) -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    subprocess.run([shellcheck, "--shell=sh", "--severity=style", LABS / f"{name}.sh"], check=True)


@pytest.mark.parametrize("name", STARTERS)
def test_up_check_down(sandbox: Sandbox, name: str) -> None:
    state.with_foreign_things(sandbox)
    before = state.host(sandbox)
    script = LABS / f"{name}.sh"
    sandbox.try_(script, "check").expect(3)
    sandbox.try_(script, "down").expect(1)
    sandbox.run(script, "up")
    said = sandbox.run(script, "check")
    assert "same" in said
    assert "ok" in said
    # It is the very state that iplab wants …
    it = starter(sandbox, name)
    assert it.iplab("plan", "--json").json["commands"] == []
    # … and the script knows that it is up.
    again = sandbox.try_(script, "up").expect(1)
    assert "is up already" in again.err
    sandbox.run(script, "down")
    eventually(lambda: state.host(sandbox), before)
    assert sandbox.run("ls", "/run").split() == [
        "iplab",
        "mount",
        "netns",
    ]  # iplab's lock, util-linux's table


@pytest.mark.parametrize("style", ["direct", "steps"])
def test_whichever_command_fails_what_was_made_is_taken_away(sandbox: Sandbox, style: str) -> None:
    state.with_foreign_things(sandbox)
    before = state.host(sandbox)
    lab = sandbox.write("lab.yaml", HOST_THINGS)
    sandbox.iplab("script", lab, "--style", style, "-o", "lab.sh")
    text = (sandbox.here / "lab.sh").read_text()
    steps = [line for line in text.splitlines() if line.startswith("    step ")]
    assert len(steps) > 10
    for number, line in enumerate(steps, 1):
        sandbox.write("lab.sh", text.replace(f"{line}\n", f"    step {number} false\n"))
        done = sandbox.try_(sandbox.here / "lab.sh", "up").expect(1)
        assert f"command {number} failed" in done.err
        eventually(lambda: state.host(sandbox), before)
    sandbox.write("lab.sh", text)
    sandbox.run(sandbox.here / "lab.sh", "up")
    sandbox.run(sandbox.here / "lab.sh", "check")
    sandbox.run(sandbox.here / "lab.sh", "down")
    eventually(lambda: state.host(sandbox), before)


def _host_things(sandbox: Sandbox) -> tuple[Path, str]:
    lab = sandbox.write("lab.yaml", HOST_THINGS)
    sandbox.iplab("script", lab, "-o", "lab.sh")
    script = sandbox.here / "lab.sh"
    return script, script.read_text()


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_a_signal_at_whichever_command_leaves_nothing(sandbox: Sandbox, shell: str) -> None:
    if not shutil.which(shell.split()[0]):
        pytest.skip(f"no {shell}")
    before = state.host(sandbox)
    script, text = _host_things(sandbox)
    steps = [line for line in text.splitlines() if line.startswith("    step ")]
    signals = (("KILL", -9), ("HUP", 129), ("KILL", -9), ("INT", 130), ("KILL", -9), ("TERM", 143))
    for number, line in list(enumerate(steps, 1))[:12]:
        command = line.removeprefix(f"    step {number} ")
        name, code = signals[number % len(signals)]
        killed = f"step {number} sh -c '\"$@\"; kill -{name} $PPID' x {command}"
        sandbox.write("lab.sh", text.replace(line.strip(), killed))
        sandbox.try_(*shell.split(), script, "up").expect(code)
        if name == "KILL":  # what was begun is undone, though the script never saw it end
            sandbox.run(*shell.split(), script, "down")
        eventually(lambda: state.host(sandbox), before)
        assert "iplab-script" not in sandbox.run("ls", "/run")


@pytest.mark.parametrize("kept", ["", "x\n", "99999999999999999999\n"])
def test_a_record_that_is_no_number_is_refused(sandbox: Sandbox, kept: str) -> None:
    before = state.host(sandbox)
    script, text = _host_things(sandbox)
    sandbox.run(script, "up")
    record = Path("/run/iplab-script-host-things")
    sandbox.run("sh", "-c", 'printf %s "$1" >"$2"', "x", kept, record)
    done = sandbox.try_(script, "down").expect(4)
    assert "nothing was removed" in done.err.replace("\n", " ")
    assert "llegal" not in done.err
    assert "is down" not in done.out
    assert sandbox.ip("netns") != ""
    # What it says to try works.
    sandbox.sh(f"echo {text.count('    step ')} >{record}")
    sandbox.run(script, "down")
    eventually(lambda: state.host(sandbox), before)


def test_a_setting_or_a_record_that_cannot_be_kept_is_a_failed_command(sandbox: Sandbox) -> None:
    before = state.host(sandbox)
    script, text = _host_things(sandbox)
    sandbox.write("lab.sh", text.replace("    grep -H ''", "    grep -H '' /nowhere"))
    assert "/nowhere" in (sandbox.here / "lab.sh").read_text()
    assert "taking away" in sandbox.try_(script, "up").expect(1).err
    eventually(lambda: state.host(sandbox), before)
    sandbox.write("lab.sh", text.replace("    step 20 ", '    mkdir "$state:new"\n    step 20 '))
    assert "taking away" in sandbox.try_(script, "up").expect(1).err
    eventually(lambda: state.host(sandbox), before)


FORWARDING = """\
lab: forwarding
links:
  - a:eth0: 10.0.1.2/24
    host:to-a: 10.0.1.1/24
nodes:
  host: {forward: true, sysctl: {net.ipv6.conf.all.forwarding: 1}}
"""


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox sh"])
def test_what_the_kernel_sets_with_a_setting_is_put_back(sandbox: Sandbox, shell: str) -> None:
    """A host that heeds no redirects, and forwards on one device, one with a dot in its name."""
    sandbox.write("lab.yaml", FORWARDING)
    sandbox.iplab("script", "lab.yaml", "-o", "lab.sh")
    sandbox.sh(
        "ip link add e.5 type bridge; ip link add e6 type bridge;"
        "sysctl -qw net/ipv4/conf/e.5/forwarding=1 net.ipv4.conf.all.accept_redirects=0"
        " net.ipv6.conf.all.forwarding=1 net.ipv6.conf.e6.forwarding=0"
    )
    settings = "cd /proc/sys/net; grep -H '' ipv?/conf/*/forwarding ipv4/conf/all/accept_redirects"
    before = sandbox.sh(settings)
    assert "ipv4/conf/e.5/forwarding:1\n" in before
    said = sandbox.sh(f"{shell} lab.sh up")
    assert "+ sysctl -w net.ipv4.ip_forward=1\n" in said
    assert "ipv4/conf/e6/forwarding:1\n" in sandbox.sh(settings)
    assert "ipv6/conf/e6/forwarding:1\n" in sandbox.sh(settings)
    # This the lab's commands did not change: it is somebody else's.
    sandbox.sh("sysctl -qw net/ipv6/conf/e.5/forwarding=0")
    said = sandbox.sh(f"{shell} lab.sh down")
    assert "+ sysctl -w net/ipv4/conf/e.5/forwarding=1\n" in said
    theirs = ("ipv6/conf/e.5/forwarding:1\n", "ipv6/conf/e.5/forwarding:0\n")
    assert sandbox.sh(settings) == before.replace(*theirs)
    assert "iplab" not in sandbox.run("ls", "/run")


def test_a_lab_leaves_the_record_of_one_with_a_longer_name(sandbox: Sandbox) -> None:
    for name in ("one", "one.2"):
        sandbox.iplab("init", "two-namespaces", "-o", f"{name}.yaml")
        lab = sandbox.here / f"{name}.yaml"
        text = lab.read_text().replace("lab: two-namespaces", f"lab: {name}")
        lab.write_text(text.replace("ns0", f"{name}a").replace("ns1", f"{name}b"))
        sandbox.iplab("script", lab, "-o", f"{name}.sh")
        sandbox.run(sandbox.here / f"{name}.sh", "up")
    sandbox.run(sandbox.here / "one.sh", "down")
    sandbox.run(sandbox.here / "one.2.sh", "down")
    assert sandbox.ip("netns") == ""


HOST_THINGS = """\
lab: host-things
links:
  - a:eth0: [10.0.1.2/24, fd00:1::2/64]
    host:to-a: [10.0.1.1/24, fd00:1::1/64]
    rate: 10mbit
    mtu: 1400
  - a:eth1: {state: down}
    host:to-b: {state: down}
bridges:
  - host:br0: 10.0.3.1/24
    members: {vm1:eth0: 10.0.3.11/24}
nodes:
  host:
    forward: true
    masquerade: [10.0.1.0/24, 10.0.3.11/32, 0.0.0.0/0]
    routes: [10.8.0.0/16 via 10.0.1.2, "fd08::/16 via fd00:1::2", 10.9.9.9/32 via 10.0.1.2,
      "fd09::9/128 via fd00:1::2"]
checks: [a -> 10.0.1.1, host -> vm1]
"""


@pytest.mark.parametrize(
    "drift",
    [
        "ip -n a link set eth0 mtu 1300",
        "nft flush ruleset",
        "sysctl -w net.ipv4.ip_forward=0",
        "ip link set to-b up",
        "ip route del 10.9.9.9",
        "nft delete table inet iplab-host-things",
        "ip -n a addr del 10.0.1.2/24 dev eth0",
        "ip link set to-a down",
        "ip route del 10.8.0.0/16",
        "ip link set vm1-eth0 nomaster",
        "ip netns del a",
    ],
)
def test_check_sees_what_was_changed_by_hand_and_down_copes(sandbox: Sandbox, drift: str) -> None:
    lab = sandbox.write(
        "lab.yaml", HOST_THINGS.replace("checks: [a -> 10.0.1.1, host -> vm1]\n", "")
    )
    sandbox.iplab("script", lab, "-o", "lab.sh")
    script = sandbox.here / "lab.sh"
    sandbox.run(script, "up")
    sandbox.run(script, "check")
    sandbox.sh(drift)
    assert "differs" in sandbox.try_(script, "check").expect(3).out
    # What is gone already does not stop `down`.
    said = sandbox.run(script, "down")
    if "nft" in drift:  # the routes are still there
        assert "ip route del 10.9.9.9" in said
    assert sandbox.ip("netns") == ""


def test_wrong_use(sandbox: Sandbox) -> None:
    for words in ((), ("sideways",)):
        assert "up|down|check" in sandbox.try_(LABS / "bridge.sh", *words).expect(2).err
    it = starter(sandbox, "bridge")
    assert "batch" in sandbox.iplab("script", it.file, "--style", "batch", code=2).err
