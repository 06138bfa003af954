"""iplab down: take away what a lab made."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from iplab.cli import complete
from iplab.cli.common import (
    json_option,
    load_lab,
    look_for,
    on_machine,
    plural,
    print_json,
    say,
    set_option,
    style_option,
    templates_option,
    yes_option,
)
from iplab.errors import Interrupted, IplabError, LeftBehind, UsageError

if TYPE_CHECKING:
    from iplab.claims import Claim
    from iplab.plan.planner import Plan
    from iplab.run.records import Record


class _Declined(IplabError):
    """The answer to a question was no."""


@click.command(
    epilog="Example:  iplab down lab.yaml",
    short_help="Remove what a lab made, and nothing else.",
)
@click.argument(
    "lab",
    required=False,
    metavar="LAB",
    type=click.Path(path_type=Path),
    shell_complete=complete.labs,
)
@click.option("--all", "every", is_flag=True, help="Every lab that is up here.")
@style_option
@templates_option
@set_option
@yes_option
@click.option("--kill", is_flag=True, help="End the processes that still run in its nodes.")
@click.option("--adopt", is_flag=True, help="Also remove what others put into its namespaces.")
@json_option
@on_machine()
def command(
    lab: Path | None,
    every: bool,
    style: str,
    directories: tuple[Path, ...],
    settings: tuple[str, ...],
    yes: bool,
    kill: bool,
    adopt: bool,
    as_json: bool,
) -> None:
    """Remove what a lab made, and nothing else.

    LAB is the lab file, or the name of a lab that is up.  Asks only where processes still run in a
    node: --yes leaves them running (in a namespace without a name), --kill ends them.
    """
    from iplab.run import records

    if every is (lab is not None):
        raise UsageError("say which lab, or --all", hint="iplab list")
    done = []
    how = {"yes": yes, "kill": kill, "adopt": adopt}
    with records.locked(say):
        names = list(records.load_all()) if every else [_name(lab, settings)] if lab else []
        # A lab may stand in another's namespaces: try again after the others are down.
        while names:
            later: list[str] = []
            errors: list[IplabError] = []
            for name in names:
                try:
                    done.append(take_down(name, style, directories, **how))
                except (Interrupted, LeftBehind, _Declined):
                    raise  # whoever says no, or stops it, means all of it
                except IplabError as error:
                    later.append(name)
                    errors.append(error)
            if len(later) == len(names):
                raise errors[0]
            names = later
    if as_json:
        print_json({"down": done})
    if every and not done:
        say("no lab is up")


def _name(lab: Path, settings: tuple[str, ...]) -> str:
    from iplab.run import records

    if not lab.is_file() and str(lab) in records.load_all():
        return str(lab)
    try:
        return load_lab(lab, settings).name
    except IplabError:
        # The file may have been broken or deleted since; the record knows what was made from it.
        for name, record in records.load_all().items():
            if Path(record.file).resolve() == lab.resolve():
                return name
        raise


def take_down(
    name: str,
    style: str,
    directories: tuple[Path, ...],
    *,
    yes: bool,
    kill: bool,
    adopt: bool,
) -> dict[str, object]:
    """Take one lab down (the lock is held): what was run, as JSON."""
    from iplab.plan.planner import plan_down
    from iplab.render import Pieces, Renderer
    from iplab.run import owners
    from iplab.run.apply import Runner

    session = look_for(name, [], adopt=adopt)
    record = session.records.get(name)
    if record is None:
        say(f"lab {name} is not up; nothing was removed")
        return {"lab": name, "commands": []}
    handed = owners.hand_over(name, session.records)
    kept = {c: known for c, known in session.ownership.mine.items() if c not in handed}
    plan = plan_down(name, session.observed, replace(session.ownership, mine=kept))
    _processes(plan, yes=yes, kill=kill)
    renderer = Renderer(style, directories)
    found = Pieces(plan.steps, renderer)
    with _handed_over(record, handed, session.records):
        Runner(session.machine, renderer, session.scope).run(plan, found, record, None)
    for note in plan.notes:
        say(f"note: {note}")
    say(f"lab {name} is down: {plural(len(plan.steps), 'command')} run, nothing of it is left")
    return {"lab": name, "commands": [p.command.text for p in found.all]}


@contextmanager
def _handed_over(
    record: Record, handed: Mapping[Claim, str], known: Mapping[str, Record]
) -> Iterator[None]:
    """The heirs have their settings ahead of the run, which forgets the record: cut short, it has
    lost no old value (with two that know it, another `down` hands it over again).  What fails is
    put back, and so are their records.
    """
    from iplab.run import records

    heirs = {heir: known[heir] for heir in handed.values()}
    try:
        for name, heir in heirs.items():
            given = {c: record.claims[c] for c, to in handed.items() if to == name}
            records.save(replace(heir, claims={**heir.claims, **given}))
        yield
    except BaseException:
        for heir in heirs.values():
            with suppress(IplabError):
                records.save(heir)
        raise


def _processes(plan: Plan, *, yes: bool, kill: bool) -> None:
    """What to do with processes in the namespaces that go."""
    from iplab.operations import DeleteNamespace
    from iplab.run import inhabitants

    going = [s.operation.name for s in plan.steps if isinstance(s.operation, DeleteNamespace)]
    found = inhabitants.processes(going)
    if not found:
        return
    for one in found:
        say(f"  {one}")
    if kill:
        inhabitants.end(found)
        return
    if yes:
        say("they go on in namespaces without a name")
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "processes still run in the lab's nodes", hint="--kill ends them, --yes leaves them"
        )
    if not click.confirm("End these processes?", err=True):
        raise _Declined("nothing was removed", hint="--yes leaves them running")
    inhabitants.end(found)
