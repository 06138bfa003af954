"""One template an operation, each value one word, and batches that are read as they were meant."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from ipaddress import ip_address, ip_interface, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields

from iplab import names
from iplab.command import Command, batch_line
from iplab.errors import BadName, IplabError
from iplab.network import Address, End, Macvlan, Route, Shaping, Tuntap, Vlan, Vxlan
from iplab.operations import (
    ALL,
    AddAddress,
    AddMacvlan,
    AddVeth,
    AddVxlan,
    Operation,
    SetMaster,
    SetShaping,
    SetUp,
)
from iplab.plan.planner import Step
from iplab.render import STYLES, Renderer, pieces
from iplab.render.batch import group
from iplab.render.engine import template_name
from iplab.templates import templates_dir

ADDRESS = Address(ip_interface("10.0.0.1/24"))
# A value for each field that operations have.
VALUES = {
    "node": "ns0",
    "name": "ns1",
    "a": End("ns0", "veth0"),
    "b": End("ns1", "veth1"),
    "device": "veth0",
    "to": "ns1",
    "netns": "ns1",
    "vxlan": Vxlan(7, ip_address("10.0.0.9"), ip_address("10.0.0.1"), "veth0"),
    "macvlan": Macvlan(End("ns0", "veth0")),
    "vlan": Vlan(End("ns0", "veth0"), 7),
    "tuntap": Tuntap("tap", "nobody"),
    "mtu": 1400,
    "lladdr": "02:00:00:00:00:01",
    "master": "br0",
    "on": True,
    "address": ADDRESS,
    "route": Route(ip_network("10.9.0.0/16"), ip_address("10.0.0.9"), "veth0"),
    "shaping": Shaping(rate=10_000_000),
    "key": "net.ipv4.ip_forward",
    "value": "1",
    "table": "iplab-lab",
    "source": ip_network("10.0.0.0/24"),
}


def values(operation: type[Operation]) -> dict[str, Any]:
    """A value for each field; what no lab uses (translate does) is a plain word."""
    return {
        f.name: VALUES.get(f.name, ("word", "7") if "tuple" in str(f.type) else "word")
        if f.name != "pattern"
        else VALUES["route"]
        for f in fields(operation)
    }


def example(operation: type[Operation]) -> Operation:
    return operation(**values(operation))


def test_each_operation_has_its_template_and_each_template_its_operation() -> None:
    files = {file.name for file in (templates_dir() / "commands").iterdir()}
    assert files == {template_name(operation) for operation in ALL}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("operation", ALL, ids=lambda o: o.__name__)
def test_each_operation_is_one_command(operation: type[Operation], style: str) -> None:
    command = Renderer(style).command(example(operation))
    assert command.node == "ns0"
    assert all(command.argv)
    assert shlex.split(command.text) == list(command.argv)
    if style == "batch":  # the cheapest way into a namespace
        assert command.argv[:3] == ("nsenter", "--net=/run/netns/ns0", operation.program)
    # These three know namespaces themselves, which only `steps` does not make use of.
    elif style != "steps" and operation.program in ("ip", "tc", "bridge"):
        assert command.argv[1:3] == ("-n", "ns0")
    else:
        assert command.argv[:4] == ("ip", "netns", "exec", "ns0")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("operation", ALL, ids=lambda o: o.__name__)
def test_on_the_host_a_command_stands_bare(operation: type[Operation], style: str) -> None:
    command = Renderer(style).command(operation(**values(operation) | {"node": "host"}))
    assert command.argv[0] == operation.program


WITH_ALL = Address(
    ip_interface("10.0.0.1/24"), peer=ip_interface("10.0.0.2/24"), label="e0:1", scope="link"
)
NETEM = Shaping(rate=10**6, delay=5000, jitter=100, loss=0.5)
LOWER = End("a", "e0")
WORDS: list[tuple[Operation, str]] = [
    (
        AddVeth("host", End("host", "v0"), End("b", "v1")),
        "ip link add v0 type veth peer name v1 netns b",
    ),
    (
        AddVeth("host", End("a", "v0"), End("b", "v1"), 70),
        "ip link add v0 index 70 netns a type veth peer name v1 netns b",
    ),
    (
        AddVeth("a", End("a", "v0"), End("a", "v1")),
        "ip -n a link add v0 type veth peer name v1",
    ),
    # What looks like a keyword of `ip link` gets `dev` in front.
    (SetUp("a", "br"), "ip -n a link set dev br up"),
    (SetUp("a", "up"), "ip -n a link set dev up up"),
    (SetMaster("a", "e0", "br0"), "ip -n a link set e0 master br0"),
    (
        AddAddress("a", "e0", WITH_ALL),
        "ip -n a addr add 10.0.0.1/24 peer 10.0.0.2/24 dev e0 label e0:1 scope link",
    ),
    (
        AddMacvlan("a", "m0", "b", Macvlan(LOWER, "vepa")),
        "ip -n a link add link e0 name m0 netns b type macvlan mode vepa",
    ),
    (
        AddMacvlan("a", "m0", "a", Macvlan(LOWER)),
        "ip -n a link add link e0 name m0 type macvlan mode bridge",
    ),
    (
        AddVxlan("a", "x", Vxlan(3, ip_address("239.0.0.1"), None, "e0")),
        "ip -n a link add dev x type vxlan id 3 group 239.0.0.1 dev e0 dstport 4789",
    ),
    (
        SetShaping("a", "e0", NETEM),
        "tc -n a qdisc replace dev e0 root netem delay 5000us 100us loss 0.5% rate 1mbit",
    ),
]


@pytest.mark.parametrize(("operation", "text"), WORDS)
def test_words(operation: Operation, text: str) -> None:
    assert Renderer("direct").command(operation).text == text


# ---------------------------------------------------------------- one word

NASTY = [
    *("a b", "a'b", 'a"b', "$(reboot)", "`reboot`", "a\nb", "a;b", "a\\b", "a|b", "a&b", "a>b"),
    *("-n", "--all", "a*", "", ".", "..", "a/b", "é", "a\tb", "{{ x }}", "#a", "~", "!"),
]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("door", [names.device, names.node, names.lab])
def test_such_names_are_refused(door, text: str) -> None:
    with pytest.raises(BadName):
        door(text)


@given(st.text(max_size=20))
def test_a_name_that_passes_is_one_plain_word(text: str) -> None:
    for door in (names.device, names.node, names.lab):
        try:
            name = door(text)
        except BadName:
            continue
        assert shlex.split(name) == [name]
        assert shlex.quote(name) == name
        assert not name.startswith("-")


@given(st.text(max_size=30))
def test_an_address_that_passes_is_one_plain_word(text: str) -> None:
    for door in (names.address, names.ip, names.prefix, names.lladdr):
        try:
            word = str(door(text))
        except BadName:
            continue
        assert shlex.quote(word) == word


@given(st.text(min_size=1), st.text(min_size=1), st.sampled_from(STYLES))
def test_whatever_passes_the_doors_stays_one_word(device: str, master: str, style: str) -> None:
    """Even a value that no door has seen cannot become a second word or a second command."""
    command = Renderer(style).command(SetMaster("ns0", device, master))
    assert command.argv[-1] == master
    assert device in command.argv
    plain = Renderer(style).command(SetMaster("ns0", "e0", "br0"))
    assert len(command.argv) - len(plain.argv) in (0, 1)  # `dev` may stand in front
    assert shlex.split(command.text) == list(command.argv)


# ---------------------------------------------------------------- the user's own templates


def own(tmp_path: Path, text: str) -> Renderer:
    (tmp_path / "set_up.j2").write_text(text)
    return Renderer("direct", [tmp_path])


def test_the_users_words_go_first(tmp_path: Path) -> None:
    renderer = own(tmp_path, "{{ ip }} -details link set dev {{ device }} up")
    assert renderer.command(SetUp("a", "e0")).text == "ip -n a -details link set dev e0 up"
    assert renderer.command(SetMaster("a", "e0", "br0")).text == "ip -n a link set e0 master br0"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("{{ nobody }}", "nobody"),
        ("{{ ip ", "template"),
        ("{{ ip }} link 'set", "no command"),
        ("{{ none }}", "not there"),
    ],
)
def test_a_template_at_fault_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(IplabError) as caught:
        own(tmp_path, text).command(SetUp("a", "e0"))
    assert "set_up.j2" in str(caught.value)
    assert says in str(caught.value)


# ---------------------------------------------------------------- batches


def as_iproute2_splits(line: str) -> list[str]:
    """What getcmdline() and makeargs() in iproute2's lib/utils.c make of a line of a batch."""
    line = line.partition("#")[0]  # a comment, even between quotes
    words: list[str] = []
    position = 0
    while True:
        while position < len(line) and line[position] in " \t\r\n":
            position += 1
        if position >= len(line):
            return words
        if line[position] in "\"'":
            quote = line[position]
            end = line.index(quote, position + 1)
            words.append(line[position + 1 : end])
            position = end + 1
        else:
            start = position
            while position < len(line) and line[position] not in " \t\r\n":
                position += 1
            words.append(line[start:position])


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_a_batch_line_is_read_as_the_words_it_was_made_of(words: list[str]) -> None:
    try:
        line = batch_line(tuple(words))
    except ValueError:
        assert any(c in word for word in words for c in '\n\r"\\#')
        return
    assert as_iproute2_splits(line) == words
    assert "\n" not in line
    assert not line.endswith("\\")  # that would join it with the next one (getcmdline)


commands = st.sampled_from(
    [
        Command(("ip", "netns", "add", "a"), "host"),
        Command(("ip", "link", "add", "e0", "type", "bridge"), "host"),
        Command(("ip", "-n", "a", "link", "set", "e0", "up"), "a"),
        Command(("ip", "-n", "a", "addr", "add", "10.0.0.1/24", "dev", "e0"), "a"),
        Command(("ip", "-n", "b", "link", "set", "e0", "up"), "b"),
        Command(("tc", "-n", "a", "qdisc", "del", "dev", "e0", "root"), "a"),
        Command(("ip", "netns", "exec", "a", "sysctl", "-w", "net.ipv4.ip_forward=1"), "a"),
        Command(("ip", "-details", "link", "set", "e0", "up"), "host"),
        Command(("ip",), "host"),
        Command(("ip", "link", "set", "e0", "alias", "it's # 1"), "host"),
        Command(("ip", "link", "set", "e0", "alias", "two words"), "host"),
    ]
)


@given(st.lists(commands, max_size=12))
def test_grouping_keeps_every_command_in_its_order(given_: list[Command]) -> None:
    again: list[tuple[str, ...]] = []
    for command in group(given_):
        if command.lines:
            lines = (command.stdin or "").splitlines()
            assert [tuple(as_iproute2_splits(line)) for line in lines] == list(command.lines)
            assert command.argv[-2:] == ("-batch", "-")
            assert len(command.lines) > 1
            again += [(*command.argv[:-2], *line) for line in command.lines]
        else:
            again.append(command.argv)
    assert again == [command.argv for command in given_]


@given(st.lists(commands, min_size=1, max_size=12))
def test_what_can_go_together_does(given_: list[Command]) -> None:
    grouped = group(given_)
    heads = [c.argv[:-2] for c in grouped if c.lines]
    for one, other in pairwise(grouped):
        if one.lines and other.lines:
            assert one.argv != other.argv
    assert all(head[0] == "ip" for head in heads)


def test_pieces_tell_which_steps_each_process_does() -> None:
    steps = [
        Step(SetUp("a", "e0"), "1"),
        Step(SetUp("a", "e1"), "2"),
        Step(SetShaping("a", "e0", Shaping(rate=10**6)), "3"),
        Step(SetUp("b", "e0"), "4"),
    ]
    found = pieces(steps, Renderer("batch"))
    assert [[s.why for s in piece.steps] for piece in found] == [["1", "2"], ["3"], ["4"]]
    assert found[0].command.stdin == "link set e0 up\nlink set e1 up\n"
    assert found[2].command.text == "nsenter --net=/run/netns/b ip link set e0 up"
    assert [len(piece.steps) for piece in pieces(steps, Renderer("direct"))] == [1, 1, 1, 1]


@given(st.lists(st.text("ab0 _-@%+=:,./~*?'\"\\$#\té\n;&|<>()!`", max_size=4), min_size=1))
def test_a_line_for_a_shell_is_what_shlex_makes_of_it(words: list[str]) -> None:
    assert Command(tuple(words), "host").text == shlex.join(words)


@given(
    st.sampled_from(["10.0.0.1/24", "fd00::1/64", "1.2.3.4", "10.0.0.1/255.0.0.0", "fe80::1%e/64"]),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from("0123456789.:/%afe٣")), max_size=3),
)
def test_an_address_is_taken_apart_as_ipaddress_does(text: str, put: list[tuple[int, str]]) -> None:
    for place, character in put:
        text = text[:place] + character + text[place:]

    def said(read: Callable[[str], object]) -> str:
        try:
            found = read(text)
        except ValueError as error:
            return str(error)
        return f"{found!r} {getattr(found, 'network', None)!r} {hash(found)}"

    assert said(names.ip_interface) == said(ip_interface)
