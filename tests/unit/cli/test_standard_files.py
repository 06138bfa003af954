"""iplab where somebody has closed its standard input, output or error."""

import subprocess
import sys
from pathlib import Path

import pytest

from iplab.errors import UsageError

LAB = "lab: small\nnodes: {a: }\n"


def run(tmp_path: Path, closed: str, *words: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "lab.yaml").write_text(LAB)
    code = f'exec "$@" {closed}'
    return subprocess.run(
        ["sh", "-c", code, "sh", sys.executable, "-m", "iplab", *words, "lab.yaml"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_an_input_there_is_nobody_to_ask(tmp_path: Path) -> None:
    done = run(tmp_path, "<&-", "up")
    # Who is not root is told of the sandbox first.
    assert done.stderr.endswith("iplab: there is nobody to ask\n  try: iplab up --yes …\n")
    assert "Traceback" not in done.stderr
    assert done.returncode == UsageError.exit_code


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_without_an_output_it_does_what_it_does(tmp_path: Path, closed: str) -> None:
    said = run(tmp_path, "", "script")
    done = run(tmp_path, closed, "script")
    assert said.stdout.startswith("#!/bin/sh")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (said.stdout if closed == "2>&-" else "")
