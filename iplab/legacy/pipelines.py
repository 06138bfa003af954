"""``ifconfig eth0 | grep 'inet ' | awk '{print $2}'``: pipelines that read an old tool's output."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence

from msgspec import Struct

from iplab.legacy.answer import Translation
from iplab.legacy.bash import Command, Pipeline
from iplab.legacy.forms import quoted_source
from iplab.legacy.holes import Filled
from iplab.legacy.shell import Piece, Word

_DEVICE = "qdev0"  # stands for a device that only the running script knows
_ADDRESS = "10.99.5.71"
_QUIET = re.compile(r"2>\s?/dev/null|2>&1")
_SOUNDS_LIKE_DEVICE = re.compile(r"(?i)dev|if|eth|nic|net|lan|wan|card|face")


class Reading(Struct, frozen=True):
    """What to write in place of a pipeline's first ``stages`` stages."""

    stages: int
    filled: Filled


def read(
    pipeline: Pipeline,
    words: Sequence[Word],
    values: Callable[[Piece], tuple[str, ...] | None],
    source: Callable[[Piece], str],
    *,
    busybox: bool,
) -> Reading | None:
    """The iproute2 pipeline with the same output; ``None`` where none is known.

    ``words`` are the old tool's, the first stage of the pipeline.  The longest part of the
    pipeline that is known is replaced, the filters after it stay.
    """
    if pipeline.tails[0] and not _QUIET.fullmatch(pipeline.tails[0]):
        return None
    from iplab.legacy.reading.recognise import address_in, question, recognise

    stand_ins = _StandIns(values, source, words[0].value or "")
    tool = [stand_ins.value(word, first=True) for word in words]
    if None in tool:
        return None
    filters: list[tuple[str, ...]] = []
    for stage, tail in zip(pipeline.stages[1:], pipeline.tails[1:], strict=True):
        argv = _argv(stage, stand_ins)
        if argv is None or (filters and pipeline.tails[len(filters)]):
            break
        filters.append(argv)
        del tail
    last = pipeline.stages[-1]
    for count in range(len(filters), 0, -1):
        stages = tuple(filters[:count])
        whole = count == len(pipeline.stages) - 1
        asked = question(
            [word for word in tool if word is not None],
            stand_ins.address or address_in(stages),
            stand_ins.device,
            stages,
        )
        if asked is None:
            return None
        silent = _is_quiet_grep(stages[-1]) or (
            whole and last is not None and last.place.read_by == "null"
        )
        found = recognise(
            asked,
            stages,
            only_status=whole and silent,
            status=whole and pipeline.place.status,
            busybox=busybox,
            errors=pipeline.tails[0].endswith("&1"),
        )
        if found is not None:
            command = stand_ins.written(found.command, asked.subject.device, asked.subject.address)
            if pipeline.tails[0]:
                command = command.replace(" |", " 2>/dev/null |", 1)
            note = stand_ins.written(
                found.note, asked.subject.device, asked.subject.address, plain=True
            )
            notes = tuple(filter(None, [*stand_ins.notes, note]))
            translation = Translation("", (("sh", "-c", command),), not notes, False, notes, None)
            return Reading(count + 1, Filled(translation, ((command,),)))
    return None


def _argv(stage: Command | None, stand_ins: _StandIns) -> tuple[str, ...] | None:
    if stage is None or stage.assigns or stage.tangled:
        return None
    argv = [stand_ins.value(word) for word in stage.words]
    found = tuple(word for word in argv if word is not None)
    return found if len(found) == len(argv) else None


def _is_quiet_grep(argv: Sequence[str]) -> bool:
    return argv[0] in ("grep", "egrep", "fgrep") and any(
        re.fullmatch(r"-[a-zA-Z]*q[a-zA-Z]*", word) for word in argv[1:]
    )


class _StandIns:
    """Values in place of what only the running script knows, and the way back."""

    def __init__(
        self,
        values: Callable[[Piece], tuple[str, ...] | None],
        source: Callable[[Piece], str],
        tool: str,
    ) -> None:
        self._values = values
        self._source = source
        self._tool = tool
        self._made: dict[str, str] = {}  # source → value
        self._words: dict[str, str] = {}  # value of a whole word → how it is written
        self.notes: list[str] = []
        self.device = ""
        self.address = ""

    def value(self, word: Word, *, first: bool = False) -> str | None:
        """A word's value, with stand-ins for its variables; ``None``: it cannot be told."""
        if word.value is not None:
            return word.value
        parts: list[str] = []
        for piece in word.pieces:
            if piece.literal:
                parts.append(piece.text)
                continue
            if not piece.name:
                return None
            made = self._stand_in(piece, first=first, alone=len(word.pieces) == 1)
            if made is None:
                return None
            parts.append(made)
        value = "".join(parts)
        if first:
            self._words[value] = quoted_source(word.pieces, self._source)
        return value

    def _stand_in(self, piece: Piece, *, first: bool, alone: bool) -> str | None:
        source = f"${piece.name}"
        if source in self._made:
            return self._made[source]
        known = self._values(piece)
        if known is not None:
            made: str | None = known[0] if len(known) == 1 else None
        elif first and self._tool == "ifconfig":
            made = _DEVICE if alone else "7"
        elif first and self._tool == "arp":
            made = self.address = _ADDRESS
        elif self._tool in ("route", "netstat") and _SOUNDS_LIKE_DEVICE.search(piece.name):
            made = self.device = _DEVICE
        elif self._tool in ("route", "netstat", "arp") and not self.address:
            made = self.address = _ADDRESS
        else:
            return None
        if made is None:
            return None
        if known is None:
            kind = "one IPv4 address" if made == _ADDRESS else "one device name (and no alias)"
            self.notes.append(f"takes {source} as {kind}")
        self._made[source] = made
        self._words.setdefault(made, f'"{self._source(piece)}"')
        return made

    def written(self, template: str, device: str, address: str, *, plain: bool = False) -> str:
        """A template of the table with the script's own words."""

        def word(value: str) -> str:
            text = self._words.get(value, shlex.quote(value))
            return text.strip('"') if plain else text

        parent = device.partition(":")[0]
        text = template.replace("{label}", word(device))
        return text.replace("{dev}", word(parent)).replace("{ip}", word(address))
