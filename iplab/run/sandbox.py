"""Sandboxes: a user, network and mount namespace of one's own, so that no root is needed.

A holder process (`sleep`) keeps the namespaces; later commands find it again and enter.  Inside,
this user is root, /run is an empty tmpfs, and ``host`` is the sandbox's own network namespace:
the same plans and the same commands run there, and nothing of the real machine is touched.  When
the holder ends (and what was started inside), the kernel takes everything away.

Sources: user_namespaces(7), unshare(1), nsenter(1).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from iplab import names
from iplab.errors import IplabError
from iplab.run.failed import advice
from iplab.run.machine import environment, find_program, program
from iplab.run.netns import namespaces
from iplab.run.records import private_directory, state_directory

DEFAULT = "default"
INSIDE = "IPLAB_SANDBOX"  # set in everything that runs in a sandbox: its name
HOLDER = "IPLAB_SANDBOX_HOLDER"  # and the holder's process number, where there is one

# What makes a fresh sandbox usable; then "$@" takes the shell's place.
_PREPARE = (
    "mount -t tmpfs -o mode=755,nosuid,nodev iplab /run && mkdir /run/netns && "
    'ip link set dev lo up && exec "$@"'
)
# The holder's stdin is the writing end of a pipe that nobody else writes to: who reads there learns
# when the holder has ended.
_HOLD = "echo ready; exec sleep infinity >/dev/null 2>&1"
UPLINK = "tap0"  # the device by which a sandbox's host reaches the internet
# "$@" runs until it ends or the holder does (its stdin is the other end of the holder's pipe).
# What waits for that holds nobody's stderr open: who reads the program's would wait as well.
_WHILE_HELD = (
    'exec 3<&0 </dev/null; "$@" 3<&- & p=$!; '
    '(cat <&3; kill "$p") >/dev/null 2>&1 & w=$!; wait "$p"; code=$?; kill "$w"; exit "$code"'
)
PATIENCE = 10.0  # seconds a holder may take to come up or to end


class Holder(Struct, frozen=True):
    """A running sandbox: its name, its holder's process number, and when that started (proc(5))."""

    name: str
    pid: int
    started: str


def inside() -> str | None:
    """The name of the sandbox this process is in, ``None`` on the real machine."""
    return os.environ.get(INSIDE)


def holders() -> list[Holder]:
    """The sandboxes of this user that are running; files of ended ones are removed."""
    found = []
    for path in sorted(_directory().glob("*.json")):
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            holder = Holder(str(value["name"]), int(value["pid"]), str(value["started"]))
        except (OSError, ValueError, KeyError, TypeError):
            holder = None
        if holder is not None and _lives(holder):
            found.append(holder)
        else:
            path.unlink(missing_ok=True)
    return found


def enter(name: str, *, keep: bool, uplink: bool = False) -> NoReturn:
    """Run this very command again inside the sandbox ``name``; does not return.

    Where it is not running, ``keep`` starts it with a holder; otherwise it lasts as long as the
    command.  ``uplink`` gives its host the internet, where it has not.  Raises ``IplabError`` with
    the setting to change where the machine forbids a sandbox.
    """
    names.node(name)  # it becomes a file name
    holder = next((h for h in holders() if h.name == name), None)
    new = holder is None and keep
    if new:
        holder = start(name)
    if holder is not None and uplink:
        try:
            connect(holder)
        except IplabError:
            if new:
                stop(holder)
            raise
    again = _again()
    env = {**os.environ, INSIDE: name}
    if holder is None:
        _must_be_allowed()
        argv = [*_unshare(), "sh", "-c", _PREPARE, "sh", *again]
    else:
        env[HOLDER] = str(holder.pid)
        into = ("--user", "--net", "--mount", "--preserve-credentials")
        argv = ["nsenter", "--target", str(holder.pid), *into, "--", *again]
    os.execve(program(argv[0]), argv, env)


def start(name: str) -> Holder:
    """Start a sandbox with a holder that outlives this command."""
    _must_be_allowed()
    far, near = os.pipe()
    os.close(far)
    process = subprocess.Popen(
        [*_unshare(), "sh", "-c", _PREPARE, "sh", "sh", "-c", _HOLD],
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
    ready = process.stdout.readline() if process.stdout else ""
    if ready.strip() != "ready":
        _, said = process.communicate()
        raise IplabError(f"a sandbox could not be made: {said.strip()}", hint="iplab doctor")
    holder = Holder(name, process.pid, _started(process.pid))
    path = _directory() / f"{name}.json"
    new = path.with_suffix(".new")
    value = {"name": name, "pid": holder.pid, "started": holder.started}
    new.write_text(json.dumps(value), encoding="utf-8")
    new.rename(path)
    return holder


def connect(holder: Holder) -> None:
    """Give a sandbox's host an uplink: a device `tap0` behind which a program of this user's own,
    slirp4netns(1) or pasta(1), passes its packets on as ordinary sockets.  Once is enough.

    Raises ``IplabError`` where neither program is installed, or it does not come up.
    """
    into = ["nsenter", "--target", str(holder.pid), "--user", "--net", "--preserve-credentials"]
    there = subprocess.run(
        [*into, "--", "ip", "link", "show", "dev", UPLINK],
        executable=program("nsenter"),
        capture_output=True,
        env=environment(),
        check=False,
    )
    if there.returncode == 0:
        return
    argv = [program(word) if n == 0 else word for n, word in enumerate(_uplink(holder))]
    life = os.open(f"/proc/{holder.pid}/fd/0", os.O_RDONLY)  # see _HOLD
    process = subprocess.Popen(
        ["sh", "-c", _WHILE_HELD, "sh", *argv],
        executable=program("sh"),
        stdin=life,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        env=environment(),
        start_new_session=True,
    )
    os.close(life)
    until = time.monotonic() + PATIENCE
    show = [*into, "--", "ip", "-4", "route", "show", "default"]
    while time.monotonic() < until and process.poll() in (None, 0):
        out = subprocess.run(
            show, executable=program("nsenter"), capture_output=True, env=environment(), check=False
        ).stdout
        if out.strip():
            return
        time.sleep(0.02)
    said = ""
    if process.poll() is not None and process.stderr:
        said = process.stderr.read().decode(errors="replace").strip()
    else:
        process.kill()
    why = said or "it does not come up"
    raise IplabError(f"{argv[0]} gave the sandbox no uplink: {why}", hint=advice(said))


def _uplink(holder: Holder) -> list[str]:
    if find_program("slirp4netns"):
        # The machine's own loopback stays out of reach.
        quiet = ["--configure", "--disable-host-loopback"]
        return ["slirp4netns", *quiet, str(holder.pid), UPLINK]
    if find_program("pasta"):
        spaces = [f"--userns=/proc/{holder.pid}/ns/user", f"--netns=/proc/{holder.pid}/ns/net"]
        return [
            "pasta",
            "--config-net",
            f"--ns-ifname={UPLINK}",
            "--quiet",
            "--foreground",
            *spaces,
        ]
    raise IplabError(
        "the lab wants an uplink, for which this machine lacks slirp4netns and pasta",
        hint="apt-get install slirp4netns",
    )


def stop(holder: Holder) -> None:
    """End a sandbox, and with it every process that was started in it."""
    try:
        space = os.stat(f"/proc/{holder.pid}/ns/user").st_ino
    except OSError:
        return
    for pid in _living_in(space):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while _lives(holder) and time.monotonic() < until:
        time.sleep(0.01)
    if _lives(holder):
        raise IplabError(f"the holder of sandbox {holder.name} (process {holder.pid}) does not end")
    (_directory() / f"{holder.name}.json").unlink(missing_ok=True)


def leave_if_empty() -> None:
    """From inside: end the holder once no lab and no named namespace is left."""
    pid = os.environ.get(HOLDER, "")
    if not pid.isdigit() or namespaces() or any(state_directory().glob("*.json")):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGKILL)


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


def _unshare() -> list[str]:
    return ["unshare", "--user", "--map-root-user", "--net", "--mount", "--"]


def _again() -> list[str]:
    """This command once more: the same Python, the same iplab, the same directory and words."""
    code = (
        "import os, sys; sys.path.insert(0, sys.argv.pop(1)); os.chdir(sys.argv.pop(1)); "
        "from iplab.__main__ import main; main()"
    )
    root = str(Path(__file__).resolve().parents[2])
    return [sys.executable, "-P", "-c", code, root, os.getcwd(), *sys.argv[1:]]


def _directory() -> Path:
    """Where this user's holders are noted: the runtime directory, else one below /tmp."""
    if os.geteuid() == 0:
        return private_directory(state_directory() / "sandboxes")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.path.isdir(runtime) and os.stat(runtime).st_uid == os.geteuid():
        return private_directory(Path(runtime) / "iplab")
    import tempfile  # only where there is no /run/user

    return private_directory(Path(tempfile.gettempdir()) / f"iplab-{os.geteuid()}")


def _started(pid: int) -> str:
    """A process's start time in clock ticks since boot (proc(5), stat, field 22)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _lives(holder: Holder) -> bool:
    try:
        words = Path(f"/proc/{holder.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return words[0] != "Z" and words[19] == holder.started


def _living_in(space: int) -> Sequence[int]:
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"{entry.path}/ns/user").st_ino == space:
                    found.append(int(entry.name))
    return found
