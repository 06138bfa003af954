"""Which patterns of a script are tried, and which might take for ever."""

from __future__ import annotations

import re
import time

import pytest

from iplab.legacy.reading.tame import tame

LINE = "inet addr:192.168.100.200  Bcast:192.168.100.255  Mask:255.255.255.0 aaaaaaaaaaaaaaaaaaaa"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(.*)*Q", r"(a|a)*b", r"(.*.*)*Q", r".*.*.*.*.*.*Q", r".?" * 60 + "Q", r"(.|.)" * 60,
        r"(.{1000}){1000}", r"(.*[.])+x", r"((a+)b)*c+", r"(a?){60}", r"([a-z]+[a-z])*Q",
        r"(.+){2,16}Q", ")", r"(x*){99999}",
    ],
)  # fmt: skip
def test_what_may_take_for_ever(pattern: str) -> None:
    assert not tame(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"inet addr:([0-9]*\.[0-9]*\.[0-9]*\.[0-9]*).*Mask:(.*)$",
        r"([0-9]{1,3}\.){3}[0-9]{1,3}", r"([0-9a-f]{2}:){5}[0-9a-f]{2}", r"^(eth|wlan)[0-9]+",
        r"^[^ ]*:? +", r"(inet|inet6) +([^ ]+)", "a" * 200, r"([0-9]+\.)+[0-9]+",
        r"([0-9]+[.]){3}", r"(eth|wlan|en)(0|1|2)(:|$)", r"([0-9A-Fa-f][0-9A-Fa-f]:)+",
        r"^.*inet ([^ ]*).*netmask ([^ ]*).*broadcast (.*)$", r"[]a-z]*", r"\S+\s+\S+\s+\S+",
    ],
)  # fmt: skip
def test_what_scripts_use_comes_to_an_end_soon(pattern: str) -> None:
    assert tame(pattern)
    started = time.process_time()
    re.search(pattern, LINE)
    re.search(pattern, LINE[::-1])
    assert time.process_time() - started < 1
