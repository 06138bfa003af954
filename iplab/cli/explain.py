"""iplab explain: a command, or what `ip` printed, in people's words."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from iplab.cli.columns import rows
from iplab.cli.common import json_option, print_json, styled
from iplab.errors import UsageError

if TYPE_CHECKING:
    from iplab.iproute2.explain import Explanation
    from iplab.iproute2.output import Device
    from iplab.iproute2.reading import Reading
    from iplab.messages import Messages

LONGEST = 1_000_000  # bytes of standard input


@click.command(
    epilog="Example:  iplab explain 'ip l s veth0 netns ns1'\n\n"
    "          ip address | iplab explain -",
    short_help="Say what a command does, or what `ip` printed.",
    context_settings={"ignore_unknown_options": True},  # those of ip, where it is not quoted
)
@click.argument("words", nargs=-1, metavar="COMMAND|-")
@click.option("--lang", metavar="LANG", help="en or zh-TW; without it, what LC_ALL or LANG says.")
@json_option
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...], lang: str | None, as_json: bool) -> None:
    """Say what a command does, or what `ip` printed.

    COMMAND is one ip command, quoted (`ip -batch FILE` explains each line of the file).  With '-',
    or with standard input alone, it is the output of `ip address`, `ip link` or `ip -brief`, or
    commands, one a line.  Exit code 3: there was something iplab does not know.
    """
    from iplab.iproute2.output import looks_like, read
    from iplab.messages import Messages, language

    messages = Messages(language(lang))
    if not words and sys.stdin.isatty():
        raise UsageError("explain what?", hint="iplab explain 'ip link set veth0 netns ns1'")
    if words in ((), ("-",)):
        text = sys.stdin.buffer.read(LONGEST).decode("utf-8", "replace")
        if looks_like(text):
            devices = read(text, messages)
            if as_json:
                key = f"{devices[0].what}s"
                print_json({"lang": messages.lang, key: [d.json() for d in devices]})
            else:
                _print_output(devices)
            return
        readings = _commands(text)
    else:
        readings = _readings(words)
    _explain(ctx, readings, messages, as_json)


def _commands(text: str) -> list[tuple[Reading, str]]:
    lines = [line for line in text.splitlines() if line.split("#")[0].strip()]
    if not lines:
        raise UsageError("there is nothing to explain", hint="ip address | iplab explain -")
    return [found for line in lines for found in _typed(line)]


def _typed(text: str) -> list[tuple[Reading, str]]:
    """The commands of a line as one types it, each with what is the shell's behind it."""
    from iplab.iproute2 import read_text
    from iplab.iproute2.shell import parts

    return [(read_text(command), rest) for command, rest in parts(text)]


def _readings(words: tuple[str, ...]) -> list[tuple[Reading, str]]:
    from iplab.iproute2 import read, read_batch

    found = _typed(words[0]) if len(words) == 1 else [(read(words), "")]
    reading = found[0][0]
    batch = next((p.value for p in reading.parts if p.topic == "option.-batch"), "-")
    if batch != "-" and not reading.unknown and Path(batch).is_file():
        end = next(n for n, p in enumerate(reading.parts) if p.topic == "option.-batch")
        head = [w for part in reading.parts[:end] for w in part.written]
        # What is not UTF-8 is replaced, for it is printed again.
        text = Path(batch).read_text(encoding="utf-8", errors="replace")
        return [(line, "") for line in read_batch(text, head)]
    return found


def _explain(
    ctx: click.Context, readings: list[tuple[Reading, str]], messages: Messages, as_json: bool
) -> None:
    from msgspec.structs import replace

    from iplab.iproute2.explain import explain

    explained = [replace(explain(one, messages), shell=shell) for one, shell in readings]
    if as_json:
        commands = [e.json() for e in explained]
        print_json({"lang": messages.lang, "commands": commands})
    else:
        for number, one in enumerate(explained):
            if number:
                click.echo()
            _print(one, messages)
    if any(e.unknown for e in explained):
        ctx.exit(3)


def _print(one: Explanation, messages: Messages) -> None:
    click.echo(styled(one.full, bold=True))
    click.echo()
    shown = [
        (w.full if w.full == w.written else f"{w.written} → {w.full}", w.meaning) for w in one.words
    ]
    if one.shell:
        shown.append((one.shell, messages.page("shell")))
    for left, meaning in rows(shown):
        click.echo(left + meaning)
    if one.unknown:
        click.echo()
        if one.rest:
            click.echo(f"{messages.page('rest')}: {one.rest}")
        click.echo(styled(f"{messages.page('unknown')}: {one.unknown}", fg="yellow"))
        if _is_old(one.rest):
            click.echo(f"{messages.page('old')}: iplab translate {shlex.quote(one.rest)}")
        return
    undo = [*one.undo, *one.undo_note]
    sections = (
        ("does", one.does),
        ("after", one.after),
        ("undo", undo),
        ("look", one.look),
        ("trap", one.traps),
    )
    click.echo()
    pairs = [
        ("" if number else messages.page(key), text, key)
        for key, texts in sections
        for number, text in enumerate(texts)
    ]
    trap = messages.page("trap")
    for left, text in rows([(left, text) for left, text, _ in pairs], indent=0):
        colour = "yellow" if left.strip() == trap else None
        click.echo((styled(left, fg=colour, bold=True) if left.strip() else left) + text)


def _is_old(rest: str) -> bool:
    """Whether what was not read is a command of ifconfig, route and their kin."""
    from iplab.legacy import TOOLS
    from iplab.legacy.translate import program

    return bool(rest.strip()) and program(rest.split()[0]) in TOOLS


def _print_output(devices: list[Device]) -> None:
    """Each device's lines, and below them what is new in it: a meaning is told once."""
    told: set[tuple[str, str]] = set()
    for number, device in enumerate(devices):
        if number:
            click.echo()
        for line in device.lines:
            click.echo(styled(line, bold=True))
        fresh = []
        for field in device.fields:
            key = (field.text.split()[0].rstrip(":0123456789"), field.meaning)
            if key not in told:
                told.add(key)
                fresh.append(field)
        for left, meaning in rows([(f.text, f.meaning) for f in fresh]):
            click.echo(left + meaning)
