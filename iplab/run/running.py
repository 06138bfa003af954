"""One of several processes that run side by side."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable

from msgspec import Struct

from iplab.command import Command


class Finished(Struct, frozen=True):
    """A process that has ended: exit code, and what it wrote."""

    code: int
    out: str
    err: str


class Running:
    """A process that reads and writes files in memory, so that nobody has to feed it, or to empty a
    pipe, while the others are waited for.

    ``start`` takes the command and its standard input, output and error; ``timeout`` is in seconds.
    ``until`` (of time.monotonic) is when its time is over; ``pidfd`` can be polled for its end.
    """

    def __init__(
        self,
        number: int,
        command: Command,
        start: Callable[[Command, int, int, int], subprocess.Popen[str]],
        timeout: Callable[[], float],
    ) -> None:
        self.number, self.command = number, command
        self._files = [os.memfd_create("iplab") for _ in range(3)]
        stdin, stdout, stderr = self._files
        try:
            read = command.stdin
            if read:
                os.write(stdin, read.encode())
                os.lseek(stdin, 0, os.SEEK_SET)
            self.process = start(command, stdin, stdout, stderr)
        except BaseException:
            self._close_files()
            raise
        self.until = time.monotonic() + timeout()
        self.pidfd = os.pidfd_open(self.process.pid)

    def finish(self) -> Finished:
        """What came of it, now that it has ended."""
        try:
            code = self.process.wait()  # a moment, where somebody traces it
            return Finished(code, _whole(self._files[1]), _whole(self._files[2]))
        finally:
            self.close()

    def close(self) -> None:
        """End it if it runs, and let go of its files."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.pidfd)
        self._close_files()

    def _close_files(self) -> None:
        for file in self._files:
            os.close(file)


def _whole(file: int) -> str:
    size = os.fstat(file).st_size
    found = b""
    while len(found) < size:  # one read ends at 2 GiB
        found += os.pread(file, size - len(found), len(found))
    return found.decode(errors="replace")
