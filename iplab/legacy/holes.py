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
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from iplab.legacy.answer import Translation
from iplab.legacy.made_up import made_up, sounds_like_address
from iplab.legacy.roles import SAID, Role, roles
from iplab.legacy.shell import Piece, Word

Translate = Callable[[Sequence[str]], Translation]
Values = Callable[[Piece], tuple[str, ...] | None]
Source = Callable[[Piece], str]

MOST_VALUES = 24  # combinations of known values tried for one command


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of an answer's word that the shell fills in: how it is written in double quotes."""

    source: str


Template = tuple[tuple[str | Unit, ...], ...]  # words of one command, each text and units


@dataclass(frozen=True, slots=True)
class Filled:
    """A translation whose words are written for the shell: ``shell[i]`` is command ``i``."""

    translation: Translation
    shell: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class _Hole:
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
        forms = {_form(words, places, trial, answer, source) for trial, answer in answers}
        if len(forms) != 1 or any(a.nothing for _, a in answers):
            raise _Depends(_which(words))
        form = forms.pop()
        _once_each(words, form, source)
        notes += _worked_in(words, known, form, source)
    except _Depends as why:
        legacy = _text(words)
        return Filled(Translation(legacy, (), False, False, (), str(why)))
    exact = all(answer.exact for _, answer in answers) and not unknown
    all_notes = dict.fromkeys(
        _with_sources(note, words, trial) for trial, a in answers for note in a.notes
    )
    return Filled(
        replace(
            first,
            legacy=_text(words),
            commands=tuple(tuple(_bare(word) for word in command) for command in form),
            exact=exact,
            notes=(*notes, *all_notes),
            operations=() if unknown or len(answers) > 1 else first.operations,
        ),
        tuple(tuple(_quoted(word) for word in command) for command in form),
    )


class _Depends(Exception):
    """The form depends on a value that is not known here."""


@dataclass(frozen=True, slots=True)
class _Trial:
    argv: tuple[str, ...]
    filled: Mapping[tuple[int, int], str]  # (word, piece) → the value it got


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
                raise _Depends(f"{piece.text} cannot be read with certainty")
            said = values(piece)
            if said is not None:
                if any(not v or re.search(r"[\s*?\[]", v) for v in said):
                    raise _Depends(f"{piece.text} is not one word")
                known.append(_Hole(at, index, said, True))
                continue
            if role is None:
                raise _Depends(f"what {piece.text} is decides what the line does")
            if len(word.pieces) == 1 and role == "address" and not sounds_like_address(words, at):
                raise _Depends(f"{piece.text} may be an address or a word such as up or down")
            unknown.append(_Hole(at, index, (), False))
            whole = len(word.pieces) == 1
            notes.append(f"takes {piece.text} as {SAID[role] if whole else 'a part of one word'}")
    return known, unknown, list(dict.fromkeys(notes))


def _trials(
    words: Sequence[Word],
    places: Sequence[Role | None],
    known: Sequence[_Hole],
    unknown: Sequence[_Hole],
) -> Iterator[_Trial]:
    """Each combination of the known values, twice where something is made up."""
    by_name: dict[str, tuple[str, ...]] = {}
    for hole in known:
        by_name[words[hole.word].pieces[hole.piece].text] = hole.values
    combinations = list(itertools.islice(itertools.product(*by_name.values()), MOST_VALUES + 1))
    if len(combinations) > MOST_VALUES:
        raise _Depends("its variables have too many values to try each")
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
            yield _Trial(tuple(_fill(word, at, filled) for at, word in enumerate(words)), filled)


def _fill(word: Word, at: int, filled: Mapping[tuple[int, int], str]) -> str:
    return "".join(
        piece.text if piece.literal else filled[at, index]
        for index, piece in enumerate(word.pieces)
    )


# ---------------------------------------------------------------- the way back


def _form(
    words: Sequence[Word],
    places: Sequence[Role | None],
    trial: _Trial,
    answer: Translation,
    source: Source,
) -> tuple[Template, ...]:
    units = _units(words, trial, source)
    masks = {v: u for (v, u), role in _with_roles(words, places, trial, source) if role == "mask"}
    addresses = [trial.argv[i] for i, role in enumerate(places) if role == "address"]
    said = _said_broadcast(words, source)
    form: list[Template] = []
    for argv in answer.commands:
        command = [_word(word, units, masks, addresses) for word in argv]
        for index in range(1, len(command)):
            if said is not None and command[index - 1 : index + 1] == [("brd",), ("+",)]:
                command[index] = said
        form.append(tuple(command))
    return tuple(form)


def _said_broadcast(words: Sequence[Word], source: Source) -> tuple[str | Unit, ...] | None:
    """The variable after ``broadcast``: it stays, also where its value is what `+` works out."""
    for keyword, word in itertools.pairwise(words):
        if keyword.value == "broadcast" and word.value is None:
            return tuple(p.text if p.literal else Unit(source(p)) for p in word.pieces)
    return None


def _units(
    words: Sequence[Word], trial: _Trial, source: Source
) -> dict[str, tuple[str | Unit, ...]]:
    """Value → how it is written, for whole words and for their parts at ``/`` and ``:``."""
    found: dict[str, tuple[str | Unit, ...]] = {}
    for at, word in enumerate(words):
        if word.value is not None:
            continue
        for pieces in _parts(word.pieces):
            if all(piece.literal for _, piece in pieces):
                continue
            value = "".join(p.text if p.literal else trial.filled[at, i] for i, p in pieces)
            written = tuple(p.text if p.literal else Unit(source(p)) for _, p in pieces)
            found.setdefault(value, written)
    return found


def _parts(pieces: Sequence[Piece]) -> Iterator[list[tuple[int, Piece]]]:
    """The whole word, and its parts where a literal ``/`` or ``:`` divides it."""
    numbered = list(enumerate(pieces))
    yield numbered
    part: list[tuple[int, Piece]] = []
    divided = False
    for index, piece in numbered:
        if not piece.literal or not re.search("[/:]", piece.text):
            part.append((index, piece))
            continue
        divided = True
        head, *middle, tail = re.split("[/:]", piece.text)
        if head:
            part.append((index, replace(piece, text=head)))
        yield part
        part = [(index, replace(piece, text=tail))] if tail else []
        del middle
    if divided:
        yield part


def _with_roles(
    words: Sequence[Word], places: Sequence[Role | None], trial: _Trial, source: Source
) -> Iterator[tuple[tuple[str, tuple[str | Unit, ...]], Role | None]]:
    for at, word in enumerate(words):
        if word.value is None:
            written = tuple(p.text if p.literal else Unit(source(p)) for p in word.pieces)
            yield (trial.argv[at], written), places[at]


def _word(
    word: str,
    units: Mapping[str, tuple[str | Unit, ...]],
    masks: Mapping[str, tuple[str | Unit, ...]],
    addresses: Sequence[str],
) -> tuple[str | Unit, ...]:
    """One word of an answer, with the values that were filled in written as in the script."""
    if word in units:
        return units[word]
    for mask, written in masks.items():
        length = _length(mask)
        if word.endswith(f"/{length}"):
            head = word.rpartition("/")[0]
            return (*units.get(head, (head,)), "/", *written)
        # The broadcast address of a made-up address: `ip` works out the same for `+`.
        if word.count(".") == 3 and any(word == _broadcast(a, mask) for a in addresses):
            return ("+",)
    head, slash, tail = word.partition("/")
    if slash and head in units:
        return (*units[head], f"/{tail}")
    head, dot, tail = word.partition(".")  # a VLAN's name: eth0.5
    if dot and "." not in tail and (head in units or tail in units):
        return (*units.get(head, (head,)), ".", *units.get(tail, (tail,)))
    if word.startswith("vlan") and word[4:] in units:
        return ("vlan", *units[word[4:]])
    unit = re.fullmatch(r"(\d+)([a-z]+)", word)  # `rtt 17ms`
    if unit and unit[1] in units:
        return (*units[unit[1]], unit[2])
    if word.isdigit():
        for value, written in units.items():
            name = written[0]
            if not value.isdigit() or len(written) != 1 or not isinstance(name, Unit):
                continue
            plain = re.fullmatch(r"\$\{?(\w+)\}?", name.source)
            if plain is None:
                continue
            if int(word) == int(value) - 40:
                return (Unit(f"$(({_operand(plain[1])} - 40))"),)
            if int(word) == int(value) * 100:
                return (Unit(f"$(({_operand(plain[1])} * 100))"),)
    return (word,)


def _operand(name: str) -> str:
    return f"${name}" if name.isdigit() else name


@lru_cache(maxsize=64)
def _length(mask: str) -> int:
    return IPv4Network(f"0.0.0.0/{mask}").prefixlen


@lru_cache(maxsize=256)
def _broadcast(address: str, mask: str) -> str:
    try:
        return str(IPv4Interface(f"{IPv4Address(address)}/{mask}").network.broadcast_address)
    except ValueError:
        return ""


def _once_each(words: Sequence[Word], form: Sequence[Template], source: Source) -> None:
    """What may do something when it is expanded (``$(…)``, ``$((m++))``) has to stand once."""
    for word in words:
        for piece in word.pieces:
            if piece.literal or piece.name:
                continue
            unit = Unit(source(piece))
            count = sum(w.count(unit) for command in form for w in command)
            if count != 1:
                raise _Depends(f"{piece.text} would be worked out {count} times instead of once")


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


def _with_sources(text: str, words: Sequence[Word], trial: _Trial) -> str:
    """A note or a reason with the script's words in place of the values that were tried."""
    units = _units(words, trial, _as_written)
    for value in sorted(units, key=len, reverse=True):
        if value not in text:
            continue
        written = "".join(p if isinstance(p, str) else p.source for p in units[value])
        text = re.sub(rf"(?<![\w.]){re.escape(value)}(?![\w.])", lambda m, w=written: w, text)  # type: ignore[misc]
    return text


# ---------------------------------------------------------------- words for the shell


def _quoted(word: Sequence[str | Unit]) -> str:
    """A word as it is written in a script: quoted where something is filled in."""
    if all(isinstance(part, str) for part in word):
        return shlex.quote("".join(str(part) for part in word))
    if len(word) == 1 and isinstance(word[0], Unit) and word[0].source.startswith("`"):
        return word[0].source  # quotes inside backticks inside quotes mean what they like
    return f'"{_inside(word)}"'


def quoted_source(pieces: Sequence[Piece], source: Source) -> str:
    """A word as it is written in double quotes."""
    return f'"{_inside([p.text if p.literal else Unit(source(p)) for p in pieces])}"'


def _bare(word: Sequence[str | Unit]) -> str:
    return _inside(word) if any(isinstance(p, Unit) for p in word) else "".join(map(str, word))


def _inside(word: Sequence[str | Unit]) -> str:
    out = ""
    for index, part in enumerate(word):
        if isinstance(part, str):
            out += re.sub(r"([$`\"\\])", r"\\\1", part)
            continue
        following = word[index + 1] if index + 1 < len(word) else ""
        text = part.source
        follows = following if isinstance(following, str) else ""
        if re.fullmatch(r"\$[A-Za-z_]\w*", text) and re.match(r"[\w\[]", follows):
            text = f"${{{text[1:]}}}"
        out += text
    return out


def _as_written(piece: Piece) -> str:
    return piece.text


def _text(words: Sequence[Word]) -> str:
    return " ".join("".join(piece.text for piece in word.pieces) for word in words)


def _which(words: Sequence[Word]) -> str:
    names = dict.fromkeys(p.text for w in words for p in w.pieces if not p.literal)
    return f"the value of {' or '.join(names)} decides what the line does"


def _said(words: Sequence[Word], trial: _Trial, answer: Translation) -> Translation:
    """A refusal of a made-up line, said of the line itself."""
    reason = _with_sources(answer.reason or "", words, trial)
    return Translation(_text(words), (), False, answer.used_state, (), reason)
