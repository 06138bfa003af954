"""What explanations say against what the kernel and iproute2 do; each was seen there first."""

from __future__ import annotations

import pytest

from iplab.iproute2 import read_text
from iplab.iproute2.explain import Explanation, explain
from iplab.messages import Messages


def told(command: str) -> Explanation:
    return explain(read_text(command), Messages("en"))


def test_all_namespaces_have_no_name() -> None:
    one = told("ip -a netns exec ip a")
    assert one.does[0].startswith("runs `ip a` in every named namespace")
    assert not one.undo_note
    assert "netns.inside" not in [part.topic for part in read_text("ip -a netns exec ip a").parts]
    other = read_text("ip -all netns exec ip link set lo up")
    assert (other.node, other.operations) == ("host", ())
    assert [known.topic for known in other.known] == ["netns.exec-all"]
