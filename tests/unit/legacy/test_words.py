"""Words as the old tools read them: numbers, addresses, masks, MAC addresses, options."""

from __future__ import annotations

import string
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iplab.legacy.answer import Answer, Context, NoEquivalent, ToolFails
from iplab.legacy.words import (
    atoi,
    device,
    ether,
    getopt,
    inet_aton,
    ipv4,
    mask_length,
    prefix_after_slash,
    strtoul,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.1", "10.0.0.1"),
        ("10.1.2", "10.1.0.2"),
        ("0x0a000001", "10.0.0.1"),
        ("012.0.0.1", "10.0.0.1"),
        ("0", "0.0.0.0"),
        ("4294967295", "255.255.255.255"),
        ("255.255.255.0", "255.255.255.0"),
        ("0xffffff00", "255.255.255.0"),
    ],
)
def test_inet_aton(text: str, address: str) -> None:
    assert inet_aton(text) == IPv4Address(address)


@pytest.mark.parametrize("text", ["", "10.", "256.0.0.1", "1.2.3.4.5", "09.0.0.1", "a.b", "10/8"])
def test_inet_aton_refuses(text: str) -> None:
    assert inet_aton(text) is None


@given(st.integers(0, 2**32 - 1))
def test_inet_aton_reads_every_dotted_quad(value: int) -> None:
    assert inet_aton(str(IPv4Address(value))) == IPv4Address(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), ("12x", 12), ("-3", -3), ("x", 0), ("", 0), ("4294967296", 0), ("010", 10)],
)
def test_atoi(text: str, value: int) -> None:
    assert atoi(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("010", (8, True)), ("0x10", (16, True)), ("12x", (12, False))]
)
def test_strtoul(text: str, value: tuple[int, bool]) -> None:
    assert strtoul(text) == value


@pytest.mark.parametrize(
    ("mask", "length"),
    [("255.255.255.0", 24), ("0.0.0.0", 0), ("255.255.255.255", 32), ("255.0.255.0", None)],
)
def test_mask_length(mask: str, length: int | None) -> None:
    assert mask_length(IPv4Address(mask)) == length


@pytest.mark.parametrize("text", ["02:00:00:00:00:09", "2:0:0:0:0:9", "020000000009"])
def test_ether(text: str) -> None:
    assert ether(text) == "02:00:00:00:00:09"


@pytest.mark.parametrize("text", ["02-00-00-00-00-09", "zz", "02:00:00", ""])
def test_ether_refuses(text: str) -> None:
    assert ether(text) is None


def test_prefix_after_slash() -> None:
    assert prefix_after_slash("10.0.0.1/24") == ("10.0.0.1", 24)
    assert prefix_after_slash("10.0.0.1/030") == ("10.0.0.1", 24)
    assert prefix_after_slash("10.0.0.1") == ("10.0.0.1", None)
    with pytest.raises(ToolFails):
        prefix_after_slash("10.0.0.1/x")


def test_names_are_looked_up_in_the_context_or_refused() -> None:
    with pytest.raises(NoEquivalent):
        ipv4("gateway", Answer())
    answer = Answer(
        context=Context(resolve={"gateway": "10.0.0.9"}.get, networks="office 10.5 # ours\n")
    )
    assert ipv4("gateway", answer).address == IPv4Address("10.0.0.9")
    found = ipv4("office", answer)
    assert (found.address, found.net) == (IPv4Address("10.5.0.0"), True)
    with pytest.raises(ToolFails):
        ipv4("nowhere", answer)
    with pytest.raises(ToolFails):
        ipv4("10.0.0.1.2", Answer())


def test_devices() -> None:
    assert device("eth0.5") == "eth0.5"
    for wrong in ("", "a/b", "a b", "."):
        with pytest.raises(ToolFails):
            device(wrong)
    for refused in ("sixteen-bytes-is", "-x", "é"):
        with pytest.raises(NoEquivalent):
            device(refused)


def test_getopt_finds_options_anywhere() -> None:
    options, rest = getopt(["a", "-nv", "b", "-A", "inet6", "--num"], "nvA:", {"numeric": "n"})
    assert options == [("n", ""), ("v", ""), ("A", "inet6"), ("n", "")]
    assert rest == ["a", "b"]
    assert getopt(["-Ax", "--", "-n"], "nA:") == ([("A", "x")], ["-n"])
    for wrong in (["-z"], ["-A"], ["--none"], ["--numeric=5"]):
        with pytest.raises(ToolFails):
            getopt(wrong, "nA:", {"numeric": "n"})


@given(st.text(alphabet=string.printable))
def test_no_word_breaks_the_readers(text: str) -> None:
    inet_aton(text)
    atoi(text)
    strtoul(text)
    ether(text)
