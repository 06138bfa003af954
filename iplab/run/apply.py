"""Running a plan: journal, command, proof; and on failure everything put back."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from types import FrameType

from iplab.claims import Claim, Ownership
from iplab.command import Command
from iplab.errors import CommandFailed, Interrupted, IplabError, LeftBehind
from iplab.names import HOST
from iplab.network import Network
from iplab.operations import Operation
from iplab.plan.back import way_back
from iplab.plan.difference import Difference, compare
from iplab.plan.planner import Plan, Step
from iplab.render import Piece, Renderer, pieces
from iplab.run import records
from iplab.run.journal import Journal
from iplab.run.look import Scope, look
from iplab.run.machine import Machine
from iplab.run.records import Record


@dataclass(slots=True)
class Runner:
    """One run: the machine, the words, where to look, and who is told before each process."""

    machine: Machine
    renderer: Renderer
    scope: Scope
    before_each: Callable[[Piece], None] = lambda piece: None
    done: list[Operation] = field(default_factory=list)

    def run(self, plan: Plan, record: Record, wanted: Network | None) -> Network:
        """Run ``plan``, verify it, and keep the lab's record true all the while.

        ``wanted`` is what the machine must hold afterwards; ``None`` when the lab is taken down.
        Returns what was observed at the end.  Whatever fails is put back and raised;
        ``LeftBehind`` where something could not be put back.
        """
        doing = "down" if wanted is None else "up"
        records.save(replace(record, finished=False, doing=doing))
        journal = Journal(plan, record.lab, self.renderer)
        try:
            with _signals_interrupt():
                self._each(plan, journal)
                observed = look(self.machine, self.scope)
                self._prove(plan, record, wanted, observed)
                if wanted is not None:
                    self._keep(plan, record, wanted, observed)
        except (IplabError, KeyboardInterrupt) as error:
            with _signals_wait():
                self._put_back(plan, record, error)
            if isinstance(error, KeyboardInterrupt):
                raise Interrupted("interrupted; all was put back") from None
            raise
        finally:
            journal.close()
        if wanted is None:
            records.forget(record.lab)
        return observed

    def _keep(self, plan: Plan, record: Record, wanted: Network, observed: Network) -> None:
        claims = records.identified(plan.claims, observed)
        host = wanted.namespaces.get(HOST)
        relies = frozenset(Claim("sysctl", HOST, key) for key in (host.sysctls if host else ()))
        records.save(replace(record, claims=claims, relies=relies, finished=True))

    def _each(self, plan: Plan, journal: Journal) -> None:
        for piece in pieces(plan.steps, self.renderer):
            self.before_each(piece)
            journal.about_to(piece)
            operations = [step.operation for step in piece.steps]
            try:
                self.machine.run(piece.command)
            except CommandFailed as error:
                # What `ip` refuses it has not done; what did not answer may be done or not.
                failed = _failed_line(error, piece)
                self.done += operations if error.code is None else operations[:failed]
                raise _traced(error, piece, failed) from error
            except KeyboardInterrupt:
                self.done += operations
                raise
            self.done += operations
            journal.done(piece)

    def _prove(self, plan: Plan, record: Record, wanted: Network | None, observed: Network) -> None:
        if wanted is not None:
            mine = records.verified(Ownership(plan.claims), observed)
            different = compare(wanted, observed, mine)
        else:
            left = records.verified(Ownership(record.claims), observed).mine
            different = [
                Difference(c.node, str(c), "absent", "present")
                for c in left
                if _present(c, observed)
            ]
        if different:
            lines = "\n".join(f"  {d}" for d in different)
            raise IplabError(
                f"every command ended well, and yet the kernel says otherwise:\n{lines}"
            )

    # ------------------------------------------------------------ going back

    def _put_back(self, plan: Plan, record: Record, error: BaseException) -> None:
        """Lead the machine back to ``plan.before``; ``LeftBehind`` where that fails."""
        first = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        trouble: IplabError | None = None
        try:
            for piece in pieces(self._back(plan), self.renderer):
                self.machine.run(piece.command)
        except IplabError as second:
            trouble = second
        try:
            left = self._back(plan)
        except IplabError as second:
            raise LeftBehind(f"{first}\nand putting it back failed: {second}") from error
        if left:
            words = pieces(left, Renderer("direct"))
            commands = "\n".join(f"  {p.command.text}" for p in words)
            why = f" ({trouble})" if trouble else ""
            raise LeftBehind(
                f"{first}\nand not all could be put back{why}; these commands do it:\n{commands}"
            ) from error
        # On a full disk the unfinished record stays; what it claims is gone, so it does no harm.
        with suppress(IplabError):
            if record.claims:
                records.save(replace(record, finished=True))
            else:
                records.forget(record.lab)

    def _back(self, plan: Plan) -> list[Step]:
        now = look(self.machine, self.scope)
        return [Step(o, "put back") for o in way_back(plan.before, now, self.done)]


def _present(claim: Claim, observed: Network) -> bool:
    namespace = observed.namespaces.get(claim.node)
    if namespace is None or claim.kind == "sysctl":
        return False
    if claim.kind == "route":
        return any(str(route) == claim.name for route in namespace.routes)
    if claim.kind == "nat":
        return claim.name in namespace.nat
    return True  # netns and link: `verified` has looked


def _failed_line(error: CommandFailed, piece: Piece) -> int:
    """Which step of the piece failed, counted from 0 (`ip -batch` says `Command failed -:LINE`)."""
    said = re.search(r"^Command failed -:(\d+)$", error.output, re.MULTILINE)
    if not piece.command.lines or not said:
        return 0
    return min(int(said.group(1)), len(piece.steps)) - 1


def _traced(error: CommandFailed, piece: Piece, failed: int) -> CommandFailed:
    """The error with the lab file's line, and of a batch the one line that failed."""
    step = piece.steps[failed]
    command = error.command
    if piece.command.lines:
        head = piece.command.argv[:-2]
        command = Command((*head, *piece.command.lines[failed]), piece.command.node).text
    words = re.sub(r"^Command failed -:\d+\n?", "", error.output, flags=re.MULTILINE)
    return CommandFailed(command, error.code, words, where=step.origin, hint=_advice(words))


def _advice(words: str) -> str:
    if "Unknown device type" in words or "Operation not supported" in words:
        return "this kernel lacks it: iplab doctor"
    if "kind is unknown" in words:
        return (
            "this kernel lacks netem (delay, jitter, loss): iplab doctor; rate alone needs only tbf"
        )
    if "Operation not permitted" in words or "Permission denied" in words:
        return "run iplab as root"
    return ""


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP end a run as Ctrl-C does: between commands, and everything put back."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handlers(interrupt, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
        yield


@contextmanager
def _signals_wait() -> Iterator[None]:
    """No signal but SIGKILL cuts short the putting back."""
    with _handlers(signal.SIG_IGN, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
        yield


@contextmanager
def _handlers(
    handler: Callable[[int, FrameType | None], None] | signal.Handlers,
    numbers: Sequence[signal.Signals],
) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
