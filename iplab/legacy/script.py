"""Shell scripts: each old command replaced where it stands, every other byte as it was.

What cannot be replaced with certainty stays, and is in the report with its line and the reason.

Known gaps, which the report names where they are met: text that a shell is given to run (``sh -c``,
``eval``, ``trap``, heredocs), other machines (``ssh``), output that the script reads in a way not
known here, and everything after a place where the script itself cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from iplab.legacy import TOOLS, Context, Translation, bash, mentions, pipelines, shapes, translate
from iplab.legacy.bash import Command, Loop, Pipeline
from iplab.legacy.edits import Edits
from iplab.legacy.holds import HARMLESS, state_after
from iplab.legacy.holes import Filled, translate_words
from iplab.legacy.phrases import spell_out
from iplab.legacy.placed import CannotStand, in_place
from iplab.legacy.report import Line, Rewritten, one_line, reported
from iplab.legacy.shell import Piece, Word
from iplab.legacy.tools import Tools
from iplab.legacy.variables import Variables
from iplab.legacy.vconfig import UNKNOWN
from iplab.legacy.wrapped import Wrapped
from iplab.network import Namespace

END = Piece("", True)  # between two words

_MAKEFILE = re.compile(r"(?i)(^|/)(gnu)?makefile(\.\w+)?$|\.(mk|mak)$")


def rewrite(
    text: bytes | str,
    *,
    state: Namespace | None = None,
    dialect: str = "net-tools",
    name: str = "script",
    context: Context | None = None,
) -> Rewritten:
    """Rewrite a shell script.  It never raises for what the script says.

    ``state`` is what the kernel holds where and when the script starts; it is used for as long as
    it certainly still holds.
    """
    source = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    job = _Job(source, dialect, context, state, make=_MAKEFILE.search(name) is not None)
    job.run()
    result = job.edits.result()
    if result != source and job.script.unsure_from is None and not bash.readable(result):
        reason = "the script could not be read after the change; nothing was changed"
        lines = [replace(x, commands=(), exact=False, reason=reason) for x in job.lines]
        return Rewritten(source, tuple(lines), name)
    opened = job.script.open_from
    open_line = job.script.line_of(opened) if opened is not None else None
    return Rewritten(result, tuple(sorted(job.lines, key=lambda x: x.line)), name, open_line)


class _Job:
    def __init__(
        self,
        source: bytes,
        dialect: str,
        context: Context | None,
        state: Namespace | None,
        *,
        make: bool,
    ) -> None:
        self.make = make
        self.source, self.dialect, self.context, self.state = source, dialect, context, state
        self.script = bash.read(source)
        self.edits = Edits(source)
        self.variables = Variables(self.script)
        self.tools = Tools(self.script, self.variables, dialect)
        self.holding = self.variables.holding(lambda text: mentions.begins(text, TOOLS))
        self.lines: list[Line] = []
        self.done: set[tuple[int, int]] = set()  # commands that a larger shape took
        self.known: dict[tuple[str, ...], Translation] = {}
        self.filled: dict[object, Filled] = {}
        self.tool_uses: dict[str, list[bool]] = {}

    def run(self) -> None:
        """All sites, the inner ones before those that enclose them."""
        sites: list[Command | Pipeline | Loop] = [
            *self.script.commands,
            *(p for p in self.script.pipelines if self._reads(p)),
            *(x for x in self.script.loops if self.tools.in_command(x.condition) is not None),
        ]
        for pipeline in self.script.pipelines:
            if self._reads(pipeline):
                self.done.add((pipeline.stages[0].start, pipeline.stages[0].end))  # type: ignore[union-attr]
        for loop in self.script.loops:
            if self.tools.in_command(loop.condition) is not None and self._drain(loop) is not None:
                self.done.add((loop.condition.start, loop.condition.end))
        sites.sort(key=lambda site: (site.end, -site.start))
        for site in sites:
            if isinstance(site, Loop):
                self._loop(site)
            elif isinstance(site, Pipeline):
                self._pipeline(site)
            elif (site.start, site.end) not in self.done:
                self._command(site)
        for at, text, why in mentions.outside_commands(self.script, TOOLS):
            self._left(at, text, why)
        self._retire_tool_variables()

    # ------------------------------------------------------------ one command

    def _command(self, command: Command) -> None:
        wrapped = self.tools.in_command(command)
        if wrapped is None:
            self._other(command)
            return
        head = command.words[wrapped.keep]  # the tool, or the busybox before it
        self._names_vlans(command, self.tools.words(command, wrapped))
        done = self._replace(command, wrapped)
        if head.value is None:
            self.tool_uses.setdefault(head.pieces[0].name, []).append(done)

    def _names_vlans(self, command: Command, words: Sequence[Word]) -> None:
        """`vconfig set_name_type` decides what each later `vconfig add` of the script makes."""
        if [word.value for word in words[:2]] != ["vconfig", "set_name_type"] or len(words) < 3:
            return
        known = words[2].value if command.place.straight else None
        self.context = replace(self.context or Context(), vlan_names=known or UNKNOWN)
        self.known.clear()
        self.filled.clear()

    def _other(self, command: Command) -> None:
        """A command that is none of the old tools': does it name one, and does it change much?"""
        if command.name not in HARMLESS:
            self.state = None
        for name in mentions.variables_run(command) if self.holding else ():
            if name in self.holding:
                line = self.script.line_of(self.holding[name])
                self._left(
                    command.start, command.text, f"what it runs is put together on line {line}"
                )
                return
        if not self.tools.may_be_in(command):
            return
        why = mentions.in_command(command, TOOLS)
        if why is not None:
            self._left(command.start, command.text, why)
        # (`""` has no pieces.)
        head = next((piece.name for piece in command.words[0].pieces), "")
        if head.lower() in TOOLS:
            self._left(command.start, command.text, f"what ${head} is cannot be known here")

    def _replace(self, command: Command, wrapped: Wrapped) -> bool:
        text = command.text
        why = self._untouchable(command)
        if why:
            self.state = None
            return self._left(command.start, text, why)
        words = self.tools.words(command, wrapped)
        reads = shapes.reads([word.value for word in words])
        if reads and command.place.read_by == "null":
            answer = shapes.asks_for_device(words)
            if answer is not None:
                return self._write(command, wrapped, answer, text)
        if reads and command.place.read_by:
            return self._left(command.start, text, "its output is read in a way not known here")
        filled = self._translate(words, command, wrapped)
        translation = filled.translation
        if translation.reason is not None or translation.nothing:
            self.state = None
            reason = translation.reason or "; ".join(
                ["the old tool changes nothing here", *translation.notes]
            )
            return self._left(command.start, text, reason, translation.notes)
        if command.place.status and translation.fails:
            self.state = None
            why = "the old tool fails in part, and the script may look at its exit status"
            return self._left(command.start, text, why, translation.notes)
        return self._write(command, wrapped, filled, text)

    def _untouchable(self, command: Command) -> str:
        unsure = self.script.unsure_from
        if unsure is not None and command.end > unsure:
            line = self.script.line_of(unsure)
            return f"the script cannot be read with certainty from line {line} on"
        if any(start <= command.start < end for start, end in self.script.heredocs):
            return "it stands in a text that something else reads"
        tool = self.tools.program(command.words[self.tools.in_command(command).at])  # type: ignore[union-attr]
        if tool in self.script.functions:
            return f"the script has a function {tool} of its own"
        return command.tangled

    def _translate(self, words: Sequence[Word], command: Command, wrapped: Wrapped) -> Filled:
        """By the state for as long as it holds; afterwards it holds what the line did to it."""
        spelled = spell_out(words, self.variables)
        words = spelled.words
        state = self.state if command.place.straight and wrapped.at == 0 else None
        dialect = self.tools.dialect_of(wrapped)

        def with_state(argv: Sequence[str]) -> Translation:
            if state is not None:
                return translate(argv, state=state, dialect=dialect, context=self.context)
            key = (dialect, *argv)
            if key not in self.known:
                self.known[key] = translate(argv, dialect=dialect, context=self.context)
            return self.known[key]

        def values(piece: Piece) -> tuple[str, ...] | None:
            return self.variables.values(piece.name, words[0].start)

        # Scripts repeat themselves: one command with the same variables is worked out once.
        key = (
            dialect,
            *((p.text, p.literal, values(p)) for word in words for p in (*word.pieces, END)),
        )
        plain = state is None and all(p.literal or p.name for w in words for p in w.pieces)
        if plain:
            self.state = None  # a command that was not translated for it may change it
        if plain and key in self.filled:
            return self.filled[key]
        filled = spelled.noted(
            translate_words(words, with_state, values, spelled.source(self._source))
        )
        if plain:
            self.filled[key] = filled
            return filled
        known = all(
            word.value is not None or all(p.literal or values(p) is not None for p in word.pieces)
            for word in words
        )
        if state is not None and not known:
            # A made-up device is not in the state: translate as if there were none.
            state = None
            filled = spelled.noted(
                translate_words(words, with_state, values, spelled.source(self._source))
            )
        self.state = state_after(filled.translation, state)
        return filled

    def _source(self, piece: Piece) -> str:
        """An expansion as it will stand in the new script: with the edits inside it."""
        return self.edits.text(piece.start, piece.end)

    # ------------------------------------------------------------ writing it down

    def _write(self, command: Command, wrapped: Wrapped, filled: Filled, text: str) -> bool:
        return self._write_span(command, command.end, wrapped, filled, text)

    def _write_span(
        self, command: Command, end: int, wrapped: Wrapped, filled: Filled, text: str
    ) -> bool:
        """The new commands in place of the bytes from a command's start to ``end``."""
        try:
            new = in_place(
                filled.shell,
                command,
                wrapped,
                prefix=self.edits.text(command.start, command.words[wrapped.keep].start),
                behind=self.source[end:].split(b"\n", 1)[0].strip(),
                hook=self.tools.hook(command.words[0]),
                make=self.make,
            )
        except CannotStand as error:
            return self._left(command.start, text, str(error))
        self.edits.replace(command.start, end, new)
        self.lines.append(reported(self.script.line_of(command.start), text, filled.translation))
        return True

    def _left(self, at: int, legacy: str, reason: str, notes: Sequence[str] = ()) -> bool:
        line = self.script.line_of(at)
        self.lines.append(Line(line, one_line(legacy), (), False, False, tuple(notes), reason))
        return False

    # ------------------------------------------------------------ larger shapes

    def _reads(self, pipeline: Pipeline) -> bool:
        """Whether it is a pipeline that begins with an old tool that only shows something."""
        first = pipeline.stages[0]
        wrapped = self.tools.in_command(first) if first is not None else None
        if first is None or wrapped is None:
            return False
        return shapes.reads([word.value for word in self.tools.words(first, wrapped)])

    def _pipeline(self, pipeline: Pipeline) -> None:
        first = pipeline.stages[0]
        assert first is not None
        wrapped = self.tools.in_command(first)
        assert wrapped is not None
        text = self.script.text(pipeline.start, pipeline.end)
        why = self._untouchable(first) or self._uncertain_end(pipeline)
        if why:
            self._left(pipeline.start, text, why)
            return
        words = self.tools.words(first, wrapped)
        listening = shapes.listens(pipeline, words) or shapes.asks_for_name(pipeline, words)
        last = pipeline.stages[-1]
        if listening is not None and last is not None:
            self._write_span(first, last.end, wrapped, listening, text)
            return

        def values(piece: Piece) -> tuple[str, ...] | None:
            return self.variables.values(piece.name, first.start)

        busybox = self.tools.dialect_of(wrapped) == "busybox"
        found = pipelines.read(pipeline, words, values, self._source, busybox=busybox)
        if found is None:
            self._left(pipeline.start, text, "its output is read in a way not known here")
            return
        last = pipeline.stages[found.stages - 1]
        assert last is not None
        self._write_span(first, last.end, wrapped, found.filled, text)

    def _uncertain_end(self, pipeline: Pipeline) -> str:
        unsure = self.script.unsure_from
        if unsure is not None and pipeline.end > unsure:
            line = self.script.line_of(unsure)
            return f"the script cannot be read with certainty from line {line} on"
        if re.search(r"(^|\s)#[^\n]*\n", self.script.text(pipeline.start, pipeline.end)):
            return "a comment stands inside the pipeline"
        return ""

    def _drain(self, loop: Loop) -> Filled | None:
        wrapped = self.tools.in_command(loop.condition)
        if wrapped is None or wrapped.at:
            return None
        return shapes.drains_default(self.tools.words(loop.condition, wrapped), loop.body)

    def _loop(self, loop: Loop) -> None:
        filled = self._drain(loop)
        if filled is None or self._untouchable(loop.condition):
            self.done.discard((loop.condition.start, loop.condition.end))
            return
        self.state = None
        text = self.script.text(loop.start, loop.end)
        self.edits.replace(loop.start, loop.end, " ".join([*filled.shell[0], loop.tail]).strip())
        self.lines.append(reported(self.script.line_of(loop.start), text, filled.translation))

    def _retire_tool_variables(self) -> None:
        """``IFCONFIG=/sbin/ifconfig`` becomes a comment where nothing uses it any more."""
        for name, uses in self.tool_uses.items():
            (assignment,) = self.variables.assigned(name)
            mentioned = re.findall(rb"\$\{?" + name.encode() + rb"\b", self.source)
            whole_line = self.script.line_of(assignment.start)
            line = self.source.split(b"\n")[whole_line - 1].strip()
            span = self.source[assignment.start : assignment.end]
            if all(uses) and len(mentioned) == len(uses) and line == span:
                self.edits.insert(assignment.start, assignment.end, b"# " + span)
