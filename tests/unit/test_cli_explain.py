"""iplab explain, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from iplab.cli.explain import command


def explain(*words: str, stdin: str = "", **env: str) -> Result:
    return CliRunner().invoke(command, words, input=stdin, env={"LC_ALL": "C"} | env)


def test_a_command_written_out() -> None:
    done = explain("ip l s veth0 netns ns1")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "ip link set veth0 netns ns1"
    assert "undo   ip -n ns1 link set veth0 netns 1" in done.stdout
    assert "trap   moving takes a device down and drops its addresses" in done.stdout


def test_without_quotes_the_options_are_ips() -> None:
    assert "ip -netns ns0 -brief address" in explain("ip", "-n", "ns0", "-br", "a").stdout


def test_in_chinese() -> None:
    for done in (
        explain("--lang", "zh-TW", "ip netns add ns0"),
        explain("ip netns add ns0", LC_ALL="zh_TW.UTF-8"),
        explain("ip netns add ns0", LC_ALL="", LANG="zh_TW.UTF-8"),
    ):
        assert "建立網路命名空間 ns0" in done.stdout


def test_json() -> None:
    value = json.loads(explain("--json", "ip a a 10.0.0.1/24 dev eth0").stdout)
    assert value["lang"] == "en"
    (one,) = value["commands"]
    assert one["full"] == "ip address add 10.0.0.1/24 dev eth0"
    assert one["undo"] == ["ip addr del 10.0.0.1/24 dev eth0"]
    assert {"written": "a", "full": "add"}.items() <= one["words"][2].items()


def test_what_is_not_known() -> None:
    done = explain("ip link frob x")
    assert done.exit_code == 3
    assert "not read: frob x" in done.stdout
    assert "not known: 'frob' is no command of `ip link`" in done.stdout


def test_an_old_command_is_sent_to_translate() -> None:
    done = explain("sudo /sbin/ifconfig eth0 10.0.0.1 up")
    assert done.exit_code == 3
    assert "iplab translate '/sbin/ifconfig eth0 10.0.0.1 up'" in done.stdout
    assert "iplab translate 'route -n'" in explain("--lang", "zh-TW", "route -n").stdout
    assert "iplab translate" not in explain("ip link frob x").stdout


def test_output_of_ip_on_stdin() -> None:
    text = "3: v0@if3: <UP,M-DOWN> mtu 1500\n    link/ether 02:00:00:00:00:01 link-netns ns1\n"
    assert "interface number 3 in the namespace ns1" in explain("-", stdin=text).stdout
    value = json.loads(explain("-", "--json", stdin=text).stdout)
    assert value["devices"][0]["device"] == "v0"


def test_a_meaning_is_told_once() -> None:
    text = "1: a: <UP> mtu 1500\n2: b: <UP> mtu 1400\n"
    assert explain("-", stdin=text).stdout.count("the largest packet") == 1


def test_commands_on_stdin() -> None:
    done = explain("-", stdin="# two\nip netns add a\n\nip netns del a\n")
    assert done.stdout.count("ip netns ") >= 2
    assert done.exit_code == 0


def test_each_line_of_a_batch(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_text("netns add a\nlink set lo up # why\n")
    done = explain("--json", f"ip -n x -batch {file}")
    full = [one["full"] for one in json.loads(done.stdout)["commands"]]
    assert full == ["ip -netns x netns add a", "ip -netns x link set lo up"]


@pytest.mark.parametrize(("words", "says"), [(("--lang", "fr", "ip a"), "no language")])
def test_wrong_use(words: tuple[str, ...], says: str) -> None:
    assert says in str(explain(*words).exception)


def test_a_batch_file_that_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "batch"
    file.write_bytes(b"link add \xff type dummy\nlink add d0 type dummy\n")
    done = explain(f"ip -batch {file}")
    assert done.exit_code == 3
    assert "makes d0" in done.stdout


def test_standard_input_that_is_not_utf8() -> None:
    done = CliRunner().invoke(command, ["-"], input=b"# \xff\nip link add d0 type dummy\n")
    assert done.exit_code == 0
    assert "makes d0" in done.stdout


def test_what_is_the_shells_is_said() -> None:
    done = explain("ip a | grep x")
    assert done.exit_code == 0
    assert "| grep x     the shell's, not ip's" in done.stdout
    both = json.loads(explain("--json", "ip link set v0 up && ip a").stdout)["commands"]
    assert [(one["full"], one["shell"]) for one in both] == [
        ("ip link set v0 up", "&&"),
        ("ip address", ""),
    ]
