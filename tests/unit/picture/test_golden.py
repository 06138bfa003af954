"""DOT, Mermaid and text of every starter are what they were when somebody looked at them.

`UPDATE_GOLDEN=1 pytest tests/unit/picture` writes them anew; look at the difference.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from iplab.picture import Graph, graph
from iplab.picture.dot import dot
from iplab.picture.mermaid import mermaid
from iplab.picture.text import text
from tests.unit.picture.pictures import GOLDEN, STARTERS, starter

FORMS: dict[str, Callable[[Graph, str], str]] = {
    "dot": dot,
    "mmd": mermaid,
    "txt": lambda graph, title: text(graph),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", STARTERS)
def test_golden(name: str, form: str) -> None:
    path = GOLDEN / f"{name}.{form}"
    drawn = FORMS[form](graph(starter(name)), name)
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(drawn, encoding="utf-8")
    assert drawn == path.read_text(encoding="utf-8")
