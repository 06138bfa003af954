"""Where a user's sandboxes are noted: the same place for each command of that user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from iplab.errors import IplabError
from iplab.run import noted
from iplab.run.process import started

USER = 4711  # this process is root or not: here it is this user


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of which /run/user and /tmp are below a directory; what is made there is USER's."""
    me, lstat, stat = os.geteuid(), os.lstat, Path.stat

    def owned(info: os.stat_result) -> os.stat_result:
        return os.stat_result(USER if n == 4 and v == me else v for n, v in enumerate(info[:10]))

    monkeypatch.setattr(os, "geteuid", lambda: USER)
    monkeypatch.setattr(os, "lstat", lambda path: owned(lstat(path)))
    monkeypatch.setattr(Path, "stat", lambda path, **words: owned(stat(path, **words)))
    for name in ("user", "tmp", "old"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(noted, "RUN_USER", tmp_path / "user")
    monkeypatch.setattr(noted, "TMP", tmp_path / "tmp")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("TMPDIR", raising=False)
    return tmp_path


def _noted(name: str) -> noted.Holder:
    holder = noted.Holder(name, os.getpid(), started(os.getpid()))
    noted.note(holder)
    return holder


def test_tmpdir_changes_nothing(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(user / "old"))
    holder = _noted("a")
    assert [str(path.relative_to(user)) for path in user.rglob("*.json")] == [
        "tmp/iplab-4711/a.json"
    ]
    monkeypatch.delenv("TMPDIR")
    with noted.locked():
        assert noted.holders() == [holder]


def test_the_usual_runtime_directory_counts_unasked(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = _noted("early")  # before a login made /run/user/UID
    (user / "user/4711").mkdir()
    late = _noted("late")
    assert (user / "user/4711/iplab/late.json").exists()
    assert noted.holders() == [late, early]
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(user / "user/4711"))
    assert noted.holders() == [late, early]
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/")  # another user's, as `su` leaves it
    monkeypatch.setattr(noted, "_ours", lambda path: path == user / "user/4711")
    assert noted.holders() == [late, early]


def test_one_that_was_noted_below_tmpdir_is_found(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noted, "TMP", user / "old")
    holder = _noted("a")
    monkeypatch.setattr(noted, "TMP", user / "tmp")
    assert noted.holders() == []
    monkeypatch.setenv("TMPDIR", str(user / "old"))
    assert noted.holders() == [holder]


def test_a_runtime_directory_of_ones_own_counts_alone(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _noted("a")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(user / "old"))
    assert noted.holders() == []
    holder = _noted("a")
    assert noted.holders() == [holder]


@pytest.mark.parametrize("make", ["link", "open", "file", "other"])
def test_what_somebody_else_put_below_tmp_is_refused(
    user: Path, make: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = user / "tmp/iplab-4711"
    match make:
        case "link":
            (user / "there").mkdir(mode=0o700)
            place.symlink_to(user / "there")
        case "open":
            place.mkdir()
            place.chmod(0o770)
        case "file":
            place.touch()
        case _:
            place.mkdir(mode=0o700)
            monkeypatch.setattr(os, "lstat", lambda path: os.stat_result((0o40700, *[0] * 9)))
    with pytest.raises(IplabError, match=r"iplab-4711 (is not|cannot)"):
        noted.holders()


def test_an_old_place_that_is_not_ours_alone_is_left_alone(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (user / "old/iplab-4711").mkdir()
    (user / "old/iplab-4711/a.json").write_text("{}")
    monkeypatch.setenv("TMPDIR", str(user / "old"))
    assert noted.holders() == []
    assert (user / "old/iplab-4711/a.json").exists()
