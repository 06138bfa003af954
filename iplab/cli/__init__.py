"""The command line.  Each command is a file of its own, loaded when it is called."""

from __future__ import annotations

import codecs
import errno
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import click

from iplab import __version__
from iplab.errors import IplabError, LabError

# Name → (module, its first line of help): `iplab --help` loads no command.  A test holds that the
# lines are the commands' own.
COMMANDS = {
    "init": ("init", "Write a starter lab, or list the starters."),
    "plan": ("plan", "Show each command that would run, and why; change nothing."),
    "script": ("script", "Print a shell script with up, down and check."),
    "up": ("up", "Bring a lab up, and prove it from the kernel's answer."),
    "check": ("check", "Compare a lab with the machine, and run its checks."),
    "down": ("down", "Remove what a lab made, and nothing else."),
    "recover": ("recover", "Say what a run that was cut short left, and mend it."),
    "list": ("list", "List the labs that are up here."),
    "show": ("show", "Show namespaces, interfaces, peers and addresses as they are."),
    "draw": ("draw", "Draw a lab, or the machine as it is."),
    "walk": ("walk", "Make a page that steps through the commands, with pictures."),
    "exec": ("exec", "Run a command inside a node."),
    "shell": ("shell", "Open a shell inside a node."),
    "translate": ("translate", "Say an ifconfig, route, arp, brctl … line again for iproute2."),
    "sandbox": ("sandbox", "List and stop sandboxes."),
    "explain": ("explain", "Say what a command does, or what `ip` printed."),
    "import": ("import_", "Write a lab file from a shell script, or from what is there."),
    "schema": ("schema", "Print the JSON Schema of the lab file."),
    "why": ("why", "Name the first thing that stops a packet, and the command that mends it."),
    "doctor": ("doctor", "Say what this machine has and lacks, and what mends it."),
}


class _ReaderGone(Exception):
    """A broken pipe, which click would make an exit code of its own of."""


@contextmanager
def _told_of_pipes() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderGone from error


class _Lazy(click.Group):
    """A group that imports a command only when it is called."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _told_of_pipes():  # `iplab --help`
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _told_of_pipes():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"iplab.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        unknown = args and args[0] not in COMMANDS and not args[0].startswith("-")
        if unknown and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            mean = f"  Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}.{mean}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.command(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with:  iplab init two-namespaces; iplab plan two-namespaces.yaml",
)
@click.version_option(__version__, prog_name="iplab")
def cli() -> None:
    """Small networks on Linux: write one down, see every ip command, run exactly those, prove it.

    A LAB is a YAML file that says what the network should be; `iplab init` writes one.
    """


def main() -> None:
    """The program `iplab`; every expected error becomes a message and an exit code."""
    _standard_files()
    try:
        code = _code()
    except (_ReaderGone, BrokenPipeError):
        # The reader (head, less) has had enough.
        _write_no_more()
        code = 141
    except OSError as error:
        code = 1
        _say_why(error)
        _write_no_more()
    # Python looks for garbage once more at its end, among all that is about to go anyway: with
    # that, the end took longer than the reading of a lab.
    gc.freeze()
    sys.exit(code if isinstance(code, int) else 0)


def _code() -> object:
    try:
        return _run()
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return 2 if isinstance(error, click.UsageError) else 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("iplab: interrupted", err=True)
        return 130
    except IplabError as error:
        # Faults of a file come as an editor takes them: FILE:LINE:COLUMN first on the line.
        click.echo(str(error) if isinstance(error, LabError) else f"iplab: {error}", err=True)
        return error.exit_code
    except UnicodeEncodeError as error:
        word = os.fsencode(error.object[error.start : error.end])
        said = f"iplab: what is to be written holds {word!r}, which is not {error.encoding}"
        click.echo(f"{said}\n  try: a file name that is", err=True)
        return 1


def _say_why(error: OSError) -> None:
    where, hint = error.filename or "the system", ""
    if error.errno == errno.ENOSPC and error.filename is None:
        # Of a full disk under records and journals the error says so: it is a report, or a result.
        where, hint = "what was to be said cannot be written", "\n  try: iplab list   (what is up)"
    with suppress(OSError):
        click.echo(f"iplab: {where}: {error.strerror}{hint}", err=True)


def _write_no_more() -> None:
    """Let Python's last flush go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for file in (sys.stdout, sys.stderr):
        try:
            file.flush()
        except OSError:
            os.dup2(nowhere, file.fileno())


def _run() -> object:
    """Run the command; in a sandbox, which then ends if it is empty, however the command ended."""
    if "IPLAB_SANDBOX" not in os.environ:
        return cli.main(args=_words(sys.argv[1:]), prog_name="iplab", standalone_mode=False)
    from iplab.run import sandbox

    with sandbox.staying():
        return cli.main(args=_words(sys.argv[1:]), prog_name="iplab", standalone_mode=False)


def _standard_files() -> None:
    """Something at 0, 1 and 2 where there is nothing (`iplab … <&-`): no file of ours is to be.

    And text of whatever bytes can be read and written: bytes that are no text come out as they
    went in where the encoding has all letters; else a letter it lacks is written as \\u2026.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        file = getattr(sys, name)
        if file is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - to the end
        elif name != "stderr" and file.errors in ("strict", "surrogateescape"):
            whole = name == "stdin" or codecs.lookup(file.encoding).name.startswith("utf")
            file.reconfigure(errors="surrogateescape" if whole else "backslashreplace")


def _words(words: list[str]) -> list[str]:
    """``--sandbox`` alone means the default one; its NAME is only ever given with ``=``.

    What stands behind `exec NODE`, or ``--``, is somebody else's.
    """
    found: list[str] = []
    for n, word in enumerate(words):
        node = words[0] == "exec" and n and not word.startswith("-")
        if word == "--" or node:
            return found + words[n:]
        found.append("--sandbox=default" if word == "--sandbox" else word)
    return found
