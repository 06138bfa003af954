"""Options that do not go together, and what each kind of output goes to."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from iplab.cli import cli, down
from iplab.cli.common import load_lab, print_pieces
from iplab.errors import IplabError, UsageError
from iplab.operations import AddNamespace
from iplab.plan.planner import Step
from iplab.render import Renderer, pieces
from iplab.run import records
from iplab.run.records import Record


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(w) for w in words])


@pytest.mark.parametrize(
    "options",
    [("--style", "direct"), ("--adopt",), ("--set", "n=1"), ("--templates", ".")],
    ids=lambda options: options[0],
)
def test_a_saved_plan_takes_none_of_a_labs_options(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("iplab.render.saved.read", lambda path: object())
    plan = tmp_path / "p.json"
    plan.write_text("{}")
    done = run("up", plan, "--yes", *options)
    assert isinstance(done.exception, UsageError)
    assert f"{options[0]} is part of a saved plan" in str(done.exception)


def test_no_json_where_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    file = tmp_path / "x.sh"
    file.write_text("ifconfig eth0 up\n")
    for words in (
        ("translate", "--list", "--json"),
        ("translate", "--json", "--diff", file),
        ("plan", "--json", "-o", "-", "lab.yaml"),
    ):
        assert isinstance(run(*words).exception, UsageError), words


def test_a_plan_that_asks_is_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_pieces(pieces([Step(AddNamespace("host", "a"), "why")], Renderer()), err=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert "ip netns add a" in said.err


def test_a_file_need_not_be_a_plain_one(tmp_path: Path) -> None:
    assert run("translate", "/dev/null").exit_code == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("ifconfig eth0 up\n",))
    writer.start()
    done = run("translate", pipe)
    writer.join()
    assert "ip link set eth0 up" in done.output


def test_a_lab_whose_file_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "gone.yaml"
    known = {"a": Record("a", str(file), "")}
    monkeypatch.setattr(records, "load_all", lambda: known)
    assert down._name(file, ()) == "a"
    with pytest.raises(IplabError):
        down._name(tmp_path / "other.yaml", ())


def test_a_lab_with_a_directory_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    monkeypatch.setattr(records, "load_all", lambda: {"a": Record("a", "x.yaml", "")})
    assert down._name(Path("a"), ()) == "a"


def test_a_saved_plan_is_said_to_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "p.plan"
    file.write_text('{"format": "iplab-plan-0"}')
    with pytest.raises(IplabError, match="a plan saved by another iplab"):
        load_lab(file)
    monkeypatch.setattr("iplab.render.saved.read", lambda path: object())
    with pytest.raises(UsageError, match="this is a saved plan"):
        load_lab(file)
