"""The starter labs: files in ``templates/labs/`` whose first comment line says what each is."""

from __future__ import annotations

from pathlib import Path

from iplab.errors import UsageError
from iplab.lab.near import did_you_mean
from iplab.templates import templates_dir

# From the plainest to the fullest; what is not named here comes behind, by name.
_ORDER = (
    "two-namespaces",
    "host-to-namespace",
    "bridge",
    "router",
    "nat",
    "vxlan",
    "star",
    "dual-stack",
)


def starters() -> list[tuple[str, str, str]]:
    """Each starter as (name, summary in one line, file name)."""
    return [(name, _summary(file), file.name) for name, file in _files().items()]


def starter_text(name: str) -> tuple[str, str]:
    """A starter's file name and text; ``UsageError`` where there is none of that name."""
    files = _files()
    if name not in files:
        hint = did_you_mean(name, files) or f"one of: {', '.join(files)}"
        raise UsageError(f"there is no starter {name!r}", hint=hint)
    return files[name].name, files[name].read_text(encoding="utf-8")


def _files() -> dict[str, Path]:
    found = {
        file.name.partition(".")[0]: file
        for file in (templates_dir() / "labs").iterdir()
        if file.name.endswith((".yaml", ".yaml.j2"))
    }
    rank = {name: n for n, name in enumerate(_ORDER)}
    return {name: found[name] for name in sorted(found, key=lambda n: (rank.get(n, 99), n))}


def _summary(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        return lines.readline().strip("# \n")
