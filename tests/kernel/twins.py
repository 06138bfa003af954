"""Two namespaces with the same setup: the old tool in one, its translation in the other.

Run as a program (inside `unshare --net --mount`) it reads one case a line as JSON and answers each
with one line.  Every side of every case is a process of its own with a network and a mount
namespace of its own, so nothing is left behind and nothing of this machine is touched.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.kernel.snapshots import ENV, NOT_HERE, differences, documents, run, snapshot

ROOT = Path(__file__).resolve().parents[2]
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
_MS_BIND = 4096
_LIBC = ctypes.CDLL(None, use_errno=True)

__all__ = ["Answer", "Case", "Judge", "Unfit", "differences", "judge", "snapshot"]

Case = dict[str, Any]
Answer = dict[str, Any]

# ---------------------------------------------------------------- one side


class Unfit(Exception):
    """The setup does not work on this machine."""


def _enter(case: Case) -> None:
    """Into a network and a mount namespace of our own, with its own /sys, /run and names.

    Host names come from the case alone: a question to a name server would leave a neighbour.
    """
    if _LIBC.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for kind, where in ((b"sysfs", b"/sys"), (b"tmpfs", b"/run")):
        if _LIBC.mount(kind, where, kind, 0, None) != 0:
            raise OSError(ctypes.get_errno(), f"mount {where.decode()}")
    hosts = "".join(f"{a} {name}\n" for name, a in case.get("hosts", {}).items())
    files = {
        "/etc/nsswitch.conf": "hosts: files\nnetworks: files\n",
        "/etc/hosts": f"127.0.0.1 localhost\n{hosts}",
        "/etc/networks": case.get("networks", ""),
    }
    for n, (path, text) in enumerate(files.items()):
        if os.path.exists(path):
            Path(f"/run/{n}").write_text(text)
            if _LIBC.mount(f"/run/{n}".encode(), path.encode(), None, _MS_BIND, None) != 0:
                raise OSError(ctypes.get_errno(), f"mount {path}")
    for path, text in case.get("files", {}).items():
        Path(path).write_text(text)
    # No duplicate address detection: it takes a second, and is the same for both.
    for name in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{name}/accept_dad").write_text("0")
        Path(f"/proc/sys/net/ipv6/conf/{name}/router_solicitations").write_text("0")


def _setup(lines: Iterable[str], lenient: bool = False) -> None:
    batch: list[str] = []
    force = ["-force"] if lenient else []

    def flush() -> None:
        if batch:
            done = run(["ip", *force, "-batch", "-"], "".join(f"{line[3:]}\n" for line in batch))
            if done.returncode and not lenient:
                raise Unfit(f"{'; '.join(batch)}: {done.stderr.strip()}")
            batch.clear()

    for line in lines:
        if line.startswith("ip "):
            batch.append(line)
            continue
        flush()
        done = run(["sh", "-c", line])
        if done.returncode and not lenient:
            raise Unfit(f"{line}: {done.stderr.strip()}")
    flush()


def _settle(patience: float = 2) -> None:
    """Wait until the kernel has noticed each carrier, which it does by a timer: what follows (IPv6
    addresses, a bridge coming up) would else come in the midst of the case.

    Since Linux 6.8 to read a carrier is to have it noticed (``linkwatch_sync_dev``), so there is no
    waiting.
    """
    deadline = time.monotonic() + patience
    while True:
        looks = [_noticed(device) for device in Path("/sys/class/net").iterdir()]  # at every one
        if all(looks) or time.monotonic() > deadline:
            return
        time.sleep(0.01)


def _noticed(device: Path) -> bool:
    try:
        carrier = (device / "carrier").read_text().strip() == "1"
    except OSError:  # it is down
        return True
    state = (device / "operstate").read_text().strip()
    return state in ("up", "unknown") if carrier else state != "up"


def _state(with_routes: bool) -> Any:
    from iplab.legacy import state

    text = "addr show\nroute show table all\nneigh show\nneigh show proxy\n"
    answer = run(["ip", "-j", "-d", "-batch", "-"], text).stdout
    addresses, routes, *neighbours = documents(answer)
    sysctls = {
        str(p.relative_to("/proc/sys")): p.read_text().strip()
        for p in Path("/proc/sys/net/ipv4/conf").glob("*/promote_secondaries")
    }
    return state.read(addresses, routes if with_routes else (), sysctls, neighbours=neighbours)


def _translate(case: Case) -> Any:
    from iplab.legacy import Context, translate

    state = _state(case.get("routes", True)) if case.get("state", True) else None
    context = Context(
        networks=case.get("networks"),
        resolve=(case["hosts"].get if "hosts" in case else None),
        read_file=lambda name: Path(name).read_text(),
        routes_known=case.get("routes", True),
        uid=0,
    )
    argv = shlex.split(case["line"])
    return translate(argv, state=state, dialect=case.get("dialect", "net-tools"), context=context)


def _side(case: Case, new: bool, pipe: int) -> None:
    answer: Answer = {}
    try:
        _enter(case)
        _setup(case["setup"], case.get("lenient", False))
        _settle()
        if new:
            found = _translate(case)
            answer |= {
                "commands": [list(c) for c in found.commands],
                "exact": found.exact,
                "reason": found.reason,
                "nothing": found.nothing,
                "notes": list(found.notes),
                "used_state": found.used_state,
            }
            runs = [list(c) for c in found.commands] if found.operations else []
        else:
            words = shlex.split(case["line"])
            if case.get("dialect") == "busybox":
                words = ["busybox", *words]
            runs = [words]
        done = [run(argv) for argv in runs]
        answer["codes"] = [d.returncode for d in done]
        answer["said"] = [d.stderr.strip()[:300] for d in done]
        _settle(patience=0)
        answer["state"] = snapshot()
        # Carriers and IPv6 settle a moment later: a second look, for the twins that differ.
        os.write(pipe, json.dumps(answer).encode() + b"\n")
        for pause in (0.15, 1.2):
            if not os.read(case["_go"], 1).strip(b"."):
                time.sleep(pause)
                os.write(pipe, json.dumps(snapshot()).encode() + b"\n")
            else:
                break
    except Unfit as error:
        os.write(pipe, json.dumps({"unfit": str(error)}).encode() + b"\n")
    except BaseException as error:
        import traceback

        text = "".join(traceback.format_exception(error))
        os.write(pipe, json.dumps({"broken": text}).encode() + b"\n")
    finally:
        os._exit(0)


class _Child:
    """One side's process: ``read`` gives its next line, ``go`` asks for another look."""

    def __init__(self, case: Case, new: bool) -> None:
        out, inn = os.pipe()
        wait, go = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(out)
            os.close(go)
            _side(case | {"_go": wait}, new, inn)
        os.close(inn)
        os.close(wait)
        self.file = os.fdopen(out, "rb")
        self.go = go

    def read(self) -> Any:
        return json.loads(self.file.readline() or b'{"broken": "the process ended"}')

    def look_again(self) -> None:
        os.write(self.go, b".")

    def end(self) -> None:
        with suppress(BrokenPipeError):  # it may have ended by itself
            os.write(self.go, b"x")
        os.close(self.go)
        self.file.close()
        os.waitpid(self.pid, 0)


def judge(case: Case) -> Answer:
    """Run one case: what the translation said, and where the twins differ afterwards."""
    words = shlex.split(case["line"])
    tool = "busybox" if case.get("dialect") == "busybox" else words[0]
    if shutil.which(tool, path=ENV["PATH"]) is None:
        return {"skip": f"{tool} is not installed"}
    old, new = _Child(case, False), _Child(case, True)
    try:
        one, two = old.read(), new.read()
        for side in (one, two):
            if "unfit" in side:
                return {"skip": f"the setup does not work here: {side['unfit']}"}
            if "broken" in side:
                return {"broken": side["broken"]}
        if NOT_HERE in one["said"][0]:
            return {"skip": f"the real tool may not here: {one['said'][0]}"}
        a, b = one.pop("state"), two.pop("state")
        for _ in range(2):
            if a == b or two["reason"] or case.get("differs"):
                break
            for child in (old, new):
                child.look_again()
            a, b = old.read(), new.read()
        answer: Answer = {
            **two,
            "old_code": one["codes"][0],
            "old_said": one["said"][0],
            "differences": list(differences(a, b)),
        }
        return answer
    finally:
        old.end()
        new.end()


# ---------------------------------------------------------------- many, from outside


class Judge:
    """The driver as a process: ``ask`` it case by case, ``end`` it when done."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=ENV | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def ask(self, case: Case) -> Answer:
        """The answer to one case."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the driver of the twin namespaces has died")
        answer: Answer = json.loads(line)
        return answer

    def end(self) -> None:
        """End the driver."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


def main() -> None:
    """Answer the cases on stdin."""
    from iplab.legacy import table

    # Every tool's file is loaded and every template compiled here, once for all the forks: that
    # took each translation longer than all it asks the kernel.
    table.rows()
    gc.freeze()  # so that no fork copies what it only reads
    for line in sys.stdin:
        print(json.dumps(judge(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
