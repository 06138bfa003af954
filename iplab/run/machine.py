"""The edge: how a command becomes a process.

Commands of a plan, and every ``ip``, ``tc`` and ``bridge``, start with ``subprocess``; what runs
side by side by the hundred (fping too), with ``iplab.run.starter``: argv exactly as planned, no
shell.  Other programs that iplab itself needs (ping) start with ``sh``.
"""

from __future__ import annotations

import os
import stat
import subprocess
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cache
from typing import Any

from iplab.command import Command
from iplab.errors import CommandFailed, MissingProgram, UsageError
from iplab.run import interrupts
from iplab.run.netns import CannotEnter, entrance, standing_in
from iplab.run.running import Crowd, Finished
from iplab.run.starter import Start

# As root the first `ip` in a PATH that somebody else may write to is not to be trusted.
TRUSTED = ("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")
PACKAGES = {
    "ip": "iproute2",
    "tc": "iproute2",
    "bridge": "iproute2",
    "nft": "nftables",
    "ping": "iputils-ping",
    "rsvg-convert": "librsvg2-bin",
    "fping": "fping",
    "sysctl": "procps",
    "nsenter": "util-linux",
    "unshare": "util-linux",
}
NOT_STARTED = 126  # the exit code a shell gives a command that could not be started
NOT_ENTERED = 1  # that of nsenter(1) where there is no such namespace
PATIENCE = 2.0  # seconds an interrupted command may still take
TIMEOUT = 60.0  # seconds; the kernel answers in milliseconds, but for a lock that is held
TIMEOUT_SETTING = "IPLAB_TIMEOUT"  # an environment variable with other seconds
# They wait for the kernel's locks and grace periods, so more than there are cores.
AT_ONCE = 4 * (os.cpu_count() or 1)
BUSY_PAUSES = (0.05, 0.1, 0.2, 0.4)  # seconds between trying again to delete a busy namespace

# Files that a command keeps open as long as it runs.  The machine's lock is one: a command that
# outlives an iplab that was killed still changes the machine, and the next iplab must wait for it.
KEPT_OPEN: set[int] = set()


def find_program(name: str) -> str | None:
    """The absolute path of a program in a trusted directory, ``None`` where there is none.

    A directory, or a program, that everybody may write to is not to be trusted.
    """
    for directory in TRUSTED:
        path = os.path.join(directory, name)
        if os.access(path, os.X_OK):
            info = os.stat(path)
            open_to_all = (info.st_mode | os.stat(directory).st_mode) & stat.S_IWOTH
            if stat.S_ISREG(info.st_mode) and not open_to_all:
                return path
    return None


@cache
def program(name: str) -> str:
    """Like ``find_program``; ``MissingProgram`` says which package has it."""
    found = find_program(name)
    if found is None:
        package = PACKAGES.get(name, name)
        raise MissingProgram(
            f"{name} is not on this machine",
            hint=f"apt-get install {package}   (then: iplab doctor)",
        )
    return found


def environment() -> dict[str, str]:
    """A fixed locale, so that what programs say can be read; no colour from iproute2.

    And a PATH of trusted directories: `ip netns exec NODE sysctl` looks there for sysctl.
    """
    kept = dict(os.environ)
    for name in ("LANGUAGE", "COLORFGBG", "NETNS"):
        kept.pop(name, None)
    return kept | {"LC_ALL": "C", "PATH": ":".join(TRUSTED)}


def _timeout() -> float:
    text = os.environ.get(TIMEOUT_SETTING, "")
    try:
        seconds = float(text) if text else TIMEOUT
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 1e6:
        raise UsageError(f"{TIMEOUT_SETTING}={text}: it has to be a number of seconds")
    return seconds


def _end(process: subprocess.Popen[str]) -> None:
    """Let what runs finish what it is at; a change cut in two is worse than a wait."""
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _busy(command: Command, done: Finished) -> bool:
    """Whether somebody else has a namespace's file mounted, or looks at it, for a moment."""
    deletes = command.argv[:3] == ("ip", "netns", "del")
    return deletes and done.code != 0 and "Device or resource busy" in done.err


def _not_started(command: Command, error: Exception) -> CommandFailed:
    """As nsenter, or a shell, ends for no such namespace, no more processes, a NUL in a word."""
    code = NOT_ENTERED if isinstance(error, CannotEnter) else NOT_STARTED
    return CommandFailed(command.text, code, str(error))


Progress = Callable[[str, int], AbstractContextManager[Callable[[int], object]]]


@contextmanager
def quiet(what: str, count: int) -> Iterator[Callable[[int], object]]:
    """Progress that nobody is told of.

    Others take what is being done and how many there are, and are told each time how many more
    are done.
    """
    yield lambda more: None


class Machine:
    """Runs commands.  Each may take ``timeout`` seconds: 60, or what IPLAB_TIMEOUT says."""

    def __init__(self, timeout: float | None = None, progress: Progress = quiet) -> None:
        self.timeout = _timeout() if timeout is None else timeout
        self.progress = progress
        # As bytes, once: it is the same for each of a thousand processes.
        self._environment = tuple(os.fsencode(f"{k}={v}") for k, v in environment().items())

    def run(self, command: Command, *, ok: Sequence[int] = (0,)) -> Finished:
        """Run one command and wait; ``CommandFailed`` where its exit code is not in ``ok``.

        It has its own process group: Ctrl-C at the terminal is for iplab to answer, not for a
        command that is half way through a change.
        """
        pauses = iter(BUSY_PAUSES)
        while True:
            finished = self._once(command)
            if finished.code in ok:
                return finished
            pause = next(pauses, None) if _busy(command, finished) else None
            if pause is None:
                raise CommandFailed(command.text, finished.code, finished.err or finished.out)
            time.sleep(pause)

    def _once(self, command: Command) -> Finished:
        signals = interrupts.current()
        # Not before we can wait for it: it would run on while we put things back.
        signals.hold()
        try:
            process = self._popen(command)
        except BaseException:
            signals.release()
            raise
        told = False
        with process:
            try:
                signals.release()
                told = True
                out, err = process.communicate(command.stdin, timeout=self.timeout)
            except subprocess.TimeoutExpired:
                with signals.held():
                    process.kill()
                raise self._no_answer(command) from None
            except KeyboardInterrupt:
                if process.stdin and not told:  # half of a batch would end in half a line
                    process.stdin.close()
                _end(process)
                raise
        return Finished(process.returncode, out, err)

    def _start(self, command: Command) -> Start:
        """What a command becomes; ``MissingProgram``.

        What enters a namespace by nsenter's words is started in there by itself.
        """
        file, argv = entrance(command.argv)
        return Start(file, program(argv[0]), argv, self._environment, tuple(KEPT_OPEN))

    def _popen(self, command: Command) -> subprocess.Popen[str]:
        start = self._start(command)
        try:
            with standing_in(start.namespace):
                return subprocess.Popen(
                    start.argv,
                    executable=start.path,
                    stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    env=dict(word.split(b"=", 1) for word in start.environment),
                    process_group=0,
                    pass_fds=start.kept,
                )
        except (CannotEnter, OSError, ValueError) as error:
            raise _not_started(command, error) from None

    def _no_answer(self, command: Command) -> CommandFailed:
        return CommandFailed(
            command.text, None, f"no answer within {self.timeout:g} s", hint="iplab doctor"
        )

    def side_by_side(
        self, commands: Iterable[Command | None], *, at_once: int = 0
    ) -> Generator[tuple[int, Finished | CommandFailed], None, None]:
        """Run commands that do not depend on each other, ``at_once`` (0: ``AT_ONCE``) at a time.

        They start in their order.  Yields the number of each, from 0, when it has ended: as
        ``Finished`` whatever its exit code, as ``CommandFailed`` where it could not be started or
        did not answer.  A command is taken from ``commands`` only when it is its turn; whoever
        iterates may stop that from giving more.  ``None`` among them: nothing may start before
        another one has ended.  An interrupt, or a generator that is closed, waits for what runs.
        """
        crowd = Crowd()
        waiting = iter(commands)
        number = -1
        more = True
        try:
            while more or crowd:
                while more and len(crowd) < (at_once or AT_ONCE):
                    try:
                        command = next(waiting)
                    except StopIteration:
                        more = False
                        break
                    if command is None:
                        assert crowd, "nothing runs that could be waited for"
                        break
                    number += 1
                    crowd.add(number, command, self._start(command), self.timeout)
                for one, outcome in crowd.ended():
                    yield one.number, self._came_of(one.command, outcome)
        finally:
            crowd.disperse(PATIENCE)

    def _came_of(
        self, command: Command, outcome: Finished | Exception | None
    ) -> Finished | CommandFailed:
        if outcome is None:
            return self._no_answer(command)
        if isinstance(outcome, Exception):
            return _not_started(command, outcome)
        if not _busy(command, outcome):
            return outcome
        try:
            return self.run(command)
        except CommandFailed as error:
            return error

    def answers(
        self, commands: Sequence[Command], *, ok: Sequence[int] = (0,)
    ) -> Generator[tuple[int, Finished], None, None]:
        """Run commands that do not depend on each other; the number of each, and its answer.

        ``CommandFailed`` of the first one that ended with a code which is not in ``ok``.
        """
        with (
            self.progress("looking", len(commands)) as told,
            closing(self.side_by_side(commands)) as ending,
        ):
            for number, done in ending:
                if isinstance(done, CommandFailed):
                    raise done
                if done.code not in ok:
                    raise CommandFailed(commands[number].text, done.code, done.err or done.out)
                yield number, done
                told(1)

    def many(self, commands: Sequence[Command], *, ok: Sequence[int] = (0,)) -> list[Finished]:
        """Like ``answers``, in the order of the commands."""
        found = dict(self.answers(commands, ok=ok))
        return [found[number] for number in range(len(commands))]

    def other(
        self, argv: Sequence[str], *, stdin: str | None = None, timeout: float | None = None
    ) -> Finished:
        """Run a program that changes nothing (ping) by ``sh``; any exit code is fine."""
        import sh

        call: Any = sh.Command(program(argv[0]))
        options: Mapping[str, Any] = {
            "_tty_out": False,
            "_env": environment(),
            "_ok_code": list(range(256)),
            "_timeout": timeout or self.timeout,
            "_return_cmd": True,
            "_in": stdin,
        }
        try:
            done = call(*argv[1:], **options)
        except sh.TimeoutException:
            return Finished(124, "", f"no answer within {timeout or self.timeout:g} s")
        except sh.SignalException as error:
            return Finished(1, "", str(error))
        out, err = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        return Finished(done.exit_code, out, err)
