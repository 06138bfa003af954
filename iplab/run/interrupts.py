"""The signals that end a run: the first one interrupts it, all others wait until it is over.

Ctrl-C, a SIGTERM and a closed terminal (SIGHUP) end a run in the same way, and everything is put
back.  While that goes on, and once the work is done and only has to be noted, none is heard: only
SIGKILL cuts those short, and then there is the journal.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Turns the first signal into a ``KeyboardInterrupt``, unless it is ``deaf``."""

    def __init__(self) -> None:
        self.deaf = False
        self._held = False
        self._pending = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Python's hook for a signal."""
        if self.deaf:
            return
        if self._held:
            self._pending = True
            return
        self.deaf = True
        raise KeyboardInterrupt

    def hold(self) -> None:
        """Put a signal off: what follows must not be torn in two (starting a process)."""
        self._held = True

    def release(self) -> None:
        """A signal that was put off comes now."""
        self._held = False
        if self._pending and not self.deaf:
            self.deaf = True
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal that comes inside is put off to the end."""
        self.hold()
        try:
            yield
        finally:
            self._held = False
        self.release()


_nobody = Interrupts()
_current = _nobody


def current() -> Interrupts:
    """What the present run listens with.  Python hears signals in the main thread only."""
    return _current if threading.current_thread() is threading.main_thread() else Interrupts()


@contextmanager
def listening() -> Iterator[Interrupts]:
    """For the time of one run.

    A signal that whoever started iplab has it ignore is not heard either: SIGHUP below nohup(1),
    SIGINT of a shell's job in the background.
    """
    global _current
    _current = it = Interrupts()
    heard = [number for number in NUMBERS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, it) for number in heard}
    try:
        yield it
    finally:
        for number, old in before.items():
            signal.signal(number, old)
        _current = _nobody
