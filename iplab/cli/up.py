"""iplab up: run a plan and prove it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from iplab.cli.common import (
    Session,
    adopt_option,
    json_option,
    load_lab,
    look_for,
    on_machine,
    plan_for,
    plural,
    print_json,
    print_pieces,
    processes,
    refuse_sandbox,
    say,
    set_option,
    style_option,
    templates_option,
    yes_option,
)
from iplab.errors import IplabError, UsageError

if TYPE_CHECKING:
    from iplab.lab import Lab
    from iplab.plan.planner import Plan
    from iplab.render import Piece, Pieces, Renderer
    from iplab.render.saved import Saved


FEW = 300  # processes that nobody minds waiting for


@click.command(
    epilog="Example:  iplab up lab.yaml --yes",
    short_help="Bring a lab up, and prove it from the kernel's answer.",
)
@click.argument("lab", metavar="LAB|PLAN", type=click.Path(path_type=Path, allow_dash=True))
@style_option
@templates_option
@set_option
@yes_option
@click.option("--step", is_flag=True, help="Ask before each command.")
@adopt_option
@json_option
@on_machine(keep=True)
@click.pass_context
def command(
    ctx: click.Context,
    lab: Path,
    style: str,
    directories: tuple[Path, ...],
    settings: tuple[str, ...],
    yes: bool,
    step: bool,
    adopt: bool,
    as_json: bool,
) -> None:
    """Bring a lab up, and prove it from the kernel's answer.

    Runs what `iplab plan` shows, and nothing when nothing differs.  If a command fails, what was
    done is undone, so that the machine is as before.  Also takes a plan saved by `iplab plan -o`,
    which is refused if the machine has changed since.
    """
    from iplab.render import saved
    from iplab.run import records

    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    if not yes and not terminal:
        raise UsageError("there is nobody to ask", hint="iplab up --yes …")
    if step and not terminal:
        raise UsageError("--step needs a terminal to ask on")
    plan_file = saved.read(lab) if str(lab) != "-" and lab.is_file() else None
    style_given = ctx.get_parameter_source("style") is ParameterSource.COMMANDLINE
    given = style_given or directories or settings or adopt
    if plan_file is not None and given:
        raise UsageError(
            "a saved plan has its own --style, --templates, --set and --adopt",
            hint=f"iplab up {shlex.quote(str(lab))}, or plan again with them",
        )
    it, style, directories, adopt = _what(lab, settings, style, directories, adopt, plan_file)
    with records.locked(say):
        bring_up(it, style, directories, adopt, plan_file, ask=not yes, step=step, as_json=as_json)


def _what(
    path: Path,
    settings: tuple[str, ...],
    style: str,
    directories: tuple[Path, ...],
    adopt: bool,
    plan_file: Saved | None,
) -> tuple[Lab, str, tuple[Path, ...], bool]:
    """The lab to bring up and how: from the command line, or all of it from a saved plan."""
    if plan_file is None:
        return load_lab(path, settings), style, directories, adopt
    from iplab import lab as labs

    value = plan_file.value
    it = labs.loads(value["text"], value["file"], settings=value["settings"])
    return it, value["style"], tuple(Path(d) for d in value["templates"]), value["adopt"]


def bring_up(
    it: Lab,
    style: str,
    directories: tuple[Path, ...],
    adopt: bool = False,
    plan_file: Saved | None = None,
    *,
    ask: bool = False,
    step: bool = False,
    as_json: bool = False,
) -> None:
    """Bring one lab up (the lock is held), and say so."""
    from iplab.render import Pieces, Renderer, saved
    from iplab.run.apply import Runner
    from iplab.run.records import Record

    refuse_sandbox(it)
    session = look_for(it.name, [it.network], adopt=adopt)
    plan = plan_for(it, session, style)
    renderer = Renderer(style, directories)
    document = saved.document(plan, it, renderer, adopt=adopt) if plan_file or as_json else {}
    if plan_file:
        plan_file.check_same(document)
    found = Pieces(plan.steps, renderer)
    if not plan.steps and plan.claims == dict(session.ownership.mine):
        _report(it, plan, found, renderer, document, as_json)
        return
    if style != "batch" and len(plan.steps) > FEW:
        say(f"note: {len(plan.steps)} processes, one after the other; --style batch is far quicker")
    if ask and not step and plan.steps:
        print_pieces(found.all, err=as_json)
        if not click.confirm(f"Run {processes(renderer, found.all)}?", err=True):
            raise IplabError("nothing was run")
    claims = dict(session.ownership.mine)
    record = Record(it.name, it.file, it.text, it.settings, style, claims)
    runner = Runner(session.machine, renderer, session.scope)
    if step:
        runner.before_each = _ask_each
    runner.run(plan, found, record, it.network)
    _release(session, plan)
    _report(it, plan, found, renderer, document, as_json)


def _ask_each(piece: Piece) -> None:
    for step in piece.steps:
        say(f"# {step.why}")
    say(piece.command.text)
    if not click.confirm("  run it?", default=True, err=True):
        raise IplabError("stopped by you; what had run was undone")


def _release(session: Session, plan: Plan) -> None:
    """What was adopted from another lab is that lab's no more."""
    from msgspec.structs import replace

    from iplab.run import records

    if not session.ownership.adopt:
        return
    for name, record in session.records.items():
        kept = {c: known for c, known in record.claims.items() if c not in plan.claims}
        if name != plan.lab and kept != record.claims:
            records.save(replace(record, claims=kept))


def _report(
    it: Lab,
    plan: Plan,
    found: Pieces,
    renderer: Renderer,
    document: dict[str, object],
    as_json: bool,
) -> None:
    from iplab.render import saved

    if as_json:
        print_json({key: document[key] for key in saved.PUBLIC} | {"ok": True})
    for note in plan.notes:
        say(f"note: {note}")
    if not plan.steps:
        say(f"nothing to do: lab {it.name} is up as its file says")
        return
    count = processes(renderer, found.all)
    nodes = plural(len([n for n in it.nodes if n != "host"]), "node")
    say(f"lab {it.name} is up: {count} run, {nodes}; the kernel holds what the file says")
