"""A result is in its file whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from iplab.cli import cli
from iplab.cli.output import as_word, write_file
from iplab.errors import IplabError


def test_a_full_disk_is_told_with_the_file_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.json"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(IplabError, match=r"p\.json: cannot write it: No space left on device"):
        write_file(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["p.json"]
    assert path.read_text() == "old"


def test_a_device_that_is_full_is_named() -> None:
    with pytest.raises(IplabError, match="/dev/full: cannot write it"):
        write_file(Path("/dev/full"), b"new")


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    target = tmp_path / "no" / "file"
    with pytest.raises(IplabError, match="cannot write it: No such file or directory") as caught:
        write_file(target, b"text")
    assert caught.value.where == str(target)


def test_a_link_stays_one_and_the_mode_is_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "b"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to("a")
    write_file(link, b"new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_script_can_be_run(tmp_path: Path) -> None:
    write_file(tmp_path / "s", b"#!/bin/sh\n", executable=True)
    assert os.access(tmp_path / "s", os.X_OK)


def test_a_path_as_it_is_pasted() -> None:
    assert as_word(Path("my lab.yaml")) == "'my lab.yaml'"
    assert as_word(Path("-x.yaml")) == "./-x.yaml"
    assert as_word(Path("-")) == "-"


def test_what_is_open_already_is_written_to(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        write_file(Path(f"/dev/fd/{file.fileno()}"), b"new")
        assert os.fstat(file.fileno()).st_size == 3


@pytest.mark.parametrize(
    "words", [("script", "lab.yaml"), ("draw", "lab.yaml"), ("walk", "lab.yaml"),
              ("import", "lab.sh"), ("init", "nat", "--force")], ids=lambda words: words[0],
)  # fmt: skip
def test_each_command_names_the_file(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lab.yaml").write_text("lab: a\nnodes: {n: {}}\n")
    Path("lab.sh").write_text("ip netns add n\n")
    done = CliRunner().invoke(cli, [*words, "-o", "/dev/full"])
    assert isinstance(done.exception, IplabError)
    assert "/dev/full: cannot write it" in str(done.exception)


def test_the_next_command_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["init", "bridge", "-o", "my lab.yaml"])
    assert "next: iplab plan 'my lab.yaml'" in done.output
