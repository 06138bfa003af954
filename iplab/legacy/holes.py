"""Commands of which some words are filled in by the shell when the script runs.

Each such word gets a made-up value that fits its place, the line is translated, and the made-up
values are found again in the answer and replaced by the script's own words.  It is done twice with
quite different values: only where both answers have one form does the form hold for any value.
Where the script itself says what the variable is, those values are tried as well.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from iplab.legacy.answer import Translation
from iplab.legacy.forms import (
    Depends,
    Source,
    Template,
    Trial,
    Unit,
    bare,
    form_of,
    once_each,
    quoted,
    with_sources,
)
from iplab.legacy.made_up import made_up, sounds_like_address
from iplab.legacy.roles import SAID, Role, roles
from iplab.legacy.shell import Piece, Word

Translate = Callable[[Sequence[str]], Translation]
Values = Callable[[Piece], tuple[str, ...] | None]

MOST_VALUES = 24  # combinations of known values tried for one command


class Filled(Struct, frozen=True):
    """A translation whose words are written for the shell: ``shell[i]`` is command ``i``."""

    translation: Translation
    shell: tuple[tuple[str, ...], ...] = ()


class _Hole(Struct, frozen=True):
    """A piece to be filled, and the values tried for it: by the script, or made up (two)."""

    word: int
    piece: int
    values: tuple[str, ...]
    known: bool


def translate_words(
    words: Sequence[Word], translate: Translate, values: Values, source: Source
) -> Filled:
    """Translate a command of which some words are not literal.

    ``values`` gives what the script itself says a variable is (``None``: unknown); ``source`` the
    text of an expansion as it will stand in the new script.
    """
    literal = [word.value for word in words]
    if None not in literal:
        answer = translate([word for word in literal if word is not None])
        return Filled(answer, tuple(tuple(map(shlex.quote, c)) for c in answer.commands))
    places = roles(literal)
    try:
        known, unknown, notes = _holes(words, places, values)
        answers = [
            (trial, translate(trial.argv)) for trial in _trials(words, places, known, unknown)
        ]
        first = answers[0][1]
        for trial, answer in answers:
            if answer.reason is not None:
                return Filled(_said(words, trial, answer))
        forms = {form_of(words, places, trial, answer, source) for trial, answer in answers}
        if len(forms) != 1 or any(a.nothing for _, a in answers):
            raise Depends(_which(words))
        form = forms.pop()
        once_each(words, form, source)
        _all_named(words, places, unknown, form, source)
        notes += _worked_in(words, known, form, source)
    except Depends as why:
        legacy = _text(words)
        return Filled(Translation(legacy, (), False, False, (), str(why)))
    exact = all(answer.exact for _, answer in answers) and not unknown
    all_notes = dict.fromkeys(
        with_sources(note, words, trial) for trial, a in answers for note in a.notes
    )
    return Filled(
        replace(
            first,
            legacy=_text(words),
            commands=tuple(tuple(bare(word) for word in command) for command in form),
            exact=exact,
            notes=(*notes, *all_notes),
            operations=() if unknown or len(answers) > 1 else first.operations,
        ),
        tuple(tuple(quoted(word) for word in command) for command in form),
    )


# ---------------------------------------------------------------- values for the holes


def _holes(
    words: Sequence[Word], places: Sequence[Role | None], values: Values
) -> tuple[list[_Hole], list[_Hole], list[str]]:
    known, unknown, notes = [], [], []
    for at, word in enumerate(words):
        role = places[at]
        for index, piece in enumerate(word.pieces):
            if piece.literal:
                continue
            if not piece.end:
                raise Depends(f"{piece.text} cannot be read with certainty")
            if re.match(r"\$[@*]|\$\{[@*]|\$\{\w+\[[@*]\]", piece.text):
                raise Depends(f"{piece.text} may be any number of words")
            said = values(piece)
            if said is not None:
                if any(not v or re.search(r"[\s*?\[]", v) for v in said):
                    raise Depends(f"{piece.text} is not one word")
                known.append(_Hole(at, index, said, True))
                continue
            if role is None:
                raise Depends(f"what {piece.text} is decides what the line does")
            if len(word.pieces) == 1 and role == "address" and not sounds_like_address(words, at):
                raise Depends(f"{piece.text} may be an address or a word such as up or down")
            unknown.append(_Hole(at, index, (), False))
            notes.append(f"takes {piece.text} as {_as_what(word, index, role)}")
    return known, unknown, list(dict.fromkeys(notes))


def _as_what(word: Word, index: int, role: Role) -> str:
    if len(word.pieces) == 1:
        return SAID[role]
    slash = index > 0 and word.pieces[index - 1].text.endswith("/")
    return "a prefix length shorter than 31" if slash else "a part of one word"


def _trials(
    words: Sequence[Word],
    places: Sequence[Role | None],
    known: Sequence[_Hole],
    unknown: Sequence[_Hole],
) -> Iterator[Trial]:
    """Each combination of the known values, twice where something is made up."""
    by_name: dict[str, tuple[str, ...]] = {}
    for hole in known:
        by_name[words[hole.word].pieces[hole.piece].text] = hole.values
    combinations = list(itertools.islice(itertools.product(*by_name.values()), MOST_VALUES + 1))
    if len(combinations) > MOST_VALUES:
        raise Depends("its variables have too many values to try each")
    for combination in combinations:
        chosen = dict(zip(by_name, combination, strict=True))
        for variant in (0, 1) if unknown else (0,):
            filled: dict[tuple[int, int], str] = {}
            for hole in known:
                text = words[hole.word].pieces[hole.piece].text
                filled[hole.word, hole.piece] = chosen[text]
            for number, hole in enumerate(unknown):
                role = places[hole.word]
                assert role is not None
                word = words[hole.word]
                filled[hole.word, hole.piece] = made_up(word, hole.piece, role, variant, number)
            yield Trial(tuple(_fill(word, at, filled) for at, word in enumerate(words)), filled)


def _fill(word: Word, at: int, filled: Mapping[tuple[int, int], str]) -> str:
    return "".join(
        piece.text if piece.literal else filled[at, index]
        for index, piece in enumerate(word.pieces)
    )


def _all_named(
    words: Sequence[Word],
    places: Sequence[Role | None],
    unknown: Sequence[_Hole],
    form: Sequence[Template],
    source: Source,
) -> None:
    """What is not known has to stand in the answer: lost on the way, it would be silently wrong.

    But for a whole MAC address, which arp itself does not look at where an entry is published.
    """
    there = {part for command in form for word in command for part in word}
    sources = " ".join(part.source for part in there if isinstance(part, Unit))

    def named(piece: Piece) -> bool:
        return Unit(source(piece)) in there or bool(piece.name and piece.name in sources)

    for hole in unknown:
        word = words[hole.word]
        piece = word.pieces[hole.piece]
        unused = places[hole.word] == "mac" and not any(map(named, word.pieces))
        if not named(piece) and not unused:
            raise Depends(f"the new command would not depend on {piece.text}")


def _worked_in(
    words: Sequence[Word], known: Sequence[_Hole], form: Sequence[Template], source: Source
) -> list[str]:
    """Variables that the new commands do not name, because their known values are worked in."""
    there = {part for command in form for word in command for part in word}
    gone = [words[hole.word].pieces[hole.piece] for hole in known]
    return [
        f"what {source(piece)} is, is worked into the new commands, which do not name it"
        for piece in dict.fromkeys(gone)
        if Unit(source(piece)) not in there
    ]


def _text(words: Sequence[Word]) -> str:
    return " ".join("".join(piece.text for piece in word.pieces) for word in words)


def _which(words: Sequence[Word]) -> str:
    names = dict.fromkeys(p.text for w in words for p in w.pieces if not p.literal)
    return f"the value of {' or '.join(names)} decides what the line does"


def _said(words: Sequence[Word], trial: Trial, answer: Translation) -> Translation:
    """A refusal of a made-up line, said of the line itself."""
    reason = with_sources(answer.reason or "", words, trial)
    return Translation(_text(words), (), False, answer.used_state, (), reason)
