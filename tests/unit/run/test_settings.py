"""The kernel's settings, as a thread of their own reads them."""

from __future__ import annotations

import os
import resource
import tempfile
import threading
from pathlib import Path

import pytest

from iplab.errors import IplabError
from iplab.run.settings import settings


def test_settings_of_the_host_by_either_name() -> None:
    forward = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()
    keys = ["net.ipv4.ip_forward", "net/ipv4/conf/lo/forwarding"]
    found = settings({"host": keys})
    assert list(found["host"]) == keys
    assert found["host"]["net.ipv4.ip_forward"] == forward
    assert found["host"]["net/ipv4/conf/lo/forwarding"] in ("0", "1")


def test_blanks_within_a_value_are_one_each() -> None:
    key = "net.ipv4.ping_group_range"  # the kernel puts a tab in between
    assert settings({"host": [key]})["host"][key].count(" ") == 1


def test_what_is_not_there_and_what_is_no_file_are_left_out() -> None:
    keys = ["net.ipv4.nothing", "net/ipv4/conf/gone/forwarding", "net.ipv4.conf"]
    assert settings({"host": keys, "no-such-node": ["net.ipv4.ip_forward"]}) == {
        "host": {},
        "no-such-node": {},
    }


def test_what_may_only_be_written_is_left_out() -> None:
    assert settings({"host": ["net.ipv4.route.flush"]}) == {"host": {}}


def test_iplab_itself_stays_where_it_is() -> None:
    def here() -> str:
        return os.readlink("/proc/thread-self/ns/net")

    before = here()
    settings({"no-such-node": ["net.ipv4.ip_forward"]})
    assert here() == before
    assert not [t for t in threading.enumerate() if t.name == "settings"]


def test_no_more_open_files() -> None:
    most, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with tempfile.TemporaryFile() as file:  # the lowest number that is free, until it is closed
        lowest = file.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(IplabError, match="no setting can be read: Too many open files"):
            settings({"host": ["net.ipv4.ip_forward"]})
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def test_a_setting_that_answers_with_an_error_is_left_out() -> None:
    key = "net.ipv6.conf.lo.stable_secret"  # EIO as long as there is none; of root alone
    with pytest.raises(OSError, match=r"Input/output error|Permission denied"):
        Path("/proc/sys/net/ipv6/conf/lo/stable_secret").read_text()
    assert settings({"host": [key]}) == {"host": {}}


def test_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(IplabError, match="no setting can be read: can't start new thread"):
        settings({"host": ["net.ipv4.ip_forward"]})
