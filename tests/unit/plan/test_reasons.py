"""Each command's reason, in every language."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from iplab import lab
from iplab.messages import LANGUAGES, Messages, texts
from iplab.network import End
from iplab.plan import reasons
from iplab.plan.reasons import because
from iplab.render import Renderer
from iplab.walk import from_lab

HAN = re.compile("[一-鿿]")


def used() -> set[str]:
    """The keys that the planning room gives as reasons."""
    calls = (
        node
        for file in Path(reasons.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "because"
    )
    return {ast.literal_eval(call.args[0]) for call in calls}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_has_its_text_and_no_text_is_left_over(lang: str) -> None:
    assert used() == {*texts(lang, "reasons")["reasons"]}


def test_a_reason_is_said_in_english_and_in_chinese() -> None:
    veth = End("ns0", "veth0")
    assert str(because("mtu", end=veth, have=1500, want=1400)) == (
        "ns0:veth0 has mtu 1500, not 1400"
    )
    forward = {"node": "r", "key": "net.ipv4.ip_forward", "value": "1"}
    assert str(because("sysctl", **forward, have=None)) == "r is to have net.ipv4.ip_forward=1"
    assert str(because("sysctl", **forward, have="0")).endswith("ip_forward=1, not 0")
    unseen = because("rewired", end=veth, there=None, want=End("b", "e"))
    assert "wired to somewhere out of sight, not to b:e" in str(unseen)
    said = because("masquerade", node="host", source="10.0.0.0/24").said(Messages("zh-TW"))
    assert said == "10.0.0.0/24 離開主機時用它的位址"


@pytest.mark.parametrize("name", [name for name, _, _ in lab.starters()])
def test_a_starters_reasons_are_chinese_on_a_chinese_page(name: str) -> None:
    file, text = lab.starter_text(name)
    steps = from_lab(lab.loads(text, file), Renderer("steps"))
    assert steps
    for step in steps:
        assert isinstance(step.why, reasons.Reason)
        assert HAN.search(step.why.said(Messages("zh-TW")))
        assert not HAN.search(str(step.why))
