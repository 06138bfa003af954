"""show --watch: each change is shown, in namespaces that come and go too."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.kernel import words

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(words.why_not() is not None, reason=str(words.why_not())),
]


def test_changes_are_shown_as_they_happen(tmp_path: Path) -> None:
    done = words.run(
        # A shell starts what runs in the background deaf to SIGINT.
        f"env --default-signal=INT {shlex.quote(sys.executable)} -m iplab show --watch "
        ">shown 2>said & shower=$!\n"
        # Wait until WORDS stand in what was shown last.
        "seen() { n=0; until tac shown | sed '/^---/q' | grep -q \"$1\"; do "
        'n=$((n + 1)); [ $n -lt 100 ] || { echo "not seen: $1"; cat shown said; exit 1; }; '
        "sleep .1; done; }\n"
        "seen '^host'; ip netns add ns1; seen '^ns1'; "
        "ip link add v0 type veth peer name v1 netns ns1; seen 'v0 .*ns1:v1'; "
        "ip -n ns1 addr add 10.0.0.1/24 dev v1; seen 'v1 .*10.0.0.1/24'; "
        "ip netns del ns1; n=0; while tac shown | sed '/^---/q' | grep -q ns1; do "
        "n=$((n + 1)); [ $n -lt 100 ] || exit 1; sleep .1; done; "
        "kill -INT $shower; wait $shower; echo ended $?; "
        "ps -ef | grep -c '[i]p.*monitor' || true",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == ["ended", "0", "0"], done.stdout
