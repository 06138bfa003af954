"""The rooms of DESIGN.md: imports run downwards only, and each outside thing has one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "iplab").rglob("*.py"))

# From the ground up.  What stands on one line does not know of each other.
FLOORS = [
    {"errors", "keys"},
    {"names", "network", "draft", "command", "templates", "messages", "shell"},
    {"operations"},
    {"claims", "lab", "observe"},
    {"plan", "why"},
    {"render"},
    {"legacy", "iproute2", "picture"},
    {"follow"},
    {"walk"},
    {"run"},
    {"cli"},
]
# Which rooms may know of which outside module.
DOORS = {
    "subprocess": {"run"},
    "sh": {"run"},
    "pty": {"run"},
    "ctypes": {"run"},
    "click": {"cli"},
    "rich": {"cli"},
    "yaml": {"lab"},
    "pydantic": {"lab"},
    "pydantic_core": {"lab"},
    "jinja2": {"lab", "render", "messages", "walk"},
    "tree_sitter": {"shell"},
    "tree_sitter_bash": {"shell"},
}
# Within one floor: names is below network.
BESIDE = {
    ("network", "names"),
    ("command", "names"),
    ("draft", "network"),
    ("lab", "network"),
    ("messages", "names"),
    ("messages", "templates"),
}


def room(file: Path) -> str:
    """`iplab/run/look.py` → run."""
    return file.relative_to(ROOT / "iplab").parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Each module that a file imports, anywhere in it, with the line."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute here"
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def floor(name: str) -> int:
    """How high a room is."""
    return next(n for n, rooms in enumerate(FLOORS) if name in rooms)


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_run_downwards(file: Path) -> None:
    here = room(file)
    if here in ("__init__", "__main__"):
        return
    for module, line in imports(file):
        parts = module.split(".")
        if parts[0] != "iplab" or parts[1] in ("__version__", here):
            continue
        there = parts[1]
        down = floor(there) < floor(here) or (here, there) in BESIDE
        assert down, f"{file}:{line}: {here} may not know of {there}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_each_outside_module_has_its_rooms(file: Path) -> None:
    here = room(file)
    for module, line in imports(file):
        allowed = DOORS.get(module.split(".")[0], {here})
        assert here in allowed, f"{file}:{line}: {module} belongs in {' or '.join(allowed)}"


@pytest.mark.parametrize(
    ("packages", "alone"),
    [({"tree_sitter", "tree_sitter_bash"}, "shell/tree.py"), ({"pydantic"}, "lab/schema.py")],
)
def test_one_file_alone_knows_it(packages: set[str], alone: str) -> None:
    knowing = {f for f in FILES for module, _ in imports(f) if module.split(".")[0] in packages}
    assert {str(f.relative_to(ROOT / "iplab")) for f in knowing} == {alone}


def test_every_room_has_a_floor() -> None:
    rooms = {room(file) for file in FILES} - {"__init__", "__main__"}
    assert rooms == set().union(*FLOORS)


def test_the_command_line_imports_its_commands_late() -> None:
    """`iplab --help` must not pay for what only a command needs."""
    file = ROOT / "iplab" / "cli" / "__init__.py"
    tree = ast.parse(file.read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {a.name if isinstance(n, ast.Import) else str(n.module) for n in top for a in n.names}
    assert {m for m in modules if m.startswith("iplab")} <= {"iplab", "iplab.errors"}
