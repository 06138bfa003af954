"""iplab walk: a page that steps through commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iplab.cli.common import load_lab, plural, say, set_option, templates_option
from iplab.cli.output import write_file
from iplab.errors import IplabError, UsageError

if TYPE_CHECKING:
    from iplab.network import Network
    from iplab.walk import Step

LONGEST = 1_000_000  # bytes of a script
_LABS = (".yaml", ".yml", ".j2")


@click.command(
    epilog="Example:  iplab walk lab.yaml -o lab.html",
    short_help="Make a page that steps through the commands, with pictures.",
)
@click.argument("source", metavar="LAB|SCRIPT", type=click.Path(path_type=Path, allow_dash=True))
@click.argument("arguments", nargs=-1, metavar="[ARGUMENT]...")
@click.option(
    "--style",
    type=click.Choice(["steps", "direct"]),
    default="steps",
    show_default=True,
    help="How a lab's commands are worded: one idea a command, as taught, or each device made in "
    "its place.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help="The page to write; without it, standard output.",
)
@click.option(
    "--run",
    is_flag=True,
    help="Run the commands in a sandbox of their own, and read each state from the kernel.",
)
@click.option("--lang", metavar="LANG", help="en or zh-TW; without it, what LC_ALL or LANG says.")
@templates_option
@set_option
def command(
    source: Path,
    arguments: tuple[str, ...],
    style: str,
    output: Path | None,
    run: bool,
    lang: str | None,
    directories: tuple[Path, ...],
    settings: tuple[str, ...],
) -> None:
    """Make a page that steps through the commands, with pictures.

    One HTML file that needs no network: each command with what it means, the picture before and
    after it, and what `ip addr` shows then.  The commands are those of a lab file, or of a shell
    script that somebody else wrote ('-': standard input), called with the ARGUMENTs; its loops and
    functions are followed, and old commands (ifconfig, route …) said again for ip.  Nothing is run,
    unless with --run.
    """
    from iplab.messages import language
    from iplab.render import Renderer
    from iplab.walk import from_lab, from_script, page, project

    spoken = language(lang)
    to_file = output is not None and str(output) != "-"
    if not to_file and sys.stdout.isatty():
        raise UsageError(
            "a page is nothing for a terminal", hint=f"-o {source.stem or 'walk'}.html"
        )
    if run:
        _into_a_sandbox()
    start = _start() if run else None
    steps: tuple[Step, ...]
    if source.suffix in _LABS:
        if arguments:
            raise UsageError("a lab file takes no arguments", hint="--set NAME=VALUE")
        it = load_lab(source, settings)
        title, steps = it.name, from_lab(it, Renderer(style, directories), start)
        if not steps:
            raise IplabError(f"lab {it.name} has no commands to walk through")
    else:
        title = source.name if str(source) != "-" else "script"
        steps = from_script(_script(source), arguments)
    if run:
        from iplab.run import walk as runner

        walk = runner.run(title, steps)
    else:
        walk = project(title, steps)
    data = page(walk, spoken).encode()
    if output is not None and to_file:
        write_file(output, data)
        told = f", {plural(len(walk.troubles), 'step')} marked" if walk.troubles else ""
        say(f"wrote {output}: {plural(len(steps), 'step')}{told}")
    else:
        click.echo(data, nl=False)


def _script(source: Path) -> str:
    try:
        data = sys.stdin.buffer.read(LONGEST + 1) if str(source) == "-" else source.read_bytes()
    except OSError as error:
        raise IplabError(f"cannot read it: {error.strerror}", where=str(source)) from None
    if len(data) > LONGEST:
        raise IplabError("too long for a script of commands", where=str(source))
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise IplabError("this is not UTF-8 text", where=str(source)) from None


def _into_a_sandbox() -> None:
    """Somebody else's commands run where they can do no harm: in namespaces made for them alone."""
    from iplab.run import sandbox

    name = f"walk-{os.getpid()}"  # the same after it, as entering keeps the process
    if sandbox.inside() != name:
        sandbox.enter(name, keep=False)


def _start() -> Network:
    from iplab.run import look, machine

    return look.look(machine.Machine(), look.everything())
