"""The awk that scripts use on an old tool's output: patterns, print, a few functions.

A small interpreter: rules ``PATTERN { ACTIONS }`` over lines, with fields, string comparison,
regular expressions, ``sub``, ``gsub``, ``split``, ``substr``, ``length``, ``if``, ``next`` and
``exit``.  No loops: it always ends.
"""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.reading.awk_reader import Reader
from iplab.legacy.reading.awk_values import Action, Code, Exit, Next, State, is_true, set_name
from iplab.legacy.reading.regex import NotUnderstood


def run(words: list[str], lines: list[str]) -> tuple[list[str], int]:
    """``awk WORDS`` on ``lines``.  Raises ``NotUnderstood``."""
    state = State()
    queue = list(words)
    program: str | None = None
    while queue:
        word = queue.pop(0)
        if word.startswith("-F"):
            state.separator = word[2:] or (queue.pop(0) if queue else " ")
        elif word == "-v" and queue:
            name, equals, value = queue.pop(0).partition("=")
            if not equals:
                raise NotUnderstood("awk -v")
            set_name(state, name, value)
        elif program is None and not word.startswith("-"):
            program = word
        else:
            raise NotUnderstood(f"awk {word}")
    if program is None or len(program) > 600:
        raise NotUnderstood("awk without a program")
    rules = Reader(program).rules()
    try:
        return _run(state, rules, lines)
    except (ArithmeticError, ValueError) as error:  # numbers beyond all bounds
        raise NotUnderstood(f"awk: {error}") from None


def _run(
    state: State, rules: Sequence[tuple[Code | str, Action]], lines: Sequence[str]
) -> tuple[list[str], int]:
    try:
        _go(state, [a for when, a in rules if when == "BEGIN"])
        if any(not isinstance(when, str) for when, _ in rules) or any(w == "END" for w, _ in rules):
            for number, line in enumerate(lines, 1):
                state.number = number
                state.take(line)
                try:
                    for when, action in rules:
                        if not isinstance(when, str) and is_true(when(state)):
                            action(state)
                except Next:
                    continue
    except Exit:
        pass
    else:
        _go(state, [a for when, a in rules if when == "END"])
    if state.pending:
        state.out.append(state.pending)
    return state.out, 0


def _go(state: State, actions: list[Action]) -> None:
    for action in actions:
        action(state)
