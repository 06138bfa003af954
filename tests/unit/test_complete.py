"""The shell completes commands, starters and nodes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def completed(words: str, shell: str) -> subprocess.CompletedProcess[str]:
    """What iplab tells the shell where ``words`` are typed."""
    return subprocess.run(
        [sys.executable, "-m", "iplab"],
        env={
            **os.environ,
            "_IPLAB_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )


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
    assert offered in completed(words, "bash").stdout.splitlines()


def test_a_word_that_is_no_command_is_no_matter_while_it_is_typed() -> None:
    assert completed("iplab foo b", "bash").stderr == ""
