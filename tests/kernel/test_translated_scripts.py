"""Whole scripts of old routers and servers, run as they were and as they became.

Each pair runs in two network namespaces with the same setup; afterwards the kernel's state, the
output and the exit status have to be the same.  What the snapshot masks, and why, is said in
``snapshots.VOLATILE``.  Nothing of this machine's own network is touched.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from iplab.legacy.script import rewrite
from tests.kernel.snapshots import NOT_HERE, differences

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "scripts"
SCRIPTS = sorted(CASES.glob("[0-9]*.sh"))
NEEDED = ("ifconfig", "route", "arp", "netstat", "nameif", "brctl", "tunctl", "ip", "unshare")

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root"),
    *(
        pytest.mark.skipif(shutil.which(tool) is None, reason=f"there is no {tool}")
        for tool in NEEDED
    ),
]

# Duplicate address detection takes a second and is the same for both.
PRELUDE = """set -e
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
mount --bind /dev/null /etc/resolv.conf
for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >"$f"; done
for f in /proc/sys/net/ipv6/conf/*/router_solicitations; do echo 0 >"$f"; done
"""
LOOK = "import json; from tests.kernel.snapshots import snapshot; print(json.dumps(snapshot()))"


def shell_of(script: Path) -> str:
    return "bash" if "bash" in script.read_text().splitlines()[0] else "sh"


# To read a carrier is to have the kernel notice it (since Linux 6.8), and what follows from it.
NOTICE = "cat /sys/class/net/*/carrier >/dev/null 2>&1 || :"


def run(script: Path, text: bytes, where: Path, patience: float) -> dict[str, Any]:
    """Run a script in a namespace of its own: its output, its status, and what is there then.

    ``patience``: seconds for the kernel to come to rest, before the script and after it.
    """
    where.mkdir()
    (where / "script").write_bytes(text)
    extra = script.with_suffix(".setup")
    (where / "all.sh").write_text(
        f"{PRELUDE}\n{(CASES / 'setup.sh').read_text()}\n"
        f"{extra.read_text() if extra.exists() else ''}\n"
        f"{NOTICE}\nsleep {patience}\nset +e\n"
        f"{shell_of(script)} ./script >out 2>err </dev/null\necho $? >status\n"
        f"{NOTICE}\nsleep {patience}\n"
        f"cd {ROOT} && {sys.executable} -c '{LOOK}' >{where}/state\n"
    )
    subprocess.run(
        ["unshare", "--net", "--mount", "sh", where / "all.sh"],
        check=True,
        timeout=90,
        cwd=where,
        env={**os.environ, "LC_ALL": "C", "PYTHONPATH": str(ROOT)},
    )
    state = json.loads((where / "state").read_text())
    # The kernel lists neighbours in the order of a hash with a random seed (net/core/neighbour.c).
    state["neigh show"].sort(key=lambda entry: (entry["dev"], entry["dst"]))
    return {
        "out": (where / "out").read_text(),
        "status": (where / "status").read_text(),
        "state": state,
        "err": (where / "err").read_text(),
    }


@pytest.mark.parametrize("script", SCRIPTS, ids=[s.stem for s in SCRIPTS])
def test_a_script_does_the_same_before_and_after(script: Path, tmp_path: Path) -> None:
    source = script.read_bytes()
    done = rewrite(source, name=script.name)
    assert done.text != source
    for patience in (0.1, 1.5):
        before = run(script, source, tmp_path / f"before{patience}", patience)
        after = run(script, done.text, tmp_path / f"after{patience}", patience)
        different = list(differences(before["state"], after["state"]))
        if not different and before["out"] == after["out"]:
            break
    if NOT_HERE in before["err"]:
        pytest.skip(f"the real tool may not here: {before['err']}")
    assert different == [], after["err"]
    assert after["out"] == before["out"], after["err"]
    assert after["status"] == before["status"]


def test_there_are_ten_and_they_do_something(tmp_path: Path) -> None:
    assert len(SCRIPTS) >= 10
    nothing = run(SCRIPTS[0], b"#!/bin/sh\n:\n", tmp_path / "nothing", 0.1)
    something = run(SCRIPTS[0], SCRIPTS[0].read_bytes(), tmp_path / "something", 0.1)
    assert list(differences(nothing["state"], something["state"]))
