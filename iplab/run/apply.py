"""Running a plan: journal, command, proof; and on failure everything put back."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress

from msgspec import Struct, field
from msgspec.structs import replace

from iplab.claims import Claim, concerns, made_by, netns
from iplab.command import Command
from iplab.draft import Draft
from iplab.errors import CannotApply, CommandFailed, Interrupted, IplabError, LeftBehind
from iplab.names import HOST
from iplab.network import MANY, Network
from iplab.observe import Seen
from iplab.operations import DeleteNamespace, Operation
from iplab.plan.back import way_back
from iplab.plan.planner import Plan, Step
from iplab.render import Piece, Pieces, Renderer, pieces, waits
from iplab.run import interrupts, owners, records
from iplab.run.failed import advice, failed_line, gone_already, traced
from iplab.run.journal import Journal, identity
from iplab.run.look import Scope, heard, look
from iplab.run.machine import Machine
from iplab.run.netns import namespace_identity
from iplab.run.proof import look_after, prove
from iplab.run.records import Record
from iplab.run.running import Finished
from iplab.run.turns import Turns

PAUSES = (0.0, 0.1, 0.5)  # seconds ahead of each attempt to put things back


class Runner(Struct):
    """One run: the machine, the words, where to look, and who is told before each process."""

    machine: Machine
    renderer: Renderer
    scope: Scope
    before_each: Callable[[Piece], None] = lambda piece: None
    done: list[Operation] = field(default_factory=list)
    made: dict[Claim, str] = field(default_factory=dict)  # what it is known by
    answers: dict[str, Seen] = field(default_factory=dict)  # what nodes' batches said at their end

    def run(self, plan: Plan, found: Pieces, record: Record, wanted: Network | None) -> Network:
        """Run ``plan``, verify it, and keep the lab's record true all the while.

        ``found`` are its processes: what was shown is what runs.
        ``wanted`` is what the machine must hold afterwards; ``None`` when the lab is taken down.
        Returns what was observed at the end.  Whatever fails is put back and raised;
        ``LeftBehind`` where something could not be put back.
        """
        with interrupts.listening() as signals:
            journal = None
            try:
                try:
                    journal = self._begin(plan, record, wanted)
                    self._each(plan, found, journal, must_note=wanted is not None)
                    observed = look_after(self.machine, self.scope, plan, self.answers)
                    self._prove(plan, record, wanted, observed)
                    signals.deaf = True  # it is done, and only has to be noted
                    if wanted is not None:
                        self._keep(plan, record, wanted, observed)
                except BaseException:
                    signals.deaf = True
                    raise
            # Whatever it is, what was begun is put back first.
            except BaseException as error:
                signals.deaf = True
                self._put_back(plan, record, error, journal)
                if isinstance(error, KeyboardInterrupt):
                    raise Interrupted("interrupted; all was put back") from None
                raise
            finally:
                if journal is not None:
                    journal.close()
            if wanted is None:
                records.forget(record.lab)
        return observed

    def _begin(self, plan: Plan, record: Record, wanted: Network | None) -> Journal | None:
        """The record says what is under way; from here on the journal says how far it is.

        A full disk does not keep a lab from being taken down: the record names all that is the
        lab's already, and what is gone is no claim any more.
        """
        doing = "down" if wanted is None else "up"
        try:
            records.save(replace(record, finished=False, doing=doing))
            return Journal(plan, record.lab, self.renderer)
        except IplabError:
            if wanted is not None:
                raise
            return None

    def _keep(self, plan: Plan, record: Record, wanted: Network, observed: Network) -> None:
        # Of a setting that was not known ahead of the run, what it was before it was set.
        known = {claim: it or self.made.get(claim, "") for claim, it in plan.claims.items()}
        claims = owners.identified(known, observed)
        host = wanted.namespaces.get(HOST)
        relies = frozenset(Claim("sysctl", HOST, key) for key in (host.sysctls if host else ()))
        records.save(replace(record, claims=claims, relies=relies, finished=True))

    def _each(self, plan: Plan, found: Pieces, journal: Journal | None, *, must_note: bool) -> None:
        """Every piece of the plan, each as soon as what it waits for has ended.

        Where one fails no more are started; those that run come to their end, and the first
        failure is the one that is raised.
        """
        turns = Turns()
        started: list[tuple[Piece, int]] = []
        unnoted = () if must_note else (IplabError,)
        failure: IplabError | None = None

        def begun(piece: Piece, number: int) -> Command:
            self.before_each(piece)
            self._still_the_same(plan, piece)
            if journal is not None:
                with suppress(*unnoted):
                    journal.about_to(piece)
            # Ahead of it: from here on an interrupt may come when it has run already.
            self.done += [step.operation for step in piece.steps]
            started.append((piece, number))
            return piece.command

        def commands() -> Iterator[Command | None]:
            if found.first is None:
                return
            # It waits for nothing, and runs while the others are worded.
            turns.add([()])
            turns.take()
            yield begun(found.first, 0)
            turns.add(waits(found.all, self.renderer)[1:])
            while failure is None and len(started) < len(found.all):
                number = turns.take()
                yield None if number is None else begun(found.all[number], number)

        # A hundred commands are soon done by a few processes.
        long = self.renderer.style != "batch" or len(self.scope.nodes) > MANY
        with (
            self.machine.progress("changing", len(plan.steps) if long else 0) as told,
            closing(self._outcomes(commands())) as ending,
        ):
            for place, done in ending:
                piece, number = started[place]
                told(len(piece.steps))
                try:
                    self._ended(piece, done)
                    if journal is not None:
                        with suppress(*unnoted):
                            self.made |= journal.done(piece)
                except IplabError as error:
                    failure = failure or error
                turns.ended(number)
        if failure is not None:
            raise failure

    def _ended(self, piece: Piece, done: Finished | CommandFailed) -> None:
        """What came of a process whose operations are in ``done`` already."""
        if isinstance(done, Finished):
            if done.code == 0:
                if piece.asks:
                    node = piece.command.node
                    self.answers[node] = heard(node, namespace_identity(node), done.out)
                return
            done = CommandFailed(piece.command.text, done.code, done.err or done.out)
        failed = failed_line(done, piece)
        if failed is None or failed >= len(piece.steps):  # each of the lines may be done or not
            raise CommandFailed(done.command, done.code, done.output, hint=advice(done.output))
        rest = piece.steps[failed:]
        if gone_already(rest[0].operation, done):
            for other in pieces(rest[1:], self.renderer):
                self._ended(other, self._alone(other.command))
            return
        # What `ip` refuses it has not done; what did not answer may be done or not.
        if done.code is not None:
            undone = {id(step.operation) for step in rest}
            self.done = [o for o in self.done if id(o) not in undone]
        raise traced(done, piece, failed) from done

    def _outcomes(
        self, commands: Iterator[Command | None]
    ) -> Generator[tuple[int, Finished | CommandFailed], None, None]:
        if self.renderer.style == "batch":
            yield from self.machine.side_by_side(commands)
            return
        for number, command in enumerate(commands):
            assert command is not None  # one after the other, there is nothing to wait for
            yield number, self._alone(command)

    def _alone(self, command: Command) -> Finished | CommandFailed:
        try:
            return self.machine.run(command)
        except CommandFailed as error:
            return error

    def _still_the_same(self, plan: Plan, piece: Piece) -> None:
        """Refuse to go on in a namespace that somebody has put in the place of the one we know."""
        for node in sorted(piece.nodes):
            was = plan.before.namespaces.get(node)
            known = self.made.get(netns(node)) or (was.identity if was else None)
            if known and namespace_identity(node) not in ("", known):
                raise IplabError(f"somebody has replaced namespace {node} in the middle")

    def _prove(self, plan: Plan, record: Record, wanted: Network | None, observed: Network) -> None:
        theirs = self._replaced(plan)
        if theirs:
            what = ", ".join(map(str, sorted(theirs)))
            raise IplabError(f"somebody has replaced {what} in the middle")
        prove(plan, record, wanted, observed)

    # ------------------------------------------------------------ going back

    def _put_back(
        self, plan: Plan, record: Record, error: BaseException, journal: Journal | None
    ) -> None:
        """Lead the machine back to ``plan.before``; ``LeftBehind`` where that fails."""
        first = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        trouble: IplabError | None = None
        for pause in PAUSES:
            time.sleep(pause)
            try:
                way = self._back(plan, look(self.machine, self.scope))
                for piece in pieces(way, self.renderer):
                    self._run_back(piece, journal)
            except IplabError as second:
                trouble = second
                # What the kernel is still at (the end of a namespace, say) was seen and is gone
                # when its turn comes: look again.  What does not answer will not do so now.
                if isinstance(second, CommandFailed) and second.code is not None:
                    continue
            break
        try:
            left = self._back(plan, look(self.machine, self.scope))
        except IplabError as second:
            trouble = second
            left = self._back(plan, self._projected(plan))
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
                # What was removed and made again is known by other numbers now.
                claims = {c: self.made.get(c) or known for c, known in record.claims.items()}
                records.save(replace(record, claims=claims, finished=True))
            else:
                records.forget(record.lab)

    def _run_back(self, piece: Piece, journal: Journal | None) -> None:
        """One command of the way back.  It runs also where it cannot be noted any more."""
        if journal is not None:
            with suppress(IplabError):
                journal.about_to_undo(piece)
        try:
            self.machine.run(piece.command)
        except CommandFailed as error:
            # What did not answer, or did half a batch, may have made something: it is ours.
            if error.code is None or len(piece.steps) > 1:
                self._note_made(piece)
            # In a batch the others are for the next attempt.
            if len(piece.steps) > 1 or not gone_already(piece.steps[0].operation, error):
                raise
        self._note_made(piece)
        if journal is not None:
            with suppress(IplabError):
                self.made |= journal.done(piece)

    def _note_made(self, piece: Piece) -> None:
        """Know again what the piece made, also where the journal cannot say so."""
        for step in piece.steps:
            self.made |= {c: it for c in made_by(step.operation) if (it := identity(c))}

    def _back(self, plan: Plan, now: Network) -> list[Step]:
        theirs = self._replaced(plan)
        done = [o for o in self.done if not theirs & concerns(o)]
        return [Step(o, "put back") for o in way_back(plan.before, now, done)]

    def _replaced(self, plan: Plan) -> set[Claim]:
        """What we made, and somebody has since put something of theirs in the place of."""
        known = {c: it for c, it in self.made.items() if it and c.kind in ("netns", "link")}
        for operation in self.done:
            if isinstance(operation, DeleteNamespace):  # of that name only the one we knew was ours
                was = plan.before.namespaces.get(operation.name)
                if was is not None and was.identity:
                    known.setdefault(netns(operation.name), was.identity)
        return {claim for claim, it in known.items() if identity(claim) not in ("", it)}

    def _projected(self, plan: Plan) -> Network:
        """What must be there by now, where the machine does not answer."""
        draft = Draft(plan.before)
        for operation in self.done:
            with suppress(CannotApply):
                operation.change(draft)
        return draft.freeze()
