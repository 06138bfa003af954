"""The way back: an answer's words with the script's own words in place of the values tried."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from msgspec import Struct
from msgspec.structs import replace

from iplab.legacy.answer import Translation
from iplab.legacy.roles import Role
from iplab.legacy.shell import Piece, Word

Source = Callable[[Piece], str]


class Unit(Struct, frozen=True):
    """A part of an answer's word that the shell fills in: how it is written in double quotes."""

    source: str


Template = tuple[tuple[str | Unit, ...], ...]  # words of one command, each text and units


class Depends(Exception):
    """The form depends on a value that is not known here."""


class Trial(Struct, frozen=True):
    argv: tuple[str, ...]
    filled: Mapping[tuple[int, int], str]  # (word, piece) → the value it got


# ---------------------------------------------------------------- the way back


def form_of(
    words: Sequence[Word],
    places: Sequence[Role | None],
    trial: Trial,
    answer: Translation,
    source: Source,
) -> tuple[Template, ...]:
    """The answer's commands with each value that was tried written as the script writes it."""
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
    words: Sequence[Word], trial: Trial, source: Source
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
    words: Sequence[Word], places: Sequence[Role | None], trial: Trial, source: Source
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
        if length is not None and word.endswith(f"/{length}"):
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
def _length(mask: str) -> int | None:
    try:
        return IPv4Network(f"0.0.0.0/{mask}").prefixlen
    except ValueError:  # no mask: then no word of the answer stands for it
        return None


@lru_cache(maxsize=256)
def _broadcast(address: str, mask: str) -> str:
    try:
        return str(IPv4Interface(f"{IPv4Address(address)}/{mask}").network.broadcast_address)
    except ValueError:
        return ""


def once_each(words: Sequence[Word], form: Sequence[Template], source: Source) -> None:
    """What may do something when it is expanded (``$(…)``, ``$((m++))``) has to stand once."""
    for word in words:
        for piece in word.pieces:
            if piece.literal or piece.name:
                continue
            unit = Unit(source(piece))
            count = sum(w.count(unit) for command in form for w in command)
            if count != 1:
                raise Depends(f"{piece.text} would be worked out {count} times instead of once")


def with_sources(text: str, words: Sequence[Word], trial: Trial) -> str:
    """A note or a reason with the script's words in place of the values that were tried."""
    units = _units(words, trial, _as_written)
    for value in sorted(units, key=len, reverse=True):
        if value not in text:
            continue
        written = "".join(p if isinstance(p, str) else p.source for p in units[value])
        text = re.sub(rf"(?<![\w.]){re.escape(value)}(?![\w.])", lambda m, w=written: w, text)  # type: ignore[misc]
    return text


# ---------------------------------------------------------------- words for the shell


def quoted(word: Sequence[str | Unit]) -> str:
    """A word as it is written in a script: quoted where something is filled in."""
    if all(isinstance(part, str) for part in word):
        return shlex.quote("".join(str(part) for part in word))
    if len(word) == 1 and isinstance(word[0], Unit) and word[0].source.startswith("`"):
        return word[0].source  # quotes inside backticks inside quotes mean what they like
    return f'"{_inside(word)}"'


def quoted_source(pieces: Sequence[Piece], source: Source) -> str:
    """A word as it is written in double quotes."""
    return f'"{_inside([p.text if p.literal else Unit(source(p)) for p in pieces])}"'


def bare(word: Sequence[str | Unit]) -> str:
    """A word for the report: as in the script, without the quotes around it."""
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
