"""Starting many programs: posix_spawn(3) in a thread of its own.

Whoever starts a program is held up until the kernel has loaded it (vfork(2)), and ``subprocess``
keeps Python's lock all that while: with an `ip` for each of a thousand nodes that is a third of the
time.  ctypes lets go of the lock, so iplab reads and notes answers meanwhile.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import threading
from collections.abc import Collection, Iterable, Sequence
from functools import cache, lru_cache
from queue import Empty, SimpleQueue
from typing import Final

from msgspec import Struct

from iplab.run.netns import standing_in


class Start(Struct, frozen=True):
    """What becomes a process.

    ``namespace`` is the file of the network namespace it is born in (``None``: this one); ``path``
    the program's; ``environment`` the words NAME=VALUE; ``kept`` are descriptors that stay open as
    long as it runs.
    """

    namespace: str | None
    path: str
    argv: Sequence[str]
    environment: tuple[bytes, ...]
    kept: Collection[int] = ()


class Starter:
    """A thread that starts one program after the other, in the order they are given.

    ``fileno`` can be polled: it is readable when ``started`` has something to say.  ``OSError``
    where there can be no thread.
    """

    def __init__(self) -> None:
        self._orders: SimpleQueue[tuple[int, Start, Sequence[int]] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[int, int | Exception]] = SimpleQueue()
        self._bell = os.eventfd(0)
        self._thread = threading.Thread(target=self._work, name="starter", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # the user may have no more of them (RLIMIT_NPROC)
            os.close(self._bell)
            raise OSError(errno.EAGAIN, str(error)) from error

    def fileno(self) -> int:
        """What is readable when something has been started."""
        return self._bell

    def start(self, number: int, what: Start, files: Sequence[int]) -> None:
        """Start it as soon as may be, with ``files`` as its standard input, output and error."""
        self._orders.put((number, what, files))

    def started(self) -> list[tuple[int, int | Exception]]:
        """The numbers of those that were started since the last time, each with its process id.

        Or with what was in the way: ``CannotEnter``, ``OSError``, ``ValueError`` (a NUL in a word).
        """
        os.eventfd_read(self._bell)
        return self._said()

    def close(self) -> list[tuple[int, int | Exception]]:
        """Start no more; what was still started, like ``started``."""
        while True:
            try:
                self._orders.get_nowait()
            except Empty:
                break
        self._orders.put(None)
        self._thread.join()
        os.close(self._bell)
        return self._said()

    def _said(self) -> list[tuple[int, int | Exception]]:
        said = []
        while True:
            try:
                said.append(self._done.get_nowait())
            except Empty:
                return said

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            number, what, files = order
            came: int | Exception
            try:
                with standing_in(what.namespace):
                    came = spawn(what, files)
            except Exception as error:
                came = error
            self._done.put((number, came))
            os.eventfd_write(self._bell, 1)


# spawn.h of glibc and musl; what their structs need is less than a kilobyte.
_SETPGROUP: Final = 0x02
_SETSIGDEF: Final = 0x04
_ROOM: Final = 1024
# Python ignores these; a program is to have them as it expects them (`restore_signals` of
# subprocess.Popen).
_PYTHONS_OWN: Final = (signal.SIGPIPE, signal.SIGXFSZ)


def spawn(what: Start, files: Sequence[int]) -> int:
    """Start a program in a process group of its own; its process id, for ``os.waitpid``.

    ``files`` are its standard input, output and error (none of them is 0, 1 or 2 here); of the
    others it has those of ``what.kept`` alone.  ``OSError`` where the kernel refuses,
    ``ValueError`` for a word with a NUL.
    """
    libc, attributes = _libc(), _attributes()
    actions = ctypes.create_string_buffer(_ROOM)
    _must(libc.posix_spawn_file_actions_init(actions))
    try:
        # They move up, lowest first, so that none is overwritten before its turn.
        own = (*files, *sorted(what.kept))
        for number, file in enumerate(own):
            _must(libc.posix_spawn_file_actions_adddup2(actions, file, number))
        # From glibc 2.34 on.  Without it a program also has what whoever started iplab left open;
        # what Python opens is closed on exec (PEP 446).
        if hasattr(libc, "posix_spawn_file_actions_addclosefrom_np"):
            _must(libc.posix_spawn_file_actions_addclosefrom_np(actions, len(own)))
        pid = ctypes.c_int()
        argv = _words(map(os.fsencode, what.argv))
        environment = _same_words(what.environment)
        path = os.fsencode(what.path)
        _must(libc.posix_spawn(ctypes.byref(pid), path, actions, attributes, argv, environment))
    finally:
        libc.posix_spawn_file_actions_destroy(actions)
    return pid.value


def _must(error: int) -> None:
    """These functions return what others leave in errno."""
    if error:
        raise OSError(error, os.strerror(error))


def _words(words: Iterable[bytes]) -> ctypes.Array[ctypes.c_char_p]:
    found = list(words)
    if any(b"\0" in word for word in found):
        raise ValueError("a word has a NUL in it")
    return (ctypes.c_char_p * (len(found) + 1))(*found, None)


_same_words = lru_cache(maxsize=1)(_words)  # all programs have the same environment


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


@cache
def _attributes() -> ctypes.Array[ctypes.c_char]:
    """A process group of its own, and the signals that Python ignores as they are by default."""
    libc = _libc()
    attributes = ctypes.create_string_buffer(_ROOM)
    signals = ctypes.create_string_buffer(_ROOM)
    _must(libc.posix_spawnattr_init(attributes))
    _must(libc.posix_spawnattr_setflags(attributes, ctypes.c_short(_SETPGROUP | _SETSIGDEF)))
    _must(libc.posix_spawnattr_setpgroup(attributes, 0))
    libc.sigemptyset(signals)
    for number in _PYTHONS_OWN:
        libc.sigaddset(signals, number)
    _must(libc.posix_spawnattr_setsigdefault(attributes, signals))
    return attributes
