"""Single values: what they mean, and what is none."""

import pytest

from iplab.errors import BadName
from iplab.lab import words


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("10mbit", 10_000_000),
        ("1gbit", 10**9),
        ("512kbit", 512_000),
        ("1.5mbit", 1_500_000),
        ("104bit", 104),
        ("100bit", 96),  # tc tells the kernel 12 bytes a second
        ("8000", 8000),
        ("1MBit", 10**6),
        ("1kibit", 1024),
        ("2mibit", 2 * 1024 * 1024),
        ("1kbps", 8000),
        ("1kibps", 8192),
        ("1bps", 8),
    ],
)
def test_rates_are_tcs(text: str, bits: int) -> None:
    assert words.rate(text) == bits


@pytest.mark.parametrize(
    "text", ["", "0", "7", "-1mbit", "1 mbit", "mbit", "1mb", "1e6", "99tbit", "1٣"]
)
def test_no_rates(text: str) -> None:
    with pytest.raises(BadName):
        words.rate(text)


def test_a_labs_rate_is_one_that_tc_keeps() -> None:
    assert words.lab_rate("4kbit") == 4_000
    assert words.lab_rate("512gbit") == 512 * 10**9
    for text in ("8bit", "1kbit", "2kbit", "700gbit", "1tbit", "10tbit"):
        with pytest.raises(BadName, match="from 4kbit to 512gbit"):
            words.lab_rate(text)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("10ms", 10_000), ("100us", 100), ("1s", 1_000_000), ("1.5msecs", 1500), ("2sec", 2_000_000)],
)
def test_times_are_tcs(text: str, microseconds: int) -> None:
    assert words.duration(text) == microseconds


@pytest.mark.parametrize("text", ["10", "0ms", "0.1us", "1h", "-1s", "3000s", "ms"])
def test_no_times(text: str) -> None:
    with pytest.raises(BadName):
        words.duration(text)


def test_shares() -> None:
    assert words.loss("0.5%") == 0.5
    assert words.loss("100%") == 100
    for text in ("0%", "101%", "1", "-1%", "%"):
        with pytest.raises(BadName):
            words.loss(text)


def test_switches_are_text() -> None:
    for text in ("on", "true", "Yes", "1"):
        assert words.switch(text) is True
    for text in ("off", "False", "no", "0"):
        assert words.switch(text) is False
    for text in ("", "2", "y", "enabled"):
        with pytest.raises(BadName):
            words.switch(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("net.ipv4.ip_forward", "net.ipv4.ip_forward"),
        ("net/ipv4/ip_forward", "net.ipv4.ip_forward"),
        ("net.ipv4.conf.all.forwarding", "net.ipv4.ip_forward"),
        ("net.ipv6.conf.eth0.accept_dad", "net.ipv6.conf.eth0.accept_dad"),
        ("net/ipv4/conf/eth0.10/rp_filter", "net/ipv4/conf/eth0.10/rp_filter"),
        ("net.ipv4.conf.eth0/10.rp_filter", "net/ipv4/conf/eth0.10/rp_filter"),
        ("net/ipv6/neigh/a.b.c/mcast_solicit", "net/ipv6/neigh/a.b.c/mcast_solicit"),
    ],
)
def test_sysctl_names(text: str, key: str) -> None:
    assert words.sysctl_key(text) == key


@pytest.mark.parametrize(
    "text",
    ["kernel.panic", "net", "net.", "net..ipv4", "net.ipv4/ip_forward", "net.-w", "net.a b",
     "../net.ipv4", "net/../../kernel/panic", "-net.ipv4.x", "net.ipv4.$(x)", "net.ipv4.ä",
     "net/ipv4.x/conf", "net/ipv4/conf/../forwarding", "net/ipv4/conf/.x/forwarding",
     "net/ipv4/conf/eth0.10"],
)  # fmt: skip
def test_no_sysctl_names(text: str) -> None:
    with pytest.raises(BadName):
        words.sysctl_key(text)


@pytest.mark.parametrize("text", ["1 2", "$(x)", "a;b", "'1'", "-w", "a\nb", "", "|", "`x`"])
def test_no_sysctl_values(text: str) -> None:
    with pytest.raises(BadName):
        words.sysctl_value(text)


def test_checks() -> None:
    assert words.check("a -> b") == ("a", "b", True)
    assert words.check("a!>10.0.0.1") == ("a", "10.0.0.1", False)
    for text in ("a", "a b", "a -> b c", "-> b", "a ->", "a => b"):
        with pytest.raises(BadName):
            words.check(text)
