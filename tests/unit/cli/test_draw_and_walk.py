"""`iplab draw` and `iplab walk` on the command line: files, formats, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from iplab import lab
from iplab.cli import cli
from iplab.errors import IplabError, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lab.yaml"
    path.write_text(lab.starter_text("nat")[1])
    return path


def run(*words: object, stdin: str = "") -> Result:
    return CliRunner().invoke(cli, [str(w) for w in words], input=stdin, catch_exceptions=True)


@pytest.mark.parametrize(
    ("form", "begins"),
    [("svg", b"<svg "), ("png", b"\x89PNG"), ("dot", b"graph "), ("mermaid", b"---\ntitle: 'nat'"),
     ("text", b" ")],
)  # fmt: skip
def test_each_format(file: Path, form: str, begins: bytes) -> None:
    done = run("draw", file, "-f", form)
    assert done.exit_code == 0, done.output
    assert done.stdout_bytes.startswith(begins)


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.svg", b"<svg "), ("a.png", b"\x89PNG"), ("a.dot", b"graph "), ("a.mmd", b"---\n"),
     ("a.txt", b" "), ("a", b"<svg ")],
)  # fmt: skip
def test_the_ending_says_the_format(file: Path, tmp_path: Path, name: str, begins: bytes) -> None:
    done = run("draw", file, "-o", tmp_path / name)
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_a_lab_is_drawn_without_the_machine(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither root nor a sandbox is needed for what is in a file."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("iplab.run.sandbox.enter", lambda *a, **k: pytest.fail("a sandbox"))
    assert run("draw", file, "-f", "text").exit_code == 0
    assert run("walk", file).exit_code == 0


@pytest.mark.parametrize("words", [[], ["LAB", "--live"]])
def test_a_lab_or_the_machine(file: Path, words: list[str]) -> None:
    done = run("draw", *[file if w == "LAB" else w for w in words])
    assert isinstance(done.exception, UsageError)


def test_a_walk_of_a_lab_and_of_a_script(file: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("walk", file, "-o", page, "--lang", "en")
    assert done.exit_code == 0, done.output
    assert "steps" in done.stderr
    assert "<h1>nat, step by step</h1>" in page.read_text()
    done = run("walk", "-", "--lang", "zh-TW", stdin="ip netns add a\n")
    assert 'lang="zh-Hant-TW"' in done.stdout


def test_what_is_no_script_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sh"
    path.write_text("hello\n")
    done = run("walk", path)
    assert isinstance(done.exception, IplabError)
    assert "no command in it" in str(done.exception)
    assert isinstance(run("walk", tmp_path / "none.sh").exception, IplabError)
