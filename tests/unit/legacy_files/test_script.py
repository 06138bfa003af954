"""Shell scripts: what becomes of each shape, and what stays.

Each case of tests/cases/rewrites is a file: a script, a line ``----``, the script as it has to be,
a line ``----``, and what the report says: ``LINE exact|about|left: part of a note or reason``.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

from iplab.legacy.script import rewrite

CASES = sorted((Path(__file__).parents[2] / "cases" / "rewrites").glob("*.txt"))
SCRIPTS = sorted((Path(__file__).parents[2] / "cases" / "scripts").glob("[0-9]*.sh"))


def parts(case: Path) -> tuple[str, str, list[str]]:
    before, after, report = case.read_text().split("----\n")
    return before, after, report.splitlines()


@pytest.mark.parametrize("case", CASES, ids=[c.stem for c in CASES])
def test_a_script_becomes_what_the_case_says(case: Path) -> None:
    before, after, report = parts(case)
    done = rewrite(before)
    assert done.text.decode() == after
    kinds = [
        f"{line.line} {'left' if line.reason else 'exact' if line.exact else 'about'}"
        for line in done.lines
    ]
    assert kinds == [entry.split(":")[0] for entry in report]
    for line, entry in zip(done.lines, report, strict=True):
        _, _, words = entry.partition(": ")
        assert words in " ".join([line.reason or "", *line.notes])


@pytest.mark.parametrize("case", CASES, ids=[c.stem for c in CASES])
def test_twice_is_once(case: Path) -> None:
    once = rewrite(parts(case)[0])
    assert rewrite(once.text).text == once.text


@pytest.mark.parametrize("case", CASES, ids=[c.stem for c in CASES])
def test_bash_reads_what_it_has_become(case: Path) -> None:
    before, after, _ = parts(case)
    for text in (before, after) if "unreadable" not in case.stem else ():
        done = subprocess.run(
            ["bash", "-n"], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="there is no shellcheck")
@pytest.mark.parametrize("script", [*SCRIPTS, *CASES], ids=lambda s: s.stem)
def test_shellcheck_likes_it_no_less(script: Path, tmp_path: Path) -> None:
    if "unreadable" in script.stem:
        pytest.skip("no shell can read it")
    text = script.read_text() if script.suffix == ".sh" else parts(script)[0]
    if not text.startswith("#!"):
        text = "#!/bin/bash\n" + text
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_text(text)
    after.write_bytes(rewrite(text).text)
    found = [complaints(before), complaints(after)]
    for code, count in found[1].items():
        assert count <= found[0].get(code, 0), (code, rewrite(text).text.decode())


def complaints(script: Path) -> dict[str, int]:
    done = subprocess.run(
        ["shellcheck", "-f", "gcc", script], capture_output=True, text=True, check=False
    )
    counts: dict[str, int] = {}
    for line in done.stdout.splitlines():
        code = line.rpartition("[")[2].rstrip("]")
        counts[code] = counts.get(code, 0) + 1
    return counts
