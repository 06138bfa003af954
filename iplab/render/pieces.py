"""Pieces: a plan cut into processes.  What is shown, saved and run is all made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iplab.command import Command
from iplab.plan.planner import Step
from iplab.render.batch import group
from iplab.render.engine import Renderer


@dataclass(frozen=True, slots=True)
class Piece:
    """One process of a run, and the steps it does (several in a batch, else one)."""

    command: Command
    steps: tuple[Step, ...]


def pieces(steps: Sequence[Step], renderer: Renderer) -> list[Piece]:
    """The processes for ``steps``, in order."""
    commands = [renderer.command(step.operation) for step in steps]
    if renderer.style != "batch":
        return [Piece(c, (s,)) for c, s in zip(commands, steps, strict=True)]
    found, start = [], 0
    for command in group(commands):
        count = len(command.lines) or 1
        found.append(Piece(command, tuple(steps[start : start + count])))
        start += count
    return found
