"""A walk that runs: the kernel is where the projection says, and `ip addr` prints what was said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iplab import lab
from tests.kernel.sandbox import Sandbox

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("unshare")]

ROOT = Path(__file__).resolve().parents[2]
STARTERS = [name for name, _, _ in lab.starters()]
PREPARE = 'mount -t tmpfs none /run && ip link set lo up && exec "$@"'
TRIAL = """
import json, sys
from iplab import lab
from iplab.render import Renderer
from iplab.run import walk as runner
from iplab.run.look import everything, look
from iplab.run.machine import Machine
from iplab.walk import from_lab, from_script, project
from iplab.walk.page import _projected

start = look(Machine(), everything())
name, file = sys.argv[1:]
if file.endswith(".sh"):
    steps = from_script(open(file).read())
else:
    steps = from_lab(lab.loads(open(file).read(), file), Renderer("steps"), start)
ran = runner.run(name, steps)
walk = project(name, steps, start)
told = _projected(walk)
print(json.dumps({
    "troubles": ran.troubles,
    "steps": [s.text for s in steps],
    "told": told,
    "shown": ran.shown,
    "touched": [walk.touched(n) for n in range(len(steps))],
}))
"""


def trial(name: str, file: Path) -> Any:
    """Run a walk on a machine of its own, and project it as well."""
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", PREPARE, "sh", sys.executable, "-c", TRIAL,
         name, str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def plain(text: str) -> list[str]:
    """The lines of `ip addr` without what chance, time or the version of `ip` decides."""
    for pattern, instead in (
        (r"link/ether \S+", "link/ether …"),
        (r"fe80::[0-9a-f:]+", "fe80::…"),
        (r"proto \S+ ", ""),
        (r" (tentative|noprefixroute)", ""),
        (r" +$", ""),
        # Carrier, and with it the address that goes with it, come a moment later.
        (r"\n    inet6 fe80::.*\n.*", ""),
        (r"NO-CARRIER,|,LOWER_UP|state \w+ ", ""),
        (r"qdisc \w+ ", ""),  # which one a tap gets is the kernel's configuration
    ):
        text = re.sub(pattern, instead, text, flags=re.M)
    return text.splitlines()


@pytest.mark.parametrize("name", STARTERS)
def test_every_starter(name: str, tmp_path: Path) -> None:
    file, text = lab.starter_text(name)
    (tmp_path / file).write_text(text)
    found = trial(name, tmp_path / file)
    assert found["troubles"] == {}
    for n, nodes in enumerate(found["touched"]):
        for node in nodes:
            told, shown = found["told"][n + 1][node], found["shown"][n + 1][node]
            assert plain(told) == plain(shown), found["steps"][n]


def test_the_nine_commands_line_by_line(tmp_path: Path) -> None:
    """With flags, carrier and state: this is what learners read."""
    script = tmp_path / "nine.sh"
    script.write_text((ROOT / "tests" / "cases" / "walk" / "nine.sh").read_text())
    found = trial("nine", script)
    for n, nodes in enumerate(found["touched"]):
        for node in nodes:
            first = [line for line in found["told"][n + 1][node].splitlines() if line[0] != " "]
            real = [line for line in found["shown"][n + 1][node].splitlines() if line[0] != " "]
            assert first == [line.rstrip() for line in real], found["steps"][n]


def test_a_step_that_the_kernel_refuses_is_marked(tmp_path: Path) -> None:
    script = tmp_path / "wrong.sh"
    script.write_text(
        "ip netns add a\nip netns add a\nip link set lo netns a\nip addr add 10.0.0.1/24 dev no\n"
    )
    troubles = trial("wrong", script)["troubles"]
    assert set(troubles) == {"1", "2", "3"}
    assert "File exists" in troubles["1"][0]


OLD = """\
#!/bin/bash
BR=br0
new() {
    ip netns add "$1"
    ip link add "p-$1" type veth peer name eth0
    ip link set eth0 netns "$1"
    brctl addif $BR "p-$1"
    ifconfig "p-$1" 0.0.0.0 up
    ip netns exec "$1" ifconfig lo 127.0.0.1 up
    ip netns exec "$1" ifconfig eth0 10.5.0.$2 netmask 255.255.255.0 up
    ip netns exec "$1" route add default gw 10.5.0.1
}
brctl addbr $BR
ifconfig $BR 10.5.0.1 netmask 255.255.255.0 up
for n in 2 3; do new vm$n $n; done
ip netns exec vm2 ifconfig eth0 10.5.0.9 netmask 255.255.255.0
ip netns exec vm2 route -n
ip netns exec vm3 ifconfig eth0 mtu 1400 down
"""


def test_a_script_of_functions_loops_and_old_commands(tmp_path: Path) -> None:
    """Each old command for the state that is there: the kernel ends where the projection does."""
    script = tmp_path / "old.sh"
    script.write_text(OLD)
    found = trial("old", script)
    assert found["troubles"] == {}
    assert len(found["steps"]) == 28
    assert "ip -n vm2 addr del 10.5.0.2/24 dev eth0" in found["steps"]
    assert "inet 10.5.0.9/24" in found["shown"][-1]["vm2"]


def test_a_step_after_which_the_kernel_holds_something_else_is_marked(tmp_path: Path) -> None:
    """Without IPv6 a device loses its IPv6 addresses, which the projection does not know."""
    script = tmp_path / "six.sh"
    script.write_text(
        "ip netns add a\n"
        "ip -n a link add x type veth peer name y\n"
        "ip -n a addr add fd00::1/64 dev x\n"
        "ip netns exec a sysctl -w net.ipv6.conf.all.disable_ipv6=1\n"
        "ip -n a link set x up\n"
    )
    found = trial("six", script)
    assert found["troubles"] == {"3": ["a:x does not have fd00::1/64"]}
    assert "fd00::1" in found["shown"][3]["a"]
    assert "fd00::1" not in found["shown"][4]["a"]


def test_no_other_program_of_the_script_is_run(tmp_path: Path) -> None:
    script = tmp_path / "harm.sh"
    script.write_text(
        "ip netns add a\nip netns exec a touch harmed\ntouch harmed\nip netns exec a bash\n"
        "ip netns exec a ip link set lo up\nip netns exec a ping -c 1 -W 1 127.0.0.1\n"
    )
    found = trial("harm", script)
    assert not (tmp_path / "harmed").exists()
    assert set(found["troubles"]) == {"1", "2"}
    assert "touch was not run" in found["troubles"]["1"][0]
    assert "bash was not run" in found["troubles"]["2"][0]


def test_run_leaves_the_machine_alone(sandbox: Sandbox) -> None:
    sandbox.write("s.sh", "ip netns add walked\nip link add odd7 type veth peer name even7\n")
    before = sandbox.ip("-br link")
    sandbox.iplab("walk", "s.sh", "--run", "-o", "page.html")
    assert "odd7" in (sandbox.here / "page.html").read_text()
    assert sandbox.ip("-br link") == before
    assert sandbox.ip("netns") == ""
