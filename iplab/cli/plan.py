"""iplab plan: what would run."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from iplab.cli.common import (
    adopt_option,
    json_option,
    lab_argument,
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
)
from iplab.cli.output import as_word, write_file
from iplab.errors import UsageError


@click.command(
    epilog="Example:  iplab plan lab.yaml --style steps",
    short_help="Show each command that would run, and why; change nothing.",
)
@lab_argument
@style_option
@templates_option
@set_option
@click.option("--undo", is_flag=True, help="Show the way back instead.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Save the plan, for `iplab up`; - is stdout.",
)
@adopt_option
@json_option
@on_machine()
@click.pass_context
def command(
    ctx: click.Context,
    lab: Path,
    style: str,
    directories: tuple[Path, ...],
    settings: tuple[str, ...],
    undo: bool,
    output: Path | None,
    adopt: bool,
    as_json: bool,
) -> None:
    """Show each command that would run, and why; change nothing.

    Exit code 0: nothing has to be done.  3: there are commands to run.  Lines that begin with '#'
    are reasons; the others can be pasted into a shell.
    """
    from iplab.plan.planner import Step, plan_down
    from iplab.plan.undo import between
    from iplab.render import Renderer, pieces, saved

    to_stdout = output is not None and str(output) == "-"
    if to_stdout and as_json:
        raise UsageError("-o - and --json both print on stdout: one of them")
    it = load_lab(lab, settings)
    refuse_sandbox(it)
    session = look_for(it.name, [it.network], adopt=adopt)
    plan = plan_for(it, session, style)
    renderer = Renderer(style, directories)
    if output is not None:
        text = saved.text(saved.document(plan, it, renderer, adopt=adopt))
        if to_stdout:
            click.echo(text, nl=False)
        else:
            write_file(output, text.encode())
            say(f"saved {output}; run exactly this with: iplab up {as_word(output)}")
    shown = plan
    if undo and plan.steps:
        back = tuple(Step(o, "undo") for o in between(plan.after, plan.before))
        shown = replace(plan, steps=back, before=plan.after, after=plan.before)
    elif undo:
        say(f"lab {it.name} is as its file says; this is how `iplab down` takes it away")
        shown = plan_down(it.name, session.observed, session.ownership)
    if as_json:
        document = saved.document(shown, it, renderer, adopt=adopt, whole=False)
        print_json({key: document[key] for key in saved.PUBLIC})
    elif undo:
        print_pieces(pieces(shown.steps, renderer), err=to_stdout)
    else:
        found = pieces(plan.steps, renderer)
        print_pieces(found, err=to_stdout)
        for note in plan.notes:
            say(f"note: {note}")
        if found:
            say(f"{processes(renderer, found)} to run; `iplab up {as_word(lab)}` runs them")
        else:
            say(f"nothing to do: {plural(len(it.nodes), 'node')} as the lab says")
    ctx.exit(3 if plan.steps else 0)
