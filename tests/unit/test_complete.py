"""The shell completes commands, starters and nodes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("iplab in", "plain,init"),
        ("iplab init dual", "plain,dual-stack"),
        ("iplab exec hos", "plain,host"),
        ("iplab plan x --sty", "plain,--style"),
    ],
)
def test_what_is_offered(words: str, offered: str) -> None:
    code = "import sys; sys.argv = ['iplab']; from iplab.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "_IPLAB_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert offered in done.stdout.splitlines()
