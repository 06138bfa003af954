"""Two namespaces with the same setup: the old tool in one, its translation in the other.

Run as a program (inside `unshare --net --mount`) it reads one case a line as JSON and answers each
with one line.  Every side of every case is a process of its own with a network and a mount
namespace of its own, so nothing is left behind and nothing of this machine is touched.
"""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
_MS_BIND = 4096
_LIBC = ctypes.CDLL(None, use_errno=True)
_ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin", "LC_ALL": "C"}

Case = dict[str, Any]
Answer = dict[str, Any]

# ---------------------------------------------------------------- what is compared

# Fields that differ between twins whatever is done to them, each with its reason.
VOLATILE = {
    "valid_life_time": "counts down; compared in steps of 100 s",
    "preferred_life_time": "counts down; compared in steps of 100 s",
    "expires": "counts down (IPv6 routes)",
    "used": "time since a neighbour was last used",
    "confirmed": "time since a neighbour was last confirmed",
    "updated": "time since a neighbour last changed",
    "probes": "how often a neighbour was asked, by the clock",
    "users": "references to a multicast group or route at this very moment",
    "hello_timer": "counts (bridge)",
    "tcn_timer": "counts (bridge)",
    "topology_change_timer": "counts (bridge)",
    "gc_timer": "counts (bridge)",
    "message_age_timer": "counts (bridge port)",
    "forward_delay_timer": "counts (bridge port)",
    "hold_timer": "counts (bridge port)",
    "refcnt": "references to a neighbour at this very moment",
    "info_xstats": "statistics",
}
_LIFETIMES = ("valid_life_time", "preferred_life_time")
_FOREVER = 4294967295

QUESTIONS = (
    "addr show",
    "route show table all",
    "neigh show",
    "neigh show proxy",
    "rule show",
    "maddr show",
)


def snapshot() -> dict[str, Any]:
    """All that is compared, of the namespace this process is in."""
    text = "".join(f"{q}\n" for q in QUESTIONS)
    out = _run(["ip", "-j", "-d", "-batch", "-"], text).stdout
    found: dict[str, Any] = dict(zip(QUESTIONS, _documents(out), strict=True))
    if any(o["link_type"] in ("ipip", "gre", "sit") for o in found["addr show"]):
        found["tunnels"] = _run(["ip", "tunnel", "show"]).stdout.splitlines()
    found["proxy_arp"] = {
        p.parent.name: p.read_text().strip()
        for p in sorted(Path("/proc/sys/net/ipv4/conf").glob("*/proxy_arp"))
    }
    if any(o.get("linkinfo", {}).get("info_kind") == "bridge" for o in found["addr show"]):
        found["fdb"] = json.loads(_run(["bridge", "-j", "fdb", "show"]).stdout or "[]")
        found["bridge link"] = json.loads(_run(["bridge", "-j", "-d", "link"]).stdout or "[]")
    plain = json.dumps(masked(found))
    for name, lladdr in sorted(random_lladdrs().items()):
        # A device without a MAC address given draws one; its IPv6 address follows from that.
        plain = plain.replace(lladdr, f"drawn for {name}").replace(eui64(lladdr), f"of {name}")
    return ordered(json.loads(plain))


def random_lladdrs() -> dict[str, str]:
    """The devices whose MAC address the kernel drew (NET_ADDR_RANDOM)."""
    found = {}
    for device in Path("/sys/class/net").iterdir():
        if (device / "addr_assign_type").read_text().strip() == "1":
            found[device.name] = (device / "address").read_text().strip()
    return found


def eui64(lladdr: str) -> str:
    """The IPv6 link-local address made of a MAC address."""
    octets = [int(octet, 16) for octet in lladdr.split(":")]
    octets[0] ^= 2
    groups = bytes([0xFE, 0x80, *[0] * 6, *octets[:3], 0xFF, 0xFE, *octets[3:]])
    return str(IPv6Address(groups))


def ordered(found: dict[str, Any]) -> dict[str, Any]:
    """``found`` with sorted lists where the order is none of the kernel's answers.

    IPv4 routes keep theirs: the first of two with one metric is used.  Of IPv6 routes the kernel's
    own to fe80::/64 and ff00::/8 come when a carrier is noticed, by a timer; with multicast groups
    it is the same.
    """
    routes = found["route show table all"]
    four = [r for r in routes if "pref" not in r]
    six = sorted((r for r in routes if "pref" in r), key=json.dumps)
    groups = [
        m | {"maddr": sorted(m.get("maddr", []), key=json.dumps)} for m in found["maddr show"]
    ]
    found = found | {"route show table all": four + six, "maddr show": groups}
    for key in ("neigh show", "neigh show proxy", "fdb"):
        # These come as they lie in hash tables, whose seed is drawn anew for each namespace.
        if key in found:
            found[key] = sorted(found[key], key=json.dumps)
    return found


def masked(value: Any) -> Any:
    """``value`` without what is volatile."""
    if isinstance(value, list):
        return [masked(v) for v in value if v != {}]
    if isinstance(value, dict):
        return {
            k: _lifetime(v) if k in _LIFETIMES else masked(v)
            for k, v in value.items()
            if k not in VOLATILE or k in _LIFETIMES
        }
    return value


def _lifetime(seconds: int) -> str:
    return "forever" if seconds == _FOREVER else f"about {(seconds + 50) // 100 * 100} s"


def _documents(text: str) -> list[Any]:
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        found.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


# ---------------------------------------------------------------- one side


def _run(argv: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, input=stdin, capture_output=True, text=True, env=_ENV, timeout=30, errors="replace"
    )


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
            done = _run(["ip", *force, "-batch", "-"], "".join(f"{line[3:]}\n" for line in batch))
            if done.returncode and not lenient:
                raise Unfit(f"{'; '.join(batch)}: {done.stderr.strip()}")
            batch.clear()

    for line in lines:
        if line.startswith("ip "):
            batch.append(line)
            continue
        flush()
        done = _run(["sh", "-c", line])
        if done.returncode and not lenient:
            raise Unfit(f"{line}: {done.stderr.strip()}")
    flush()


def _state(with_routes: bool) -> Any:
    from iplab.legacy import state

    text = "addr show\nroute show table all\nneigh show\nneigh show proxy\n"
    answer = _run(["ip", "-j", "-d", "-batch", "-"], text).stdout
    addresses, routes, *neighbours = _documents(answer)
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
        done = [_run(argv) for argv in runs]
        answer["codes"] = [d.returncode for d in done]
        answer["said"] = [d.stderr.strip()[:300] for d in done]
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

    def again(self) -> Any:
        os.write(self.go, b".")
        return self.read()

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
    if shutil.which(tool, path=_ENV["PATH"]) is None:
        return {"skip": f"{tool} is not installed"}
    old, new = _Child(case, False), _Child(case, True)
    try:
        one, two = old.read(), new.read()
        for side in (one, two):
            if "unfit" in side:
                return {"skip": f"the setup does not work here: {side['unfit']}"}
            if "broken" in side:
                return {"broken": side["broken"]}
        a, b = one.pop("state"), two.pop("state")
        for _ in range(2):
            if a == b or two["reason"] or case.get("differs"):
                break
            a, b = old.again(), new.again()
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


def differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """Where two snapshots differ, one line each."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            if old.get(key) != new.get(key):
                yield from differences(old.get(key), new.get(key), f"{where}/{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for n, (a, b) in enumerate(zip(old, new, strict=True)):
            if a != b:
                yield from differences(a, b, f"{where}[{n}]")
    else:
        yield f"{where}: old {_short(old)} new {_short(new)}"


def _short(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = [
            {k: v for k, v in o.items() if k in ("dst", "gateway", "dev", "local", "prefixlen",
             "label", "broadcast", "metric", "type", "prefsrc", "scope", "ifname")}
            for o in value
        ]  # fmt: skip
    return json.dumps(value)[:700]


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
            env=_ENV | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
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
    import iplab.legacy
    import iplab.render.engine  # noqa: F401  (loaded once, for all the forks)

    for line in sys.stdin:
        print(json.dumps(judge(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
