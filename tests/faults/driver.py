"""The zygote of ``tests.kernel.sandbox``, but `iplab` in its sandboxes meets the faults asked for.

The faults come in the environment variable ``FAULTS``, a JSON list.  One of a command is
``{"command": N, "do": …}``: the N-th command that changes something is ``fault.sh`` instead.  One
of the journal is ``{"line": N, "do": …}``, one of a lab's record ``{"save": N, "do": …}``.  Each
leaves a file of the name ``mark``, so that only what has happened is counted.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from tests.kernel import sandbox

HERE = Path(__file__).resolve().parent
SHORT = 0.25  # seconds: the timeout of a command that is made to hang

Fault = dict[str, Any]


def changes(command: Any) -> bool:
    """Whether a command changes the machine, or only asks it."""
    if command.lines:
        return not all(line[-1] in ("show", "all", "list-id") for line in command.lines)
    return "-j" not in command.argv and "grep" not in command.argv


def install(faults: list[Fault]) -> None:
    """Make iplab in this process meet ``faults``, and note the commands it ran if asked to."""
    _commands({f["command"]: f for f in faults if "command" in f}, os.environ.get("FAULT_LOG"))
    _journal({f["line"]: f for f in faults if "line" in f})
    _records({f["save"]: f for f in faults if "save" in f})


def _commands(faults: dict[int, Fault], log: str | None) -> None:
    from msgspec.structs import replace

    from iplab.run import machine, starter

    start = machine.Machine._start
    count = 0
    patience = 0.0

    def faulty(self: machine.Machine, command: Any) -> starter.Start:
        nonlocal count, patience
        self.timeout = patience = patience or self.timeout
        what = start(self, command)
        if not changes(command):
            return what
        count += 1
        if log:
            with open(log, "a", encoding="utf-8") as file:
                file.write(json.dumps([list(command.argv), list(command.lines)]) + "\n")
        fault = faults.get(count)
        if fault is None:
            lasting = [f for number, f in faults.items() if number < count and f.get("lasting")]
            if not lasting:
                return what
            (fault,) = lasting
        words = {
            "FAULT": fault["do"],
            "FAULT_REAL": what.path,
            "FAULT_MARK": fault["mark"],
            "FAULT_LINES": str(fault.get("lines", "")),
            "FAULT_NODE": fault.get("node", ""),
            "FAULT_DEVICE": fault.get("device", ""),
        }
        if "hang" in fault["do"]:
            self.timeout = SHORT  # it is read when this has been said
        more = tuple(os.fsencode(f"{name}={value}") for name, value in words.items())
        return replace(what, path=str(HERE / "fault.sh"), environment=(*what.environment, *more))

    machine.Machine._start = faulty  # type: ignore[method-assign]


def _journal(faults: dict[int, Fault]) -> None:
    from iplab.run import journal

    if not faults:
        return
    write = journal.Journal._write
    real = os.write
    count = 0

    def faulty(self: journal.Journal, entry: Any) -> None:
        nonlocal count
        count += 1
        fault = faults.get(count)
        if fault is None:
            write(self, entry)
            return
        Path(fault["mark"]).touch()
        calls = 0

        def short(handle: int, data: bytes) -> int:
            # A disk that fills up takes what still fits, and refuses only the next write.
            nonlocal calls
            calls += 1
            if calls > 1 or fault["do"] == "no-space":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(handle, data[: len(data) // 2])

        match fault["do"]:
            case "full":
                fill(Path("/run/iplab"))
                write(self, entry)
            case "no-space" | "short":
                os.write = short  # type: ignore[assignment]
                try:
                    write(self, entry)
                finally:
                    os.write = real
            case "torn":
                line = json.dumps(entry).encode()
                real(self._handle, line[: len(line) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            case "kill":
                write(self, entry)
                os.kill(os.getpid(), signal.SIGKILL)
            case other:
                raise ValueError(other)

    journal.Journal._write = faulty  # type: ignore[method-assign]


def fill(directory: Path) -> None:
    """Use up a file system."""
    with (directory / "filler").open("ab", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def _records(faults: dict[int, Fault]) -> None:
    from iplab.run import records

    if not faults:
        return
    save, rename = records.save, os.rename
    count = 0

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def faulty(record: records.Record) -> None:
        nonlocal count
        count += 1
        fault = faults.get(count)
        if fault is None:
            save(record)
            return
        Path(fault["mark"]).touch()
        match fault["do"]:
            case "full":
                fill(Path("/run/iplab"))
                save(record)
            case "kill-before":
                die()
            case "kill-between":  # written, and not yet in its place
                os.rename = die  # type: ignore[assignment]
                save(record)
            case "kill-after":
                save(record)
                die()
            case "int":
                os.kill(os.getpid(), signal.SIGINT)
                save(record)
            case other:
                raise ValueError(other)
        os.rename = rename

    records.save = faulty


class Zygote(sandbox.Zygote):
    """Starts this file where the other starts its own."""

    program = str(Path(__file__).resolve())

    def __init__(self) -> None:
        import subprocess

        mine, its = socket.socketpair()
        self._control = mine
        argv = [sys.executable, self.program, str(its.fileno())]
        environment = os.environ | {
            "PYTHONPATH": str(sandbox.ROOT), "NO_COLOR": "1", "COLUMNS": "100",
        }  # fmt: skip
        self._process = subprocess.Popen(argv, pass_fds=[its.fileno()], env=environment)
        its.close()


def main() -> None:
    """Be the zygote."""
    plain = sandbox._iplab

    def with_faults(argv: list[str]) -> int:
        install(json.loads(os.environ.pop("FAULTS", "[]")))
        return plain(argv)

    sandbox._iplab = with_faults
    sandbox._zygote(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
