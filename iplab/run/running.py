"""Several processes that run side by side."""

from __future__ import annotations

import os
import select
import signal
import time

from msgspec import Struct

from iplab.command import Command
from iplab.run import interrupts
from iplab.run.starter import Start, Starter


class Finished(Struct, frozen=True):
    """A process that has ended: exit code, and what it wrote."""

    code: int
    out: str
    err: str


class Running:
    """A process that reads and writes files in memory, so that nobody has to feed it, or to empty a
    pipe, while the others are waited for.

    ``files`` are for its standard input, output and error.  Once it is ``started``, ``pidfd`` can
    be polled for its end, and ``until`` (of time.monotonic) is when its time is over.
    """

    def __init__(self, number: int, command: Command) -> None:
        self.number, self.command = number, command
        self.files = [os.memfd_create("iplab") for _ in range(3)]
        self._pid = 0
        self.pidfd = -1
        self.until = 0.0
        read = command.stdin
        try:
            if read:
                os.write(self.files[0], read.encode())
                os.lseek(self.files[0], 0, os.SEEK_SET)
        except BaseException:
            self.close()
            raise

    def started(self, pid: int, timeout: float) -> None:
        """It has been started as ``pid``, and has ``timeout`` seconds."""
        self._pid = pid
        try:
            self.pidfd = os.pidfd_open(pid)
        except OSError:  # too many open files: it cannot be waited for among others
            self._reap()
            self.close()
            raise
        self.until = time.monotonic() + timeout

    def finish(self) -> Finished:
        """What came of it, now that it has ended."""
        try:
            code = self._reap()
            return Finished(code, _whole(self.files[1]), _whole(self.files[2]))
        finally:
            self.close()

    def end(self, until: float) -> None:
        """Let it come to its end ``until`` then, and end it if it does not; let go of its files."""
        if self._pid:
            wait = select.poll()
            wait.register(self.pidfd, select.POLLIN)
            if not wait.poll(max(0.0, until - time.monotonic()) * 1000):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            self._reap()
        self.close()

    def close(self) -> None:
        """Let go of its files; it has ended, or was never started."""
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1
        for file in self.files:
            os.close(file)
        self.files.clear()

    def _reap(self) -> int:
        _, status = os.waitpid(self._pid, 0)  # a moment, where somebody traces it
        self._pid = 0
        return os.waitstatus_to_exitcode(status)


def _whole(file: int) -> str:
    size = os.fstat(file).st_size
    found = b""
    while len(found) < size:  # one read ends at 2 GiB
        found += os.pread(file, size - len(found), len(found))
    return found.decode(errors="replace")


class Crowd:
    """Processes that are being started, or run."""

    def __init__(self) -> None:
        self._starter: Starter | None = None
        self._poll = select.poll()
        self._starting: dict[int, tuple[Running, float]] = {}
        self._running: dict[int, Running] = {}

    def __len__(self) -> int:
        return len(self._starting) + len(self._running)

    def add(self, number: int, command: Command, start: Start, timeout: float) -> None:
        """One more, which has ``timeout`` seconds from its start on."""
        if self._starter is None:
            self._starter = Starter()
            self._poll.register(self._starter, select.POLLIN)
        one = Running(number, command)
        self._starting[number] = one, timeout
        self._starter.start(number, start, one.files)

    def ended(self) -> list[tuple[Running, Finished | Exception | None]]:
        """Wait for something to happen; what has ended, with what came of it.

        ``None`` for what did not answer in its time; of what could not be started the reason
        (``Starter.started``).
        """
        if not self:
            return []
        until = min((one.until for one in self._running.values()), default=None)
        wait = None if until is None else max(0.0, until - time.monotonic()) * 1000 + 1
        ready = {fd for fd, _ in self._poll.poll(wait)}
        # Whatever has been started is to be known of when an interrupt ends it all.
        with interrupts.current().held():
            return self._sorted(ready)

    def _sorted(self, ready: set[int]) -> list[tuple[Running, Finished | Exception | None]]:
        assert self._starter is not None
        ended: list[tuple[Running, Finished | Exception | None]] = []
        if self._starter.fileno() in ready:
            ready.remove(self._starter.fileno())
            ended += self._met(self._starter.started())
        for pidfd in ready:
            one = self._leave(pidfd)
            ended.append((one, one.finish()))
        now = time.monotonic()
        for one in [one for one in self._running.values() if one.until <= now]:
            self._leave(one.pidfd).end(now)
            ended.append((one, None))
        return ended

    def disperse(self, patience: float) -> None:
        """Start no more, and wait ``patience`` seconds for what runs."""
        try:
            if self._starter is not None:
                self._met(self._starter.close())
        finally:
            for one, _ in self._starting.values():
                one.close()
            until = time.monotonic() + patience
            for one in self._running.values():
                one.end(until)

    def _met(self, started: list[tuple[int, int | Exception]]) -> list[tuple[Running, Exception]]:
        """Those that could not be started; the others run."""
        refused: list[tuple[Running, Exception]] = []
        trouble: OSError | None = None
        for number, came in started:
            one, timeout = self._starting.pop(number)
            if isinstance(came, Exception):
                one.close()
                refused.append((one, came))
                continue
            try:
                one.started(came, timeout)
            except OSError as error:  # the others are to be known of all the same
                trouble = trouble or error
                continue
            self._running[one.pidfd] = one
            self._poll.register(one.pidfd, select.POLLIN)
        if trouble is not None:
            raise trouble
        return refused

    def _leave(self, pidfd: int) -> Running:
        self._poll.unregister(pidfd)
        return self._running.pop(pidfd)
