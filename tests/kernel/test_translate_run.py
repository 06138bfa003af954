"""`iplab translate --netns NAME --run`: shown, run, and put back where a command fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.kernel

_SETUP = """
mount -t tmpfs none /run && mkdir /run/netns
ip netns add n1
ip -n n1 link add v0 type veth peer name v1
ip -n n1 link set v0 up
ip -n n1 link set v1 up
ip -n n1 addr add 192.168.1.4/24 brd + dev v0
ip -n n1 addr add 192.168.1.9/24 brd + dev v0
ip -n n1 route add default via 192.168.1.1
"""


def inside(script: str) -> subprocess.CompletedProcess[str]:
    """A shell script in namespaces of its own, after the setup; `iplab` is this one."""
    if os.geteuid() != 0:
        pytest.skip("making namespaces needs root")
    text = f'set -e\n{_SETUP}\niplab() {{ "{sys.executable}" -m iplab "$@"; }}\nset +e\n{script}'
    return subprocess.run(
        ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", text],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_it_is_shown_and_done() -> None:
    done = inside(
        "iplab translate --netns n1 --run 'ifconfig v0 192.168.1.5'; echo code $?\n"
        "ip -n n1 -o -4 addr show dev v0"
    )
    assert "ip -n n1 addr del 192.168.1.4/24 dev v0\n" in done.stdout
    assert "code 0" in done.stdout
    assert "inet 192.168.1.5/24 brd 192.168.1.255" in done.stdout
    assert "inet 192.168.1.4" not in done.stdout


def test_what_fails_is_put_back() -> None:
    """The second address and the route go with the first; both have to come back."""
    look = "ip -n n1 -4 addr show dev v0; ip -n n1 route; ip -n n1 link show v0"
    done = inside(
        f"({look}) >/run/before\n"
        "iplab translate --netns n1 --run 'ifconfig v0 10.1.1.1 hw ether 01:00:00:00:00:00'\n"
        f"echo code $?\n({look}) >/run/after\n"
        "diff /run/before /run/after && echo the same"
    )
    assert "code 1" in done.stdout, done
    assert "Cannot assign requested address" in done.stderr
    assert "the same" in done.stdout, done


def test_what_only_reads_is_run_too() -> None:
    done = inside("iplab translate --netns n1 --run 'route -n'; echo code $?")
    assert "default via 192.168.1.1 dev v0" in done.stdout
    assert "code 0" in done.stdout


def test_what_it_prints_is_not_mixed_with_json() -> None:
    done = inside("iplab translate --netns n1 --run --json 'ifconfig v0'")
    assert json.loads(done.stdout)["lines"][0]["exact"]
    assert "192.168.1.4/24" in done.stderr


def test_what_is_not_exact_is_not_run() -> None:
    done = inside("iplab translate --netns n1 --run 'ifconfig v0 10.0.0.5/32'; echo code $?")
    assert "code 3" in done.stdout
    assert "not run" in done.stderr


def test_a_namespace_that_is_not_there_is_a_message() -> None:
    done = inside("iplab translate --netns n2 'ifconfig v0 up'; echo code $?")
    assert "code 1" in done.stdout
    assert "there is no node n2" in done.stderr


def test_a_script_is_worded_as_from_inside_the_namespace() -> None:
    """It is run in there, so it names no namespace, also where the state decides."""
    done = inside(
        "echo 'ifconfig v0 192.168.1.5' >/run/old.sh\n"
        "echo 'if true; then ifconfig v0 mtu 1400; fi' >>/run/old.sh\n"
        "iplab translate --netns n1 /run/old.sh >/run/new.sh; echo code $?; cat /run/new.sh\n"
        "ip netns exec n1 sh -e /run/new.sh; ip -n n1 -o -4 addr show dev v0"
    )
    assert "code 0\n" in done.stdout, done
    assert "-n n1" not in done.stdout, done
    assert "192.168.1.5/24" in done.stdout, done
    assert "192.168.1.4" not in done.stdout.rpartition("fi\n")[2], done


@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_what_is_interrupted_is_put_back(name: str) -> None:
    """The signal comes when `ip` has given the address and has not ended yet."""
    look = "ip -n n1 -4 addr show dev v0; ip -n n1 route"
    done = inside(
        f"({look}) >/run/before\n"
        "real=$(command -v ip); cp \"$real\" /run/real-ip\n"
        "cat >/run/ip <<'E'\n#!/bin/sh\n/run/real-ip \"$@\"; code=$?\n"
        "case \"$*\" in *'addr add 10.1.1.1'*) touch /run/there; sleep 1;; esac\nexit $code\nE\n"
        "chmod 755 /run/ip; mount --bind /run/ip \"$(readlink -f \"$real\")\"\n"
        "(trap - INT; exec " + f'"{sys.executable}"' + " -c '"
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "sys.argv[0] = \"iplab\"; from iplab.cli import main; main()"
        "' translate --netns n1 --run 'ifconfig v0 10.1.1.1') & pid=$!\n"
        "while ! [ -e /run/there ]; do sleep 0.05; done\n"
        f"kill -{name} $pid; wait $pid; echo code $?\n"
        f"({look}) >/run/after; diff /run/before /run/after && echo the same"
    )  # fmt: skip
    assert "code 130" in done.stdout, done.stderr
    assert "the same" in done.stdout, done
