"""Shell scripts: what becomes of each shape, and what stays.

Each case of tests/cases/rewrites is a file: a script, a line ``----``, the script as it has to be,
a line ``----``, and what the report says: ``LINE exact|about|left: part of a note or reason``.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from iplab.legacy import state
from iplab.legacy.script import rewrite
from iplab.network import Namespace

CASES = sorted((Path(__file__).parents[2] / "cases" / "rewrites").glob("*.txt"))
SCRIPTS = sorted((Path(__file__).parents[2] / "cases" / "scripts").glob("[0-9]*.sh"))


def parts(case: Path) -> tuple[str, str, list[str]]:
    before, after, report = case.read_text().split("----\n")
    return before, after, report.splitlines()


@pytest.mark.parametrize("case", CASES, ids=[c.stem for c in CASES])
def test_a_script_becomes_what_the_case_says(case: Path) -> None:
    before, after, report = parts(case)
    done = rewrite(before)
    assert done.text.decode() == after
    kinds = [
        f"{line.line} {'left' if line.reason else 'exact' if line.exact else 'about'}"
        for line in done.lines
    ]
    assert kinds == [entry.split(":")[0] for entry in report]
    for line, entry in zip(done.lines, report, strict=True):
        _, _, words = entry.partition(": ")
        assert words in " ".join([line.reason or "", *line.notes])


@pytest.mark.parametrize("case", CASES, ids=[c.stem for c in CASES])
def test_twice_is_once(case: Path) -> None:
    once = rewrite(parts(case)[0])
    assert rewrite(once.text).text == once.text


@pytest.mark.parametrize("case", CASES, ids=[c.stem for c in CASES])
def test_bash_reads_what_it_has_become(case: Path) -> None:
    before, after, _ = parts(case)
    for text in (before, after) if "unreadable" not in case.stem else ():
        done = subprocess.run(
            ["bash", "-n"], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="there is no shellcheck")
@pytest.mark.parametrize("script", [*SCRIPTS, *CASES], ids=lambda s: s.stem)
def test_shellcheck_likes_it_no_less(script: Path, tmp_path: Path) -> None:
    if "unreadable" in script.stem:
        pytest.skip("no shell can read it")
    text = script.read_text() if script.suffix == ".sh" else parts(script)[0]
    if not text.startswith("#!"):
        text = "#!/bin/bash\n" + text
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_text(text)
    after.write_bytes(rewrite(text).text)
    found = [complaints(before), complaints(after)]
    for code, count in found[1].items():
        assert count <= found[0].get(code, 0), (code, rewrite(text).text.decode())


def complaints(script: Path) -> dict[str, int]:
    done = subprocess.run(
        ["shellcheck", "-f", "gcc", script], capture_output=True, text=True, check=False
    )
    counts: dict[str, int] = {}
    for line in done.stdout.splitlines():
        code = line.rpartition("[")[2].rstrip("]")
        counts[code] = counts.get(code, 0) + 1
    return counts


def given(*addresses: str) -> Namespace:
    """A machine with eth0 up and these addresses on it, as `ip -j -d addr` prints it."""
    card: dict[str, Any] = {
        "ifindex": 2,
        "ifname": "eth0",
        "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
        "mtu": 1500,
        "operstate": "UP",
        "link_type": "ether",
        "address": "02:00:00:00:00:01",
        "addr_info": [
            {
                "family": "inet",
                "local": address.split("/")[0],
                "prefixlen": int(address.split("/")[1]),
                "scope": "global",
                "label": "eth0",
            }
            for address in addresses
        ],
    }
    return state.read([card])


def test_the_state_holds_for_as_long_as_nothing_else_changes_it() -> None:
    script = (
        "ifconfig eth0 192.168.1.5 netmask 255.255.255.0\n"
        "echo done\n"
        "ifconfig eth0 192.168.1.6 netmask 255.255.255.0\n"
        "dhclient eth0\n"
        "ifconfig eth0 192.168.1.7 netmask 255.255.255.0\n"
    )
    done = rewrite(script, state=given("192.168.1.4/24"))
    assert [line.used_state for line in done.lines] == [True, True, False]
    text = done.text.decode()
    assert "ip addr del 192.168.1.4/24" in text.partition("echo")[0]
    # The second line finds what the first one left.
    assert "ip addr del 192.168.1.5/24" in text.partition("echo")[2]
    # After a program that may have changed anything, a form that needs no state.
    assert "ip -4 addr flush dev eth0 label eth0" in text.partition("dhclient")[2]


def test_in_a_branch_or_loop_the_state_is_not_used() -> None:
    script = (
        "if [ -f /x ]; then\n    ifconfig eth0 10.0.0.5 netmask 255.0.0.0\nfi\nifconfig eth0 up\n"
    )
    done = rewrite(script, state=given("192.168.1.4/24"))
    assert not any(line.used_state for line in done.lines)


def test_the_dialect_of_busybox() -> None:
    # The older layout is no surprise there, and `add` replaces.
    script = "A=$(ifconfig eth0 | awk '/inet addr/{print substr($2,6)}')\ntrue\n"
    assert rewrite(script, dialect="busybox").lines[0].notes == ()
    assert rewrite(script).lines[0].notes != ()


def test_an_empty_word_may_be_the_command() -> None:
    done = rewrite(b'"" ifconfig\nifconfig eth0 up\n')
    assert done.text == b'"" ifconfig\nip link set eth0 up\n'


def test_text_that_is_not_utf_8_survives() -> None:
    done = rewrite(b"echo '\xe9\xff'; ifconfig eth0 up; echo \xe9\n")
    assert done.text == b"echo '\xe9\xff'; ip link set eth0 up; echo \xe9\n"


def test_a_systemd_unit_is_no_script_and_reported() -> None:
    unit = b"[Service]\nExecStart=/sbin/ifconfig eth0 up\nExecStop=-/sbin/route del default\n"
    done = rewrite(unit)
    assert done.text == unit
    assert [(line.line, line.reason) for line in done.lines] == [
        (2, "systemd runs it, and no shell"),
        (3, "systemd runs it, and no shell"),
    ]


def test_make_reads_each_dollar_itself() -> None:
    rules = (
        "up:\n\tifconfig $(DEV) up\n\tvconfig rem eth0.5; ifconfig eth0 promisc up\n"
        "ip:\n\tifconfig eth0 | grep -w inet | awk '/inet/{print $2}'\n\t@ifconfig eth0 down\n"
    )
    done = rewrite(rules, name="src/Makefile")
    text = done.text.decode()
    assert '\tip link set "$(DEV)" up\n\tip link del eth0.5; ip link set eth0 promisc on' in text
    assert text.endswith(rules.partition("ip:")[2])
    assert [line.reason for line in done.lines if line.reason] == [
        "make would read each $ of the new command",
        "what @ifconfig is cannot be known here",
    ]
    assert "$4" in rewrite(rules).text.decode()


@pytest.mark.parametrize(
    ("script", "line", "reason"),
    [
        ('cmd=(ifconfig eth0 up)\n"${cmd[@]}"\n', 2, "put together on line 1"),
        ('cmd=()\ncmd+=(route add default gw 10.0.0.1)\nsudo "${cmd[@]}"\n', 3, "line 2"),
        ("c='ifconfig eth0 up'\n$c\n", 2, "put together on line 1"),
        ("c='ifconfig eth0 up'\neval \"$c\"\n", 2, "put together on line 1"),
        ("for t in ifconfig arp\ndo\n  $t -a\ndone\n", 3, "put together on line 1"),
        ('a=(eth0 up)\nifconfig "${a[@]}"\n', 2, "any number of words"),
        ("f() {\n  ifconfig $@\n}\n", 2, "any number of words"),
    ],
)
def test_words_that_come_from_elsewhere_are_reported(script: str, line: int, reason: str) -> None:
    done = rewrite(script)
    assert done.text == script.encode()
    (left,) = done.lines
    assert (left.line, left.commands) == (line, ())
    assert reason in (left.reason or "")


def test_a_message_that_begins_with_a_tools_name_is_none_of_it() -> None:
    assert (
        rewrite('msg="route add failed"\necho "$msg"\nlist=(arp x)\necho "${list[@]}"\n').lines
        == ()
    )
