"""What `--help` says is so."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from iplab.cli import COMMANDS, cli


def command(name: str) -> click.Command:
    found: click.Command = import_module(f"iplab.cli.{COMMANDS[name][0]}").command
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_is_the_commands_own(name: str) -> None:
    words = COMMANDS[name][1]
    it = command(name)
    assert it.short_help == words
    assert (it.help or "").splitlines()[0] == words
    # An example each; tests/kernel/test_cli.py runs them.
    assert (it.epilog or "").startswith("Example:  iplab ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    for parameter in command(name).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.name}"
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert COMMANDS[name][1] in shown.output


def test_help_names_every_command() -> None:
    shown = CliRunner().invoke(cli, ["-h"]).output
    for name, (_, words) in COMMANDS.items():
        assert f"  {name} " in shown
        assert words.split(",")[0] in " ".join(shown.split())


def test_help_imports_nothing_heavy() -> None:
    """`iplab --help` is to answer at once; scripts/bench-start measures it."""
    code = (
        "import sys\n"
        "from iplab.cli import main\n"
        "sys.argv = ['iplab', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    heavy = {"pydantic", "yaml", "jinja2", "sh", "asyncio", "ipaddress", "subprocess"}
    assert loaded & heavy == set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["pln"], "plan"),
        (["plan"], "LAB"),
        (["plan", "x.yaml", "--style", "fast"], "steps"),
        (["plan", "x.yaml", "--no-such-option"], "no-such-option"),
        (["down"], "--all"),
        (["init", "bridg"], "bridge"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what(words: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "iplab", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["plan", "nowhere.yaml"], "no such lab file"),
        (["plan", "bridge"], "iplab init bridge"),
        (["exec", "no node", "--", "true"], "no node"),
        (["init", "star", "-o", "nowhere.yaml"], "-o nowhere.yaml.j2"),
    ],
)
def test_an_error_ends_with_1_and_says_what_to_try(words: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "iplab", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert says in done.stderr
    assert "try: " in done.stderr
    assert "Traceback" not in done.stderr
