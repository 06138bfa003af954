"""A pretended kernel: each ioctl that a program makes is answered here instead.

It is for devices that this kernel cannot make (tunnels, radios, cards with registers): what two
programs ask for can still be held against each other.  seccomp hands each ioctl to us
(seccomp_unotify(2)); we look into the program's memory and say what becomes of it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import select
import socket
import struct
import subprocess
from collections.abc import Callable, Sequence

from tests.kernel.snapshots import ENV

# The numbers of ioctl(2) and of seccomp(2).
_NUMBERS = {"x86_64": (16, 317), "aarch64": (29, 277)}
_NO_NEW_PRIVS = 38  # prctl(2)
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND
_CONTINUE = 1  # SECCOMP_USER_NOTIF_FLAG_CONTINUE: let the real kernel answer
_NOTIFY, _ALLOW = 0x7FC00000, 0x7FFF0000
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_LIBC = ctypes.CDLL(None, use_errno=True)


class Memory:
    """The memory of the program that asks."""

    def __init__(self, pid: int) -> None:
        self._fd = os.open(f"/proc/{pid}/mem", os.O_RDWR)

    def read(self, at: int, size: int) -> bytes:
        """Some bytes of it."""
        return os.pread(self._fd, size, at)

    def write(self, at: int, data: bytes) -> None:
        """Change some."""
        os.pwrite(self._fd, data, at)

    def name(self, at: int) -> str:
        """A device's name, with which an ``ifreq`` begins."""
        return self.read(at, 16).partition(b"\0")[0].decode()

    def pointer(self, at: int) -> int:
        """An address that stands in it."""
        return int(struct.unpack("Q", self.read(at, 8))[0])

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)


# (request, memory, the ioctl's argument) → 0, an errno, or None: ask the real kernel.
Handler = Callable[[int, Memory, int], int | None]


def why_not() -> str:
    """Why no kernel can be pretended here; empty: it can."""
    if platform.machine() not in _NUMBERS:
        return f"the system calls' numbers of {platform.machine()} are not known here"
    return "" if os.geteuid() == 0 else "to look into another program's memory takes root"


def run(argv: Sequence[str], handler: Handler) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, each ioctl of it (and of its children) answered by ``handler``."""
    mine, its = socket.socketpair()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENV,
        preexec_fn=lambda: _hand_over(its),
    )
    its.close()
    _, (listener,), _, _ = socket.recv_fds(mine, 1, 1)
    mine.close()
    while _answer(listener, handler):
        pass
    os.close(listener)
    out, err = process.communicate(timeout=30)
    return subprocess.CompletedProcess(argv, process.returncode, out, err)


def _hand_over(channel: socket.socket) -> None:
    """In the child: from here on, ioctls go to whoever holds the listener, which is sent away."""
    ioctl, seccomp = _NUMBERS[platform.machine()]
    steps = [
        (_LOAD, 0, 0, 0),  # the system call's number
        (_JUMP_IF_EQUAL, 0, 1, ioctl),
        (_RETURN, 0, 0, _NOTIFY),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    )
    if _LIBC.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    listener = _LIBC.syscall(seccomp, _SET_MODE_FILTER, _NEW_LISTENER, program)
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    socket.send_fds(channel, [b"+"], [listener])
    os.close(listener)  # else it would never be seen to end


def _answer(listener: int, handler: Handler) -> bool:
    """Answer one ioctl; False where nobody is left to ask."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    ((_, event),) = poll.poll()
    if not event & select.POLLIN:
        return False
    notice = bytearray(80)
    fcntl.ioctl(listener, _RECEIVE, notice)
    number, pid = struct.unpack_from("QI", notice)
    request, argument = struct.unpack_from("xxxxxxxxIxxxxQ", notice, 16 + 16)
    memory = Memory(pid)
    try:
        error = handler(request, memory, argument)
    finally:
        memory.close()
    flags = _CONTINUE if error is None else 0
    value = -1 if error else 0
    fcntl.ioctl(listener, _SEND, struct.pack("QqiI", number, value, -(error or 0), flags))
    return True
