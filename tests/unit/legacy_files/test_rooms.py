"""One file knows tree-sitter, one knows the Markdown parser; nothing here starts a process."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3] / "iplab"


def importers(module: str) -> list[str]:
    pattern = re.compile(rf"^\s*(?:import|from) {module}\b", re.M)
    return [
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*.py")
        if pattern.search(file.read_text())
    ]


def test_one_file_knows_each_parser() -> None:
    assert importers("tree_sitter") == importers("tree_sitter_bash") == ["shell/tree.py"]
    assert importers("markdown_it") == ["legacy/markdown.py"]


def test_rewriting_starts_no_process() -> None:
    legacy = [
        name for name in importers("subprocess") + importers("os") if name.startswith("legacy/")
    ]
    assert legacy == []
