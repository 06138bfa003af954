"""What `iplab why` asks the machine."""

from __future__ import annotations

import re
from pathlib import Path

from iplab.run import asked

WHY = Path(__file__).parents[3] / "iplab" / "why"


def test_every_sysctl_that_why_asks_for_is_among_those_asked_at_once() -> None:
    text = "\n".join(path.read_text() for path in WHY.glob("*.py"))
    wanted = {
        re.sub(r"/(\{\w+(\.\w+)?\}|all)/", "/{}/", key)
        for key in re.findall(r'"(net/[a-z0-9_/{}.-]+)"', text)
    }
    known = {key.replace("/all/", "/{}/") for key in (*asked._OF_NODES, *asked._OF_DEVICES)}
    assert len(wanted) > 10
    assert wanted <= known
