"""The pictures in the README are those that are drawn now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_they_are_current() -> None:
    argv = [sys.executable, str(ROOT / "scripts" / "make-pictures"), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
