"""What several commands share: options, the road from a lab file to a plan, and how plans print."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from iplab.errors import IplabError, UsageError

if TYPE_CHECKING:
    from iplab.claims import Ownership
    from iplab.lab import Lab
    from iplab.network import Network
    from iplab.plan.planner import Plan
    from iplab.render import Piece, Renderer
    from iplab.run.look import Scope
    from iplab.run.machine import Machine
    from iplab.run.records import Record

F = TypeVar("F", bound=Callable[..., Any])

lab_argument = click.argument(
    "lab", metavar="LAB", type=click.Path(path_type=Path, allow_dash=True)
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
adopt_option = click.option(
    "--adopt", is_flag=True, help="Take over namespaces and devices that something else made."
)


def style_option(function: F) -> F:
    """``--style``: how the commands are worded."""
    return click.option(
        "--style",
        type=click.Choice(["direct", "steps", "batch"]),
        default="direct",
        show_default=True,
        help="direct: each device made in its place (ip -n). steps: one idea a command, as "
        "taught. batch: few processes (ip -batch).",
    )(function)


def templates_option(function: F) -> F:
    """``--templates``: the user's words in front of iplab's."""
    return click.option(
        "--templates",
        "directories",
        multiple=True,
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="A directory of OPERATION.j2 files that go before iplab's own.",
    )(function)


def set_option(function: F) -> F:
    """``--set NAME=VALUE``: values for a lab file that ends in .j2."""
    return click.option(
        "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A value for a .j2 lab file."
    )(function)


def settings_of(pairs: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` words as a mapping."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"--set {pair}: it has to be NAME=VALUE", hint="--set n=20")
        found[name] = value
    return found


def load_lab(path: Path, settings: Sequence[str] = ()) -> Lab:
    """The lab in a file, ``-`` for stdin; a starter's name by mistake gets a hint."""
    from iplab import lab

    if str(path) != "-" and not path.exists():
        names = [name for name, _, _ in lab.starters()]
        hint = f"iplab init {path}" if str(path) in names else "iplab init   (lists the starters)"
        raise IplabError(f"{path}: no such lab file", hint=hint)
    if _may_be_saved(path):
        from iplab.render import saved

        if saved.read(path) is not None:
            raise UsageError(
                f"{path}: this is a saved plan, and no lab file", hint="`iplab up` takes it"
            )
    return lab.load(path, settings=settings_of(settings))


def _may_be_saved(path: Path) -> bool:
    """Whether a file begins as a saved plan does: of others its reader need not be loaded."""
    if str(path) == "-" or not path.is_file():  # what is no plain file can be read once only
        return False
    try:
        with path.open("rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False  # which is told where it is read as a lab


def refuse_sandbox(it: Lab) -> None:
    """A lab that is made for the machine itself is no use in a sandbox."""
    from iplab.run import sandbox

    if it.real_host and sandbox.inside():
        raise IplabError(
            f"lab {it.name} says real_host: its host has to be this machine; a sandbox's is not",
            where=it.file,
            hint="sudo iplab …, or take real_host out of the file",
        )


def on_machine(
    *, keep: bool = False, when: Callable[[Mapping[str, Any]], bool] = lambda options: True
) -> Callable[[F], F]:
    """For commands that look at or change the machine: ``--sandbox``, and the sandbox if not root.

    ``keep`` is for `up`, which leaves something behind in a sandbox, so it must go on. ``when``
    says, from the command's own options, whether this call has to do with the machine at all.
    """

    def wrap(function: F) -> F:
        @click.option(
            "--sandbox",
            "sandbox_name",
            metavar="[=NAME]",
            help="Work in a user namespace of its own (default if not root).",
        )
        @functools.wraps(function)
        def inner(*args: Any, sandbox_name: str | None, **kwargs: Any) -> Any:
            from iplab.run import sandbox

            wanted = sandbox_name is not None or os.geteuid() != 0
            if sandbox.inside() is None and wanted and when(kwargs):
                if sandbox_name is None:
                    say(f"not root: working in the sandbox {sandbox.DEFAULT!r}, not on the machine")
                uplink = keep and _wants_uplink(kwargs)
                sandbox.enter(sandbox_name or sandbox.DEFAULT, keep=keep, uplink=uplink)
            return function(*args, **kwargs)

        return inner  # type: ignore[return-value]

    return wrap


class Session(Struct, frozen=True):
    """One look at the machine for one lab: what is there, whose it is, and what was made when."""

    machine: Machine
    records: Mapping[str, Record]
    scope: Scope
    observed: Network
    ownership: Ownership


def look_for(lab_name: str, wanted: Sequence[Network], *, adopt: bool = False) -> Session:
    """Observe what a lab's networks and its record speak of."""
    from iplab.run import look, machine, owners, records

    engine = machine.Machine(progress=progress)
    known = records.load_all()
    owner = owners.ownership(lab_name, known, adopt=adopt)
    what = look.scope(wanted, owner.mine)
    observed = look.look(engine, what)
    return Session(engine, known, what, observed, owners.verified(owner, observed))


def plan_for(lab: Lab, session: Session, style: str) -> Plan:
    """The plan that brings a lab up."""
    from iplab.plan.planner import plan_up
    from iplab.plan.style import through_host

    return plan_up(
        lab.name,
        lab.network,
        session.observed,
        session.ownership,
        origins=lab.origins,
        through_host=through_host(style, lab.network, session.observed),
    )


def _wants_uplink(arguments: Mapping[str, Any]) -> bool:
    """Whether the lab, or saved plan, of `up` asks for one.  Faults are told inside the sandbox."""
    from iplab import lab
    from iplab.render import saved

    path: Path = arguments["lab"]
    if not path.is_file():
        return False
    try:
        plan = saved.read(path)
        if plan is None:
            return load_lab(path, arguments["settings"]).uplink
        value = plan.value
        return lab.loads(value["text"], value["file"], settings=value["settings"]).uplink
    except (IplabError, OSError):
        return False


# ---------------------------------------------------------------- printing


def say(text: str = "") -> None:
    """A line for people; stdout stays for results."""
    click.echo(text, err=True)


def print_json(value: object) -> None:
    """JSON on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def coloured() -> bool:
    """Whether stdout is a terminal that wants colour (NO_COLOR: no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def styled(text: str, **kwargs: Any) -> str:
    """``text`` in a colour, where there is one."""
    return click.style(text, **kwargs) if coloured() else text


def print_pieces(pieces: Sequence[Piece], *, err: bool = False) -> None:
    """Each command with its reason.  Lines that are not comments can be pasted into a shell.

    ``err``: on stderr, where stdout is for JSON.
    """
    for piece in pieces:
        for step in piece.steps if piece.command.lines else piece.steps[:1]:
            click.echo(styled(f"# {_reason(step)}", dim=True), err=err)
        click.echo(piece.command.text, err=err)


def _reason(step: Any) -> str:
    return f"{step.why}  ({step.origin})" if step.origin else str(step.why)


@contextmanager
def progress(what: str, count: int) -> Iterator[Callable[[int], object]]:
    """How far long work is, and the time left; silent where it is short, or nobody looks."""
    from iplab.network import MANY

    if count <= MANY or not sys.stderr.isatty():
        yield lambda more: None
        return
    with click.progressbar(
        length=count, label=f"{what:<9}", file=sys.stderr, show_pos=True, width=30
    ) as bar:
        yield bar.update


def plural(count: int, word: str) -> str:
    """``1 command``, ``2 commands``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def processes(renderer: Renderer, pieces: Sequence[Piece]) -> str:
    """How much a plan is: commands, and processes where that is not the same."""
    commands = sum(len(p.steps) for p in pieces)
    words = plural(commands, "command")
    if renderer.style == "batch":
        words += f" in {len(pieces)} process{'' if len(pieces) == 1 else 'es'}"
    return words
