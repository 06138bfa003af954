"""iplab translate: what an old command line is in iproute2."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iplab.cli.common import json_option, print_json, say, styled
from iplab.errors import IplabError, UsageError

if TYPE_CHECKING:
    from iplab.legacy import Context, Translation
    from iplab.legacy.report import Line
    from iplab.network import Namespace

# In a line with one of these a shell has a say: it is read as a script of one line.
_SHELL = frozenset("|&;<>()$`\n#*?~")


@click.command(
    epilog="Example:  iplab translate 'ifconfig eth0 192.168.1.5 netmask 255.255.255.0 up'",
    short_help="Say an ifconfig, route, arp, brctl … line again for iproute2.",
)
@click.argument("lines", metavar="'LINE'|FILE…|-", nargs=-1)
@click.option("--live", is_flag=True, help="Read what this machine has now.")
@click.option("--netns", metavar="NAME", help="Read what the namespace NAME has now.")
@click.option(
    "--state",
    "state_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Read a saved `ip -j -d addr` (or an object with addr, route and sysctl).",
)
@click.option(
    "--dialect",
    type=click.Choice(["net-tools", "busybox"]),
    default="net-tools",
    show_default=True,
    help="Whose ifconfig and route the line is for.",
)
@click.option("--run", is_flag=True, help="Show the translation, then run it.")
@click.option("--list", "table", is_flag=True, help="Print the whole table, old to new.")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    help="How --list prints.",
)
@click.option("--diff", is_flag=True, help="Of a file: show what would change.")
@click.option("--in-place", is_flag=True, help="Of a file: change it, keeping FILE.orig.")
@click.option("--check", is_flag=True, help="Of files: only say where old commands are.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    lines: tuple[str, ...],
    live: bool,
    netns: str | None,
    state_file: Path | None,
    dialect: str,
    run: bool,
    table: bool,
    form: str,
    diff: bool,
    in_place: bool,
    check: bool,
    as_json: bool,
) -> None:
    """Say an ifconfig, route, arp, brctl … line again for iproute2.

    Exactly, or with what is assumed, or not at all.

    A LINE of ifconfig, route, arp, netstat, brctl and their kin; or FILEs that hold such lines
    (shell scripts, Markdown, text), - for standard input.  Lines that begin with '#' are remarks;
    the others can be pasted into a shell.  Exit code 3: a line has no equivalent, or not an exact
    one, or the old tool would only fail; the remarks say why.
    """
    if table:
        if lines:
            raise UsageError("--list prints the whole table, and takes no line")
        if as_json:
            raise UsageError("--list prints no JSON", hint="iplab translate --list -f markdown")
        _table(form)
        return
    if not lines:
        raise UsageError("which line, or which file?", hint="iplab translate 'ifconfig eth0 up'")
    if sum((live, netns is not None, state_file is not None)) > 1:
        raise UsageError("--live, --netns and --state exclude each other")
    if run and state_file is not None:
        raise UsageError("--run goes by what the machine has now, not by a saved state")
    files = diff or in_place or check or not _is_line(lines)
    if files and run:
        raise UsageError("--run takes one command line, not a file")
    from iplab.legacy.translate import words_of

    words = [] if files else _words(lines, words_of)
    state, context = _state(live or (run and netns is None), netns, state_file)
    if files or _needs_shell(lines, words):
        if run:
            raise UsageError("--run takes one plain command, without pipes, variables or sudo")
        state = _from_inside(state)
        ctx.exit(_texts(lines, files, diff, in_place, check, as_json, state, dialect, context))
    from iplab.legacy import translate

    found = translate(words, state=state, dialect=dialect, context=context)
    if as_json:
        print_json({"lines": [document(found)]})
    else:
        _show(found)
    if run:
        _run(found, state, err=as_json)
    ctx.exit(0 if found.exact and not (found.nothing and found.fails) else 3)


def document(found: Translation | Line, line: int = 1) -> dict[str, Any]:
    """A translation as JSON has it (see the README)."""
    return {
        "line": line,
        "legacy": found.legacy,
        "commands": [list(argv) for argv in found.commands],
        "exact": found.exact,
        "used_state": found.used_state,
        "notes": list(found.notes),
        "reason": found.reason,
    }


# ---------------------------------------------------------------- what was given


def _is_line(lines: tuple[str, ...]) -> bool:
    """Whether the words are a command line: the first is one, or begins like one."""
    from iplab.legacy import TOOLS
    from iplab.legacy.translate import program

    first = lines[0].split()[:2]
    if not first or (len(lines) == 1 and os.path.exists(lines[0]) and lines[0] not in TOOLS):
        return not first
    name = program(first[0])
    return name in TOOLS or name in ("busybox", "sudo") or (len(first) > 1 and len(lines) == 1)


def _words(lines: tuple[str, ...], split: Any) -> list[str]:
    if len(lines) > 1:
        if len(lines[0].split()) > 1:
            raise UsageError("one command line at a time", hint="put several lines into a file")
        return list(lines)
    found: list[str] = split(lines[0])
    if not found:
        raise UsageError("the line is empty", hint="iplab translate 'ifconfig eth0 up'")
    return found


def _needs_shell(lines: tuple[str, ...], words: list[str]) -> bool:
    if len(lines) > 1:
        return words[0] == "sudo"
    return bool(_SHELL & set(lines[0])) or words[0] == "sudo" or "=" in words[0]


def _state(
    live: bool, netns: str | None, file: Path | None
) -> tuple[Namespace | None, Context | None]:
    from iplab.legacy import Context

    if live or netns is not None:
        from iplab.names import HOST
        from iplab.run.legacy import live_state
        from iplab.run.machine import Machine

        return live_state(Machine(), netns or HOST), _here(netns)
    if file is None:
        return None, None
    from iplab.legacy import state

    try:
        text = file.read_text()
    except UnicodeDecodeError:
        raise IplabError("not text", where=str(file), hint="ip -j -d addr > FILE") from None
    found, routes_known = state.load(text, str(file))
    return found, Context(routes_known=routes_known)


def _from_inside(state: Namespace | None) -> Namespace | None:
    """A namespace's state as a script finds it that is run in there, and so need not name it."""
    from msgspec.structs import replace

    from iplab.names import HOST

    return replace(state, name=HOST) if state is not None else None


def _here(netns: str | None) -> Context:
    """What the old tool would read on this machine: its files, but no name server.

    ip-netns(8) gives a namespace files of its own below /etc/netns, where it has any.
    """
    from iplab.legacy import Context

    def read_file(name: str) -> str:
        own = Path("/etc/netns", netns or "", Path(name).name)
        there = own if netns and Path(name).parent == Path("/etc") and own.exists() else Path(name)
        return there.read_text()

    try:
        networks = read_file("/etc/networks")
    except (OSError, UnicodeDecodeError):
        networks = None
    return Context(uid=os.geteuid(), networks=networks, read_file=read_file)


def _texts(
    lines: tuple[str, ...],
    files: bool,
    diff: bool,
    in_place: bool,
    check: bool,
    as_json: bool,
    state: Namespace | None,
    dialect: str,
    context: Context | None,
) -> int:
    """Files, or a line in which a shell has a say; gives the exit code."""
    if not files:
        text = lines[0] if len(lines) == 1 else shlex.join(lines)
        return _shell_text(text, as_json, state, dialect, context)
    from iplab.cli.translate_files import translate_files

    return translate_files(
        lines,
        diff=diff,
        in_place=in_place,
        check=check,
        as_json=as_json,
        state=state,
        dialect=dialect,
        context=context,
    )


def _shell_text(
    text: str, as_json: bool, state: Namespace | None, dialect: str, context: Context | None
) -> int:
    """A line with pipes, variables or sudo: rewritten as a script of one line would be."""
    from iplab.legacy.script import rewrite

    done = rewrite(f"{text}\n", state=state, dialect=dialect, name="line", context=context)
    if not done.lines:
        raise UsageError("there is no old command in this line", where=text[:60])
    if as_json:
        print_json({"lines": [document(line, line.line) for line in done.lines]})
    else:
        click.echo(styled(f"# {text}", dim=True))
        click.echo(styled(done.text.decode(errors="replace").rstrip("\n"), fg="green"))
        for line in done.lines:
            if line.reason is not None:
                click.echo(f"{styled('# no equivalent: ', fg='red')}{line.legacy}: {line.reason}")
            for note in line.notes:
                click.echo(styled(f"# {line.legacy}: {note}", dim=True))
    return 0 if all(line.exact for line in done.lines) else 3


# ---------------------------------------------------------------- what people see


def _show(found: Translation) -> None:
    click.echo(styled(f"# {found.legacy}", dim=True))
    if found.reason is not None:
        click.echo(styled("# no equivalent: ", fg="red") + found.reason)
    for argv in found.commands:
        click.echo(styled(shlex.join(argv), fg="green"))
    if found.nothing:
        click.echo(styled("# nothing to run: the old tool changes nothing here", fg="yellow"))
    for note in found.notes:
        if note in found.doubts:
            click.echo(styled("# not exact: ", fg="yellow") + note)
        else:
            click.echo(styled(f"# {note}", dim=True))


def _run(found: Translation, state: Namespace | None, *, err: bool) -> None:
    from iplab.run.legacy import Run
    from iplab.run.machine import Machine

    if found.reason is not None or not found.commands:
        return
    if not found.exact:
        say("not run: the translation is not exact; run it by hand if that is what is wanted")
        return
    if not found.operations:
        from iplab.command import Command
        from iplab.names import HOST

        for argv in found.commands:
            done = Machine().run(Command(argv, state.name if state else HOST))
            click.echo(done.out, nl=False, err=err)
        return
    assert state is not None  # --run reads it
    Run(Machine(), state, found.operations).run()
    say(f"done: {len(found.commands)} command{'s' if len(found.commands) > 1 else ''}")


def _table(form: str) -> None:
    from iplab.legacy import table

    click.echo(table.markdown() if form == "markdown" else table.text(), nl=False)
