"""The README is true: its commands print what it shows, its lab works, its picture is current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernel.sandbox import ROOT, Sandbox, why_no_tun

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("script", ["make-readme", "make-terminal"])
def test_what_the_readme_shows_is_what_is_printed(script: str) -> None:
    argv = [sys.executable, str(ROOT / "scripts" / script), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lab_in_the_readme_goes_up_and_passes_its_checks(sandbox: Sandbox) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    assert len(blocks) == 1
    if reason := why_no_tun():  # it has a tap
        pytest.skip(reason)
    lab = Path(sandbox.here) / "office.yaml"
    lab.write_text(blocks[0])
    sandbox.run("iplab", "up", lab, "--yes")
    assert sandbox.try_("iplab", "check", lab).expect(0).out.count("ok  ") == 3
    sandbox.run("iplab", "down", lab)
