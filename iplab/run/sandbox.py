"""Sandboxes: a user, network and mount namespace of one's own, so that no root is needed.

A holder process (`sleep`) keeps the namespaces; later commands find it again and enter.  Inside,
this user is root, /run is an empty tmpfs, and ``host`` is the sandbox's own network namespace:
the same plans and the same commands run there, and nothing of the real machine is touched.  When
the holder ends (and what was started inside), the kernel takes everything away.

Sources: user_namespaces(7), unshare(1), nsenter(1).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from iplab import names
from iplab.errors import IplabError
from iplab.run import noted
from iplab.run.machine import TRUSTED, environment, program
from iplab.run.netns import namespaces
from iplab.run.noted import Holder
from iplab.run.process import lives, started
from iplab.run.records import state_directory
from iplab.run.uplink import connect

DEFAULT = "default"
INSIDE = "IPLAB_SANDBOX"  # set in everything that runs in a sandbox: its name
HOLDER = "IPLAB_SANDBOX_HOLDER"  # and the holder's process number, where there is one
DOOR = "IPLAB_SANDBOX_DOOR"  # on the way in: the open file that holds the lock, see `staying`

# What makes a fresh sandbox usable ($0 is the PATH for it); then "$@" takes the shell's place.
_PREPARE = (
    "(PATH=$0 && mount -t tmpfs -o mode=755,nosuid,nodev iplab /run && mkdir /run/netns && "
    'ip link set dev lo up) && exec "$@"'
)
# The holder's stdin is the writing end of a pipe that nobody else writes to: who reads there learns
# when the holder has ended.  It is the sandbox's door as well: see `staying`.
_HOLD = "echo ready; exec sleep infinity >/dev/null 2>&1"
PATIENCE = 10.0  # seconds a holder may take to come up or to end


def inside() -> str | None:
    """The name of the sandbox this process is in, ``None`` on the real machine."""
    return os.environ.get(INSIDE)


def holders() -> list[Holder]:
    """The sandboxes of this user that are running; files of ended ones are removed."""
    with noted.locked():
        return noted.holders()


def enter(name: str, *, keep: bool, uplink: bool = False) -> NoReturn:
    """Run this very command again inside the sandbox ``name``; does not return.

    Where it is not running, ``keep`` starts it with a holder; otherwise it lasts as long as the
    command.  ``uplink`` gives its host the internet, where it has not.  Raises ``IplabError`` with
    the setting to change where the machine forbids a sandbox.
    """
    names.node(name)  # it becomes a file name
    again = _again()
    env = {**os.environ, INSIDE: name}
    with noted.locked():  # up to the execve: two at once start one holder
        holder, door = _found(name)
        new = holder is None and keep
        if new:
            _must_be_allowed()
            holder = start(name)
            door = _door(holder.pid)
        try:
            if holder is None:
                _must_be_allowed()
                argv = [*_unshare(), *_prepared(again)]
            else:
                if uplink:
                    connect(holder.pid)
                env[HOLDER] = str(holder.pid)
                if door is None:
                    raise IplabError(f"the holder of sandbox {name} has ended", hint="try again")
                os.set_inheritable(door, True)
                env[DOOR] = str(door)
                into = ("--user", "--net", "--mount", "--preserve-credentials")
                argv = ["nsenter", "--target", str(holder.pid), *into, "--", *again]
            os.execve(program(argv[0]), argv, env)
        except BaseException:
            if new and holder is not None:
                _end(holder)
            raise


def start(name: str) -> Holder:
    """Start a sandbox with a holder that outlives this command (what is noted is locked)."""
    far, near = os.pipe()
    os.close(far)
    process = subprocess.Popen(
        [*_unshare(), *_prepared(("sh", "-c", _HOLD))],
        executable=program("unshare"),
        stdin=near,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env=environment() | {INSIDE: name},
        start_new_session=True,
    )
    os.close(near)
    try:
        ready = process.stdout.readline() if process.stdout else ""
        if ready.strip() != "ready":
            _, said = process.communicate()
            raise IplabError(f"a sandbox could not be made: {said.strip()}", hint="iplab doctor")
        holder = Holder(name, process.pid, started(process.pid))
        noted.note(holder)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return holder


def stop(holder: Holder) -> None:
    """End a sandbox, and with it every process that was started in it."""
    with noted.locked():
        _end(holder)


@contextlib.contextmanager
def staying() -> Iterator[None]:
    """From inside: for the time of one command its sandbox is kept, and an empty one then ends.

    Who is inside holds a shared lock on the holder's door, so that nobody else takes the sandbox
    for an empty one before anything is there.  A program that this command becomes (execve) does
    not hold it: the sandbox ends with its last lab.
    """
    door = _arrived()
    try:
        yield
    finally:
        # What cannot be looked at, or is gone, is not ended.
        with contextlib.suppress(IplabError, OSError):
            _leave(door)
        if door is not None:
            os.close(door)


def _arrived() -> int | None:
    handed, holder = os.environ.pop(DOOR, ""), os.environ.get(HOLDER, "")
    if handed.isdecimal():
        with contextlib.suppress(OSError):
            os.set_inheritable(int(handed), False)
            return int(handed)
    return _door(int(holder)) if holder.isdecimal() else None


def _leave(door: int | None) -> None:
    """End the holder once nobody else is inside, and no lab and no named namespace is left."""
    if door is None:
        return
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if namespaces() or any(state_directory().glob("*.json")):
            return
        pid = int(os.environ[HOLDER])
        holder = os.pidfd_open(pid)
        try:
            # The number may be another's by now: of a shell that outlived its sandbox.
            if os.stat(f"/proc/{pid}/ns/user").st_ino == os.stat("/proc/self/ns/user").st_ino:
                signal.pidfd_send_signal(holder, signal.SIGKILL)
                # Until then nobody gets in: who waits at the door is to see that it has ended.
                select.select([holder], [], [], PATIENCE)
        finally:
            os.close(holder)


def forbidden() -> tuple[str, str] | None:
    """Why this machine does not let this user make user namespaces: the setting and what mends it.

    ``None`` where it does.  Only asked of settings that can be read; the trial is unshare(1)'s.
    """
    settings = (
        ("/proc/sys/user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=10000"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0",
         "sysctl -w kernel.unprivileged_userns_clone=1"),
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
         "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
    )  # fmt: skip
    trial = subprocess.run(
        [*_unshare(), "true"],
        executable=program("unshare"),
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    if trial.returncode == 0:
        return None
    for path, value, mend in settings:
        with contextlib.suppress(OSError):
            if Path(path).read_text().strip() == value:
                setting = path.removeprefix("/proc/sys/").replace("/", ".")
                return f"{setting} = {value} forbids user namespaces", f"sudo {mend}"
    said = trial.stderr.strip().removeprefix("unshare: ")
    return (
        f"user namespaces are not to be had here ({said}): a container's seccomp or AppArmor "
        "profile may forbid them",
        "run the container with --security-opt seccomp=unconfined, or iplab as root",
    )


def _must_be_allowed() -> None:
    reason = forbidden()
    if reason is not None:
        raise IplabError(f"no sandbox: {reason[0]}", hint=reason[1])


def _found(name: str) -> tuple[Holder | None, int | None]:
    """The holder of a sandbox that is running, and its door; its file is locked."""
    holder = next((one for one in noted.holders() if one.name == name), None)
    door = _door(holder.pid) if holder is not None else None
    if holder is not None and door is not None and lives(holder.pid, holder.started):
        return holder, door
    if door is not None:
        os.close(door)
    return None, None


def _door(pid: int) -> int | None:
    """The holder's stdin with a shared lock on it (flock(2)); ``None`` where it has ended.

    It waits for who is ending the holder.  The lock is the pipe's: a later holder has another one.
    """
    try:
        door = os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    fcntl.flock(door, fcntl.LOCK_SH)
    return door


def _end(holder: Holder) -> None:
    try:
        space = os.stat(f"/proc/{holder.pid}/ns/user").st_ino
    except OSError:
        return
    for pid in _living_in(space):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while lives(holder.pid, holder.started) and time.monotonic() < until:
        time.sleep(0.01)
    if lives(holder.pid, holder.started):
        raise IplabError(f"the holder of sandbox {holder.name} (process {holder.pid}) does not end")
    noted.holders()  # its file goes


def _unshare() -> list[str]:
    return ["unshare", "--user", "--map-root-user", "--net", "--mount", "--"]


def _prepared(argv: Sequence[str]) -> list[str]:
    return [program("sh"), "-c", _PREPARE, ":".join(TRUSTED), *argv]


def _again() -> list[str]:
    """This command once more: the same Python, the same iplab, the same directory and words."""
    code = (
        "import os, sys; sys.path.insert(0, sys.argv.pop(1)); os.chdir(sys.argv.pop(1)); "
        "from iplab.__main__ import main; main()"
    )
    root = str(Path(__file__).resolve().parents[2])
    try:
        here = os.getcwd()
    except OSError as error:
        raise IplabError(
            f"the directory this runs in: {error.strerror}", hint="cd, to one that is there"
        ) from error
    return [sys.executable, "-P", "-c", code, root, here, *sys.argv[1:]]


def _living_in(space: int) -> Sequence[int]:
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"{entry.path}/ns/user").st_ino == space:
                    found.append(int(entry.name))
    return found
