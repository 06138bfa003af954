"""The other commands, as a user runs them."""

import json
import re
import shlex
import shutil
import signal
import sys
from importlib import import_module

import click
import pytest

from iplab.cli import COMMANDS
from tests.kernel.labs import Starter, starter
from tests.kernel.sandbox import Sandbox
from tests.kernel.test_failures import eventually

pytestmark = pytest.mark.kernel


@pytest.fixture
def two(sandbox: Sandbox) -> Starter:
    """Two namespaces, up."""
    it = starter(sandbox, "two-namespaces")
    it.iplab("up", "--yes")
    return it


def test_exec_gives_the_commands_own_exit_code(two: Starter) -> None:
    sandbox = two.sandbox
    sandbox.iplab("exec", "ns0", "--", "sh", "-c", "exit 7", code=7)
    sandbox.iplab("exec", "ns0", "--", "true", code=0)
    assert sandbox.iplab("exec", "ns0", "cat", stdin="through").out == "through"
    assert "veth0" in sandbox.iplab("exec", "ns0", "ip", "-br", "link").out
    assert "veth0" not in sandbox.iplab("exec", "host", "ip", "-br", "link").out
    # Options of the command are its own.
    assert sandbox.iplab("exec", "ns0", "--", "echo", "--help", "-n", "--").out == "--help -n --\n"


def test_exec_of_what_is_not_there(two: Starter) -> None:
    said = two.sandbox.iplab("exec", "ns2", "--", "true", code=1).err
    assert "there is no node ns2 here" in said
    assert "did you mean ns" in said
    assert (
        "no-such-program" in two.sandbox.try_("iplab", "exec", "ns0", "--", "no-such-program").err
    )
    two.sandbox.iplab("exec", "ns0", code=2)
    for node in ("ns0", "host"):
        for words in (("--",), ("",), ("--", "")):
            said = two.sandbox.iplab("exec", node, *words, code=2).err
            assert "there is no command to run" in said


def test_exec_gives_the_command_its_signals(two: Starter) -> None:
    pid = two.sandbox.start("iplab", "exec", "ns0", "--", "sleep", "30", program=True)
    eventually(lambda: two.sandbox.try_("pgrep", "-x", "sleep").code, 0)
    two.sandbox.signal(pid, signal.SIGTERM)
    two.sandbox.wait(pid).expect(-signal.SIGTERM)


def test_shell(two: Starter) -> None:
    script = "ip -br link; echo in $IPLAB_NODE; exit 5"
    done = two.sandbox.iplab("shell", "ns1", stdin=script, env={"SHELL": "/bin/sh"}, code=5)
    assert "veth1" in done.out
    assert "in ns1" in done.out


def test_what_cannot_be_looked_at_is_not_ended_and_no_traceback(sandbox: Sandbox) -> None:
    sandbox.sh("mkdir -m 755 /run/iplab")
    inside = {"IPLAB_SANDBOX": "x", "IPLAB_SANDBOX_HOLDER": "1"}
    sandbox.iplab("--version", env=inside)
    sandbox.iplab("list", env=inside, code=1)


def test_down_of_a_lab_from_one_of_its_nodes_does_not_end_itself(two: Starter) -> None:
    pid = two.sandbox.start("ip", "netns", "exec", "ns0", "sleep", "60")
    eventually(lambda: "sleep" in two.sandbox.sh("ip netns pids ns0 | xargs ps -o comm= -p"), True)
    words = (sys.executable, "-m", "iplab", "down", "--kill", "two-namespaces")
    done = two.sandbox.iplab("exec", "ns0", "--", *words, program=True)
    assert "(sleep)" in done.err
    assert "python" not in done.err
    two.sandbox.wait(pid).expect(-signal.SIGTERM)
    assert two.sandbox.sh("ls /run/netns") == ""


# What bash does when TAB is pressed; outside of a completion there is no `compopt`.
BASH = """
eval "$(_IPLAB_COMPLETE=bash_source ./iplab)"
compopt() { echo "files too"; }
pressed() {
    COMP_WORDS=("$@") COMP_CWORD=2 COMPREPLY=()
    _iplab_completion ./iplab
    echo "${COMPREPLY[*]}"
}
pressed iplab down two-n
pressed iplab shell n
"""


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not here")
def test_bash_is_offered_labs_files_and_nodes(two: Starter) -> None:
    program = two.sandbox.write("iplab", f'#!/bin/sh\nexec {sys.executable} -m iplab "$@"\n')
    program.chmod(0o755)
    said = two.sandbox.run("bash", "-c", BASH)
    assert said.splitlines() == ["files too", "two-namespaces", "ns0 ns1"]


def test_list(two: Starter) -> None:
    sandbox = two.sandbox
    (row,) = sandbox.iplab("list", "--json").json["labs"]
    assert row["lab"] == "two-namespaces"
    assert row["state"] == "up"
    assert row["nodes"] == ["ns0", "ns1"]
    assert "two-namespaces  up  2 nodes" in sandbox.iplab("list").out
    sandbox.sh("ip netns del ns0; ip netns del ns1")
    assert sandbox.iplab("list", "--json").json["labs"][0]["state"] == "gone"
    two.iplab("down")
    assert "no lab is up" in sandbox.iplab("list").err


def test_show_writes_the_peer_out(two: Starter) -> None:
    sandbox = two.sandbox
    host = starter(sandbox, "host-to-namespace")
    host.iplab("up", "--yes")
    out = host.iplab("show").out
    assert re.search(r"veth0 +up +veth → ns1:veth1 +172.18.0.2/24", out)
    assert re.search(r"veth2 +up +veth → host:veth3 +172.19.0.2/24", out)
    assert re.search(r"veth3 +up +veth → ns0:veth2 +172.19.0.4/24", out)
    assert re.search(r"lo +down +loopback", out)
    everything = sandbox.iplab("show", "--json").json["namespaces"]
    assert [n["name"] for n in everything] == ["host", "ns0", "ns1"]
    by_name = {n["name"]: {i["name"]: i for i in n["interfaces"]} for n in everything}
    assert by_name["ns0"]["veth2"]["peer"] == "host:veth3"
    assert by_name["host"]["veth3"]["peer"] == "ns0:veth2"
    sandbox.ip("-n ns1 link set veth1 down")
    assert re.search(r"veth0 +up, no carrier", two.iplab("show").out)
    assert "ns1: there is no such namespace" not in two.iplab("show").err


def test_show_of_a_bridge_and_routes(sandbox: Sandbox) -> None:
    it = starter(sandbox, "vxlan")
    it.iplab("up", "--yes")
    out = it.iplab("show", "--routes").out
    assert re.search(r"vx0 +up +vxlan 73 → 10.73.2.2, port of br0", out)
    assert "route 10.73.2.0/24 via 10.73.1.1" in out


# ---------------------------------------------------------------- processes in nodes


def in_node(two: Starter) -> int:
    """A process that lives in ns1."""
    pid = two.sandbox.start("ip", "netns", "exec", "ns1", "sleep", "60")
    eventually(lambda: two.sandbox.try_("pgrep", "-x", "sleep").code, 0)
    return pid


def test_down_asks_where_processes_run(two: Starter) -> None:
    pid = in_node(two)
    said = two.iplab("down", code=2).err
    assert f"ns1: process {pid} (sleep)" in said
    assert "--kill" in said
    assert "ns1" in two.sandbox.ip("netns")
    two.iplab("check")


def test_down_kill_ends_them(two: Starter) -> None:
    pid = in_node(two)
    two.iplab("down", "--kill")
    two.sandbox.wait(pid).expect(-signal.SIGTERM)
    assert two.sandbox.ip("netns") == ""


def test_down_kill_ends_also_what_does_not_want_to(two: Starter) -> None:
    stubborn = "trap '' TERM; while :; do sleep 0.1; done"
    pid = two.sandbox.start("ip", "netns", "exec", "ns1", "sh", "-c", stubborn)
    eventually(lambda: two.sandbox.try_("pgrep", "-x", "sleep").code, 0)
    two.iplab("down", "--kill")
    two.sandbox.wait(pid).expect(-signal.SIGKILL)


def test_down_yes_leaves_them(two: Starter) -> None:
    pid = in_node(two)
    assert "namespaces without a name" in two.iplab("down", "--yes").err
    assert two.sandbox.ip("netns") == ""
    two.sandbox.signal(pid, signal.SIGKILL)
    two.sandbox.wait(pid).expect(-signal.SIGKILL)


# ---------------------------------------------------------------- at a terminal


def at_terminal(sandbox: Sandbox, *argv: str, answer: str) -> tuple[int, str]:
    """Run iplab on a terminal of its own, give it ``answer``: its exit code and what it showed."""
    script = (
        "import os, pty, sys\n"
        "answer, *argv = sys.argv[1:]\n"
        "pid, terminal = pty.fork()\n"
        "if pid == 0: os.execv(sys.executable, [sys.executable, '-m', 'iplab', *argv])\n"
        "os.write(terminal, answer.encode())\n"
        "while True:\n"
        "    try: data = os.read(terminal, 4096)\n"
        "    except OSError: break\n"
        "    if not data: break\n"
        "    os.write(1, data)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    done = sandbox.try_("python3", "-c", script, answer, *argv)
    return done.code, done.out.replace("\r", "")


def test_up_at_a_terminal_shows_and_asks(sandbox: Sandbox) -> None:
    it = starter(sandbox, "two-namespaces")
    code, shown = at_terminal(sandbox, "up", it.file, answer="n\n")
    assert code == 1
    assert "ip netns add ns0" in shown
    assert "nothing was run" in shown
    assert sandbox.ip("netns") == ""
    code, shown = at_terminal(sandbox, "up", it.file, answer="y\n")
    assert code == 0, shown
    it.iplab("check")


def test_step_stops_before_the_command_that_is_refused(sandbox: Sandbox) -> None:
    it = starter(sandbox, "two-namespaces")
    code, shown = at_terminal(sandbox, "up", it.file, "--yes", "--step", answer="y\ny\nn\n")
    assert code == 1, shown
    assert "stopped by you" in shown
    assert sandbox.ip("netns") == ""


# ---------------------------------------------------------------- help


def examples() -> list[tuple[str, str]]:
    """The example line of each command's help."""
    found = []
    for name, (module, _) in COMMANDS.items():
        command: click.Command = import_module(f"iplab.cli.{module}").command
        found.append((name, command.epilog or ""))
    return found


@pytest.mark.parametrize(("name", "epilog"), examples())
def test_the_example_in_each_commands_help_works(sandbox: Sandbox, name: str, epilog: str) -> None:
    _, example, line = epilog.partition("Example:  iplab ")
    assert example, f"{name} has no example"
    shown = sandbox.iplab(name, "--help").out
    assert " ".join(f"iplab {line}".split()) in " ".join(shown.split())
    if name == "init":
        sandbox.iplab(*shlex.split(line))
        sandbox.iplab("plan", "lab.yaml", code=3)
        return
    sandbox.iplab("init", "two-namespaces", "-o", "lab.yaml")
    if name in ("check", "down", "show", "exec", "shell", "list", "why", "import"):
        sandbox.iplab("up", "lab.yaml", "--yes")
    if name == "import":
        sandbox.write("setup.sh", "ip netns add ns0\nip netns add ns1\n")
    codes = {"plan": 3, "translate": 3}  # something to do; not exact without the state
    done = sandbox.try_("sh", "-c", f"iplab {line}", env={"SHELL": "/bin/sh"})
    assert done.code == codes.get(name, 0), done.err
    assert "Traceback" not in done.err


def test_the_example_of_iplab_itself_works(sandbox: Sandbox) -> None:
    _, _, line = " ".join(sandbox.iplab("--help").out.split()).partition("Begin with: ")
    assert line.startswith("iplab init")
    done = sandbox.try_("sh", "-c", line)
    assert done.code == 3, done.err
    assert "ip netns add ns0" in done.out


def test_no_terminal_no_colour(two: Starter) -> None:
    for words in (("show",), ("check",), ("plan",)):
        assert "\x1b" not in two.iplab(*words).out


def test_json_is_alone_on_stdout(two: Starter) -> None:
    for words in (("plan", "--json"), ("up", "--yes", "--json"), ("check", "--json", "--ping")):
        json.loads(two.iplab(*words).out)
    check = two.iplab("check", "--json", "--ping").json
    assert set(check) == {"ok", "differences", "checks", "pings"}
    assert set(check["pings"]) == {"sent", "received", "failed"}


def test_down_of_a_lab_whose_file_has_gone(two: Starter) -> None:
    (two.sandbox.here / two.file).unlink()
    two.iplab("down")
    assert two.sandbox.ip("netns") == ""


def test_down_by_name_where_a_directory_has_that_name(two: Starter) -> None:
    (two.sandbox.here / "two-namespaces").mkdir()
    two.sandbox.iplab("down", "two-namespaces")
    assert two.sandbox.ip("netns") == ""
