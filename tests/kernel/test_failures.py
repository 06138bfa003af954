"""When something goes wrong in the middle: the first error is told, and the state is as before."""

import re
import shlex
import shutil
import signal
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from iplab.operations import ALL
from iplab.render.engine import template_name
from iplab.templates import templates_dir
from tests.kernel import state
from tests.kernel.labs import STYLES, starter
from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

MANY_KINDS = """\
lab: kinds
links:
  - a:eth0: 10.0.1.2/24
    host:to-a: 10.0.1.1/24
    mtu: 1400
    rate: 10mbit
bridges:
  - host:br0: 10.0.3.1/24
    stp: on
    members: {vm1:eth0: 10.0.3.11/24}
nodes:
  a: {routes: [default via 10.0.1.1], sysctl: {net.ipv4.conf.all.rp_filter: 2}}
  host:
    forward: true
    masquerade: [10.0.3.0/24]
    routes: [10.8.0.0/16 via 10.0.1.2]
"""

# Without duplicate address detection no test has to wait for its end.
QUICK = "{net.ipv6.conf.default.accept_dad: 0}"
BEFORE = """\
lab: changed
links:
  - a:eth0: [10.0.1.2/24, fd00:1::2/64]
    b:eth0: [10.0.1.1/24, fd00:1::1/64]
    mtu: 1400
    rate: 10mbit
  - b:eth1: 10.0.2.1/24
    c:eth1: 10.0.2.2/24
nodes:
  a: {routes: [default via 10.0.1.1, "default via fd00:1::1"], sysctl: {QUICK}}
  b: {forward: true, masquerade: [10.0.1.0/24], sysctl: {QUICK}}
  c: {sysctl: {QUICK}}
""".replace("{QUICK}", QUICK)
AFTER = """\
lab: changed
links:
  - a:eth0: [10.0.1.3/24, fd00:1::3/64]
    b:eth0: [10.0.1.1/24, fd00:1::1/64]
  - b:eth1: 10.0.2.1/24
    d:eth1: 10.0.2.2/24
nodes:
  a: {routes: [10.0.2.0/24 via 10.0.1.1], sysctl: {QUICK}}
  b: {sysctl: {QUICK}}
""".replace("{QUICK}", QUICK)


class Command(NamedTuple):
    """A command of a plan, and the name of its operation."""

    text: str
    operation: str


def worded_wrongly(sandbox: Sandbox, command: Command, instead: str) -> str:
    """A directory with a template that words one command as another."""
    directory = sandbox.here / "wrong"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    unquoted = command.text.replace("'", "")
    name = template_name(next(kind for kind in ALL if kind.__name__ == command.operation))
    right = (templates_dir() / "commands" / name).read_text().strip()
    directory.joinpath(name).write_text(
        f"{{% set words %}}{right}{{% endset %}}"
        f"{{% if words | replace(\"'\", '') == {unquoted!r} %}}{instead}"
        f"{{% else %}}{right}{{% endif %}}"
    )
    return str(directory)


def eventually(found: Callable[[], Any], wanted: Any) -> None:
    """``found()`` becomes ``wanted``; carriers and namespaces come and go in the kernel's time."""
    until = time.monotonic() + 5
    while (now := found()) != wanted and time.monotonic() < until:
        time.sleep(0.1)
    assert now == wanted


def commands(sandbox: Sandbox, file: str, style: str) -> list[Command]:
    """Each command of the plan by itself, as its own process would get it."""
    done = sandbox.iplab("plan", file, "--json", "--style", style, code=3)
    found = []
    for command in done.json["commands"]:
        head = [word for word in command["argv"] if word not in ("-batch", "-")]
        lines = command.get("lines")
        found += (
            [Command(shlex.join([*head, *line["argv"]]), line["operation"]) for line in lines]
            if lines
            else [Command(command["text"], command["operation"])]
        )
    return found


def told_to_run(said: str) -> list[str]:
    """The commands that mend what could not be put back, from the message."""
    head, _, commands = said.partition("these commands do it:\n")
    assert head != said
    return [line.strip() for line in commands.splitlines()]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("lab", ["new", "edited"])
def test_whichever_command_fails_all_is_put_back(sandbox: Sandbox, lab: str, style: str) -> None:
    state.with_foreign_things(sandbox)
    sandbox.write("lab.yaml", MANY_KINDS)
    if lab == "edited":
        sandbox.write("lab.yaml", BEFORE)
        sandbox.iplab("up", "lab.yaml", "--yes")
        sandbox.write("lab.yaml", AFTER)
    nodes = state.settled(sandbox)
    machine = state.host(sandbox)
    every = commands(sandbox, "lab.yaml", style)
    assert len(every) > 15
    # What the kernel refuses, and what `ip` itself does not know (then a batch does not tell its
    # line).  A device that is not found is no fault where it was to be deleted.
    words = "nowhere up" if lab == "new" else "lo nonsense"
    failing = f"{{{{ ip }}}} link set {words}"
    for number, command in enumerate(every, 1):
        wrong = worded_wrongly(sandbox, command, failing)
        text = command.text
        options = ("--style", style, "--templates", wrong)
        done = sandbox.try_("iplab", "up", "lab.yaml", "--yes", *options)
        where = f"when command {number} of {len(every)} ({text}) had failed"
        if done.code == 4:
            # The way back needs a command of these very words, which then fails as well.
            again = told_to_run(done.err)
            directly = re.sub(r"^nsenter --net=/run/netns/(\S+) ip ", r"ip -n \1 ", text)
            assert directly in again or style == "steps", where
            sandbox.sh("\n".join(again))
        else:
            done.expect(1)
        says = "Cannot find device" if lab == "new" else '"nonsense" is a garbage'
        assert says in done.err, where
        assert f"link set {words}" in done.err, where
        # What is not in the file any more has no line in it.
        assert "lab.yaml:" in done.err or lab == "edited", where
        eventually(lambda: state.host(sandbox), machine)
        if lab == "edited":
            eventually(lambda: state.everywhere(sandbox), nodes)
    assert commands(sandbox, "lab.yaml", style) == every
    listed = sandbox.iplab("list", "--json").json["labs"]
    assert [row["state"] for row in listed] == (["up"] if lab == "edited" else [])
    sandbox.iplab("up", "lab.yaml", "--yes", "--style", style)
    sandbox.iplab("check", "lab.yaml")


def test_what_cannot_be_put_back_is_told_with_the_commands_that_do_it(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    directory = sandbox.here / "wrong"
    directory.mkdir()
    directory.joinpath("add_address.j2").write_text("{{ ip }} link set nowhere up")
    directory.joinpath("delete_namespace.j2").write_text("{{ ip }} netns del nobody")
    done = two.iplab("up", "--yes", "--templates", str(directory), code=4)
    assert 'Cannot find device "nowhere"' in done.err
    assert sandbox.ip("netns") != ""
    sandbox.sh("\n".join(told_to_run(done.err)))
    assert sandbox.ip("netns") == ""


def test_settings_that_go_with_their_device_are_not_to_be_put_back(sandbox: Sandbox) -> None:
    sandbox.write(
        "lab.yaml",
        "lab: going\nbridges: [{host:br0: 10.0.3.1/24}]\n"
        "nodes: {host: {forward: true, routes: [10.8.0.0/16 via 10.0.3.9]}}\n",
    )
    before = state.host(sandbox)
    directory = sandbox.here / "wrong"
    directory.mkdir()
    # `br0` is there, and the kernel has it forward, when the route is refused.
    directory.joinpath("add_route.j2").write_text("{{ ip }} link set nowhere up")
    directory.joinpath("delete_link.j2").write_text("{{ ip }} link del nobody")
    options = ("--yes", "--templates", str(directory))
    done = sandbox.iplab("up", "lab.yaml", *options, code=4)
    words = told_to_run(done.err)
    assert "ip link del br0" in words
    assert "conf.br0" not in done.err
    sandbox.sh("\n".join(words))
    eventually(lambda: state.host(sandbox), before)


# ---------------------------------------------------------------- signals


def interrupted(sandbox: Sandbox, number: int, style: str) -> Any:
    """`up` of a lab, ended by a signal while its tenth command runs."""
    sandbox.write("lab.yaml", MANY_KINDS)
    tenth = commands(sandbox, "lab.yaml", style)[9]
    wrong = worded_wrongly(sandbox, tenth, "sleep 1.1")
    words = ("iplab", "up", "lab.yaml", "--yes", "--style", style, "--templates", wrong)
    # The program itself: its own handling of signals is what is to be seen.
    pid = sandbox.start(*words, program=True)
    eventually(lambda: sandbox.try_("pgrep", "-x", "sleep").code, 0)
    sandbox.signal(pid, number)
    return sandbox.wait(pid)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_and_all_is_put_back(
    sandbox: Sandbox, number: signal.Signals, style: str
) -> None:
    state.with_foreign_things(sandbox)
    before = state.host(sandbox)
    done = interrupted(sandbox, number, style).expect(130)
    assert "interrupted; all was put back" in done.err
    assert "Traceback" not in done.err
    eventually(lambda: state.host(sandbox), before)
    assert sandbox.run("ls", "/run/iplab").split() == ["lock"]


@pytest.mark.parametrize("way", ["down", "recover --undo", "up again", "recover --finish"])
def test_killed_in_the_middle_and_mended_afterwards(sandbox: Sandbox, way: str) -> None:
    state.with_foreign_things(sandbox)
    before = state.host(sandbox)
    interrupted(sandbox, signal.SIGKILL, "direct").expect(-signal.SIGKILL)
    assert sandbox.ip("netns") != before["netns"]
    (row,) = sandbox.iplab("list", "--json").json["labs"]
    assert row["state"] == "unfinished"
    assert "kinds" in sandbox.iplab("recover", code=3).out
    if way in ("up again", "recover --finish"):
        words = ("up", "lab.yaml", "--yes") if way == "up again" else tuple(way.split())
        sandbox.iplab(*words)
        sandbox.iplab("check", "lab.yaml")
        sandbox.iplab("down", "lab.yaml")
    else:
        sandbox.iplab(*(("down", "lab.yaml") if way == "down" else tuple(way.split())))
    eventually(lambda: state.host(sandbox), before)
    assert sandbox.run("ls", "/run/iplab").split() == ["lock"]


# ---------------------------------------------------------------- two at once


def test_two_ups_of_one_lab_at_once(sandbox: Sandbox) -> None:
    star = starter(sandbox, "star")
    words = ("iplab", "up", star.file, *star.settings, "--yes", "--json")
    both = [sandbox.start(*words, program=True) for _ in range(2)]
    done = [sandbox.wait(pid).expect(0) for pid in both]
    counts = sorted(len(one.json["commands"]) for one in done)
    assert counts[0] == 0
    assert counts[1] > 0
    star.iplab("check")
    star.iplab("down")
    assert sandbox.ip("netns") == ""


def test_two_labs_that_want_the_same_node_at_once(sandbox: Sandbox) -> None:
    text = "lab: {}\nlinks:\n  - same:eth0: 10.0.0.1/24\n    {}:eth0: 10.0.0.2/24\n"
    labs = {name: sandbox.write(f"{name}.yaml", text.format(name, name)) for name in ("one", "two")}
    both = [sandbox.start("iplab", "up", lab, "--yes", program=True) for lab in labs.values()]
    done = [sandbox.wait(pid) for pid in both]
    assert sorted(one.code for one in done) == [0, 1]
    (refused,) = (one for one in done if one.code == 1)
    assert "same" in refused.err
    (row,) = sandbox.iplab("list", "--json").json["labs"]
    sandbox.iplab("check", labs[row["lab"]])


def test_the_one_that_waits_says_so(sandbox: Sandbox) -> None:
    two = starter(sandbox, "two-namespaces")
    hold = "mkdir -m 700 -p /run/iplab; exec flock /run/iplab/lock sleep 1"
    holder = sandbox.start("sh", "-c", hold)
    eventually(lambda: sandbox.try_("pgrep", "-x", "sleep").code, 0)
    done = two.iplab("up", "--yes")
    assert "is changing this machine; waiting for it" in done.err
    sandbox.wait(holder).expect(0)
