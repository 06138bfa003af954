"""nsenter's words, carried out by iplab itself."""

import os
from pathlib import Path

import pytest

from iplab.command import Command
from iplab.errors import CommandFailed
from iplab.operations import DeleteLink
from iplab.run.failed import gone_already
from iplab.run.machine import Machine
from iplab.run.netns import CannotEnter, entered, entrance, standing_in


def here() -> str:
    return os.readlink("/proc/thread-self/ns/net")


@pytest.mark.parametrize(
    ("words", "file", "rest"),
    [
        ("nsenter --net=/run/netns/a ip -batch -", "/run/netns/a", "ip -batch -"),
        ("nsenter --net=/run/netns/a", None, "nsenter --net=/run/netns/a"),
        ("nsenter --target 1 --net ip addr", None, "nsenter --target 1 --net ip addr"),
        ("ip -n a addr show", None, "ip -n a addr show"),
    ],
)
def test_only_the_words_iplab_uses_are_its_own_to_carry_out(
    words: str, file: str | None, rest: str
) -> None:
    assert entrance(tuple(words.split())) == (file, tuple(rest.split()))


def test_what_is_worded_is_what_is_entered() -> None:
    assert entrance(entered("a", ("ip", "addr")).argv) == ("/run/netns/a", ("ip", "addr"))
    assert entrance(entered("host", ("ip", "addr")).argv) == (None, ("ip", "addr"))


def test_a_namespace_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    before = here()
    gone, plain = str(tmp_path / "gone"), str(tmp_path / "plain")
    with pytest.raises(CannotEnter, match=r"cannot open .*/gone: No such file"), standing_in(gone):
        pytest.fail("nothing is entered")
    (tmp_path / "plain").touch()
    with pytest.raises(CannotEnter, match=r"cannot enter .*/plain: Invalid"), standing_in(plain):
        pytest.fail("nothing is entered")
    assert here() == before


def test_a_command_for_a_namespace_that_has_gone_fails_as_nsenter_would() -> None:
    command = Command(("nsenter", "--net=/run/netns/iplab-gone", "ip", "link", "del", "x"), "gone")
    with pytest.raises(CommandFailed) as caught:
        Machine().run(command)
    assert caught.value.code == 1
    assert caught.value.command == "nsenter --net=/run/netns/iplab-gone ip link del x"
    assert "cannot open /run/netns/iplab-gone: No such file or directory" in str(caught.value)
    assert gone_already(DeleteLink("gone", "x"), caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="setns asks for CAP_SYS_ADMIN")
def test_this_thread_is_back_whatever_happens_in_there() -> None:
    before = here()
    with pytest.raises(RuntimeError), standing_in("/proc/self/ns/net"):
        raise RuntimeError
    assert here() == before
