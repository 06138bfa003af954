"""Pipelines that read old tools, run beside what they become, in states of every kind.

All of it in network namespaces of its own; the machine's devices are never touched.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from iplab.legacy.script import rewrite
from tests.kernel.sandbox import why_no_tun

CASES = Path(__file__).parents[1] / "cases" / "idioms"
PIPELINES = [
    line.split(None, 1)
    for line in (CASES / "pipelines.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
STATES = sorted((CASES / "states").glob("*.sh"))
NEEDED = ("ifconfig", "route", "arp", "netstat", "busybox", "ip", "unshare")

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root"),
    *(
        pytest.mark.skipif(shutil.which(tool) is None, reason=f"there is no {tool}")
        for tool in NEEDED
    ),
]
# The devices get a moment to become what they will be; then all pairs run in one namespace.
# No name server: `route` without -n asks for the name of each gateway.
PRELUDE = """set -e
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
mount --bind /dev/null /etc/resolv.conf
"""


def translated(pipeline: str) -> tuple[str, str]:
    """The new pipeline and what the translation is: same, about, left."""
    done = rewrite(f"{pipeline}\n:\nif {pipeline}; then :; fi\n")
    reports = {
        "left" if line.reason else "about" if not line.exact else "same" for line in done.lines
    }
    text = done.text.decode()
    assert len(reports) == 1, done.lines
    return text[text.index("if ") + 3 : text.rindex("; then :")], reports.pop()


@pytest.mark.parametrize(("kind", "pipeline"), PIPELINES, ids=[p for _, p in PIPELINES])
def test_a_pipeline_is_what_the_list_says(kind: str, pipeline: str) -> None:
    _, found = translated(pipeline)
    assert found == {"old": "about"}.get(kind, kind)


@pytest.mark.parametrize("state", STATES, ids=[s.stem for s in STATES])
def test_old_and_new_print_the_same(state: Path, tmp_path: Path) -> None:
    if "ip tuntap" in state.read_text() and (reason := why_no_tun()):
        pytest.skip(reason)
    chosen = [(kind, old, translated(old)[0]) for kind, old in PIPELINES if kind != "left"]
    script = [PRELUDE, state.read_text(), "sleep 0.3\nset +e\n"]
    for number, (kind, old, new) in enumerate(chosen):
        judge = f"busybox {old}" if kind == "old" else old
        for side, text in (("old", judge), ("new", new)):
            where = tmp_path / f"{number}.{side}"
            # The output and the status of a pipeline that a script would use as a condition.
            script.append(f'{{ {text}; }} >{where} 2>/dev/null; echo "status $?" >>{where}\n')
    file = tmp_path / "all.sh"
    file.write_text("".join(script))
    subprocess.run(
        ["unshare", "--net", "--mount", "sh", file], check=True, timeout=120, cwd=tmp_path
    )
    wrong = []
    for number, (_, old, new) in enumerate(chosen):
        before = (tmp_path / f"{number}.old").read_text()
        after = (tmp_path / f"{number}.new").read_text()
        if before != after:
            wrong.append(f"{old}\n  {before!r}\n{new}\n  {after!r}\n")
    assert not wrong, "\n".join(wrong)
