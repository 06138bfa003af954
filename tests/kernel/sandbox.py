"""A machine of its own for each test: new network, mount and pid namespaces, `/run` empty.

Nothing in there is seen outside, and all of it, processes too, ends with it.  To be quick, one
process (the zygote) imports iplab once and forks for each sandbox, and a sandbox forks for each
`iplab` command, which then runs ``iplab.cli.main()`` as the program does.  Other commands are
executed.  ``program=True`` starts the installed `iplab` afresh, where that is the point.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NEW_NAMESPACES = 0x00020000 | 0x40000000 | 0x20000000  # CLONE_NEWNS, NEWNET, NEWPID (sched.h)
PATIENCE = 120  # seconds for one command; the slowest takes a few

Request = dict[str, Any]


def why_not() -> str | None:
    """Why this machine cannot have a sandbox, or ``None``."""
    if os.geteuid() != 0:
        return "kernel tests need root"
    if missing := [p for p in ("ip", "unshare", "mount") if not shutil.which(p)]:
        return f"kernel tests need {', '.join(missing)}"
    trial = ["unshare", "--net", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "x", "/run"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"no new namespaces here: {done.stderr.strip()}"


def why_no_tun() -> str | None:
    """Why this user cannot make tun and tap devices, or ``None``."""
    if os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return None
    return "/dev/net/tun is not for this user (sudo chmod 0666 /dev/net/tun)"


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    argv: Sequence[str]
    code: int
    out: str
    err: str

    def expect(self, code: int) -> Done:
        """Itself, if it ended with ``code``."""
        assert self.code == code, (
            f"$ {shlex.join(self.argv)}\nended with {self.code}, not {code}\n{self.out}{self.err}"
        )
        return self

    @property
    def json(self) -> Any:
        """What it wrote, read as JSON."""
        return json.loads(self.out)


class Sandbox:
    """One machine.  ``here`` is the directory that commands run in."""

    def __init__(self, channel: socket.socket, here: Path) -> None:
        self._channel = channel
        self._lines = channel.makefile("rw")
        self.here = here
        self.started = 0  # commands so far
        greeting = json.loads(self._lines.readline() or '{"error": "the sandbox did not start"}')
        if "error" in greeting:
            raise RuntimeError(greeting["error"])

    def _ask(self, **request: Any) -> Any:
        self._lines.write(json.dumps(request) + "\n")
        self._lines.flush()
        answer = json.loads(self._lines.readline() or '{"error": "the sandbox is gone"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def start(
        self, *argv: str | Path, stdin: str = "", program: bool = False, env: Any = None
    ) -> int:
        """Start a command; its number is for ``signal`` and ``wait``."""
        words = [str(word) for word in argv]
        request = {"argv": words, "stdin": stdin, "cwd": str(self.here), "program": program}
        self.started += 1
        started: int = self._ask(do="start", env=env or {}, **request)["pid"]
        return started

    def wait(self, pid: int, patience: float = PATIENCE) -> Done:
        """Wait for a started command."""
        answer = self._ask(do="wait", pid=pid, patience=patience)
        return Done(answer["argv"], answer["code"], answer["out"], answer["err"])

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to a started command."""
        self._ask(do="signal", pid=pid, number=number)

    def try_(self, *argv: str | Path, **options: Any) -> Done:
        """Run a command, whatever its exit code."""
        return self.wait(self.start(*argv, **options))

    def run(self, *argv: str | Path, **options: Any) -> str:
        """What a command that must work prints."""
        return self.try_(*argv, **options).expect(0).out

    def sh(self, script: str) -> str:
        """What a shell script that must work prints."""
        return self.run("sh", "-euc", script)

    def ip(self, line: str) -> str:
        """`ip LINE`, split at spaces."""
        return self.run("ip", *shlex.split(line))

    def iplab(self, *argv: str | Path, code: int = 0, **options: Any) -> Done:
        """An iplab command that has to end with ``code``, and never with a traceback."""
        done = self.try_("iplab", *argv, **options).expect(code)
        assert "Traceback" not in done.err, done.err
        return done

    def write(self, name: str, text: str) -> Path:
        """A file in the directory that commands run in."""
        path = self.here / name
        path.write_text(text, encoding="utf-8")
        return path

    def close(self) -> None:
        """The end of this machine and of every process in it."""
        self._lines.close()
        self._channel.close()


class Zygote:
    """The process that sandboxes are forked from."""

    def __init__(self) -> None:
        mine, its = socket.socketpair()
        self._control = mine
        argv = [sys.executable, __file__, str(its.fileno())]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"}
        self._process = subprocess.Popen(argv, pass_fds=[its.fileno()], env=environment)
        its.close()

    def sandbox(self, here: Path) -> Sandbox:
        """A new machine."""
        mine, its = socket.socketpair()
        socket.send_fds(self._control, [b"+"], [its.fileno()])
        its.close()
        return Sandbox(mine, here)

    def close(self) -> None:
        """No more sandboxes."""
        self._control.close()
        self._process.wait(timeout=30)


# ---------------------------------------------------------------- inside


def _zygote(control: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a sandbox
    _import_everything()
    gc.freeze()  # what is there stays: a fork's collector would copy every page of it
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _sandbox(socket.socket(fileno=fds[0]))
            os._exit(0)
        os.close(fds[0])


def _import_everything() -> None:
    import iplab

    for module in pkgutil.walk_packages(iplab.__path__, "iplab."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("sh")


def _sandbox(channel: socket.socket) -> None:
    lines = channel.makefile("rw")
    # The tests may run in the background, or below nohup, which have them ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_NAMESPACES):
        lines.write(json.dumps({"error": f"unshare: {os.strerror(ctypes.get_errno())}"}) + "\n")
        lines.flush()
        return
    # The pid namespace holds from the next child on, which is its process 1.
    child = os.fork()
    if child:
        lines.close()
        channel.close()
        os.waitpid(child, 0)
        return
    try:
        for command in (
            "mount --make-rprivate /",
            "mount -t tmpfs -o mode=755 none /run",
            "mount -t proc none /proc",
            "mount -t sysfs none /sys",
            "ip link set lo up",
        ):
            subprocess.run(command.split(), check=True, capture_output=True, text=True)
        lines.write("{}\n")
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "")
        lines.write(json.dumps({"error": f"{error} {said}"}) + "\n")
    lines.flush()
    started: dict[int, Request] = {}
    for line in lines:
        try:
            answer = _answer(json.loads(line), started)
        except Exception as error:  # to be raised again where it was asked
            answer = {"error": repr(error)}
        lines.write(json.dumps(answer) + "\n")
        lines.flush()


def _answer(request: Request, started: dict[int, Request]) -> Request:
    match request["do"]:
        case "start":
            names = ("stdin", "out", "err")
            files = {name: os.memfd_create(name) for name in names}
            os.write(files["stdin"], request["stdin"].encode())
            os.lseek(files["stdin"], 0, os.SEEK_SET)
            os.chdir(request["cwd"])
            if request["argv"][0] == "iplab" and not request["program"]:
                pid = os.fork()
                if pid == 0:
                    _be_iplab(request, files)
            else:
                pid = _spawn(request, files)
            started[pid] = request | files
            return {"pid": pid}
        case "signal":
            os.kill(request["pid"], request["number"])
            return {}
        case "wait":
            return _wait(started, request["pid"], time.monotonic() + request["patience"])
    raise ValueError(request)


def _wait(started: dict[int, Request], pid: int, until: float) -> Request:
    pause = 0.0005
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > until:
            raise TimeoutError(f"{started[pid]['argv']} does not end")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    it = started.pop(pid)
    answer = {"argv": it["argv"], "code": os.waitstatus_to_exitcode(status)}
    for name in ("out", "err"):
        os.lseek(it[name], 0, os.SEEK_SET)
        with os.fdopen(it[name], encoding="utf-8", errors="replace") as file:
            answer[name] = file.read()
    os.close(it["stdin"])
    return answer


def _spawn(request: Request, files: dict[str, int]) -> int:
    """Start a program; this process, which is large, is not copied for it (posix_spawn(3))."""
    argv: list[str] = request["argv"]
    if argv[0] == "iplab":
        argv = [sys.executable, "-m", "iplab", *argv[1:]]
    return os.posix_spawnp(
        argv[0],
        argv,
        os.environ | request["env"],
        file_actions=[
            (os.POSIX_SPAWN_DUP2, files[name], number)
            for number, name in enumerate(("stdin", "out", "err"))
        ],
        setsid=True,
    )


def _be_iplab(request: Request, files: dict[str, int]) -> None:
    """In the forked child: be the command.  Does not return."""
    code = 126
    try:
        os.setsid()
        os.environ.update(request["env"])
        for number, name in enumerate(("stdin", "out", "err")):
            os.dup2(files[name], number)
        code = _iplab(request["argv"])
    finally:
        os._exit(code)


def _iplab(argv: list[str]) -> int:
    from iplab.cli import main

    sys.argv = argv
    # As Python sets them up for a program, and click expects them.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    code: Any = 1
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    _zygote(socket.socket(fileno=int(sys.argv[1])))
