"""Figures as a table, as ratios, as growth, as a chart."""

from __future__ import annotations

import json
import math
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "docs" / "bench.svg"
NAMES = {
    "iplab": "iplab, verified",
    "batch": "batch script, nsenter",
    "batch_n": "batch script, ip -n",
    "commands": "script of single commands",
    "pyroute2": "pyroute2",
    "mininet": "Mininet",
}
GROWTH_FROM = 256  # nodes: below it what a process costs to start hides how the work grows


@dataclass(frozen=True)
class Row:
    """What one tool took for one work: the median of its rounds, in seconds."""

    network: str
    size: int
    tool: str
    work: str
    seconds: float
    rounds: tuple[float, ...]


def pick(rows: Iterable[Row], **wanted: object) -> list[Row]:
    """The rows that are as ``wanted``."""
    return [r for r in rows if all(getattr(r, key) == value for key, value in wanted.items())]


def ratio(one: Row, other: Row) -> float:
    """How many times as long ``one`` takes: the median of the rounds' ratios."""
    found = sorted(a / b for a, b in zip(one.rounds, other.rounds, strict=True))
    middle = len(found) // 2
    return found[middle] if len(found) % 2 else (found[middle - 1] + found[middle]) / 2


def growth(rows: Sequence[Row]) -> float | None:
    """The exponent e of seconds = c * size ** e, by least squares on the logarithms."""
    points = [(math.log(r.size), math.log(r.seconds)) for r in rows if r.size >= GROWTH_FROM]
    if len(points) < 2:
        return None
    mean = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
    above = sum((x - mean[0]) * (y - mean[1]) for x, y in points)
    return float(above / sum((x - mean[0]) ** 2 for x, _ in points))


def text(rows: Sequence[Row], rounds: int, peak: int) -> str:
    """Everything in Markdown."""
    parts = [_where(rounds), _beside(rows), _works(rows), _growth(rows)]
    if peak:
        parts.append(f"Largest memory of an iplab process: {peak} MB.")
    return "\n\n".join(part for part in parts if part)


def _where(rounds: int) -> str:
    version = subprocess.run(["ip", "-V"], capture_output=True, text=True, check=True).stdout
    cpus = len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    memory = int(re.findall(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())[0]) // 1024**2
    return (
        f"{date.today()}, {cpus} cores, {memory} GB, Linux {platform.release()}, "
        f"{version.split()[2].rstrip(',')}, Python {platform.python_version()}. Seconds; pairs up "
        f"to 1000 nodes: medians of {rounds} rounds in turn, the rest: one round. "
        "×: as many times iplab's."
    )


def _beside(rows: Sequence[Row]) -> str:
    """`up` by every tool, with how many times as long it takes as iplab or the other way."""
    tools = [tool for tool in NAMES if pick(rows, tool=tool, work="up")]
    table = [["up", "nodes", *(NAMES[tool] for tool in tools)]]
    for network, size in dict.fromkeys((r.network, r.size) for r in rows):
        cells = []
        mine = pick(rows, network=network, size=size, tool="iplab", work="up")[0]
        for tool in tools:
            found = pick(rows, network=network, size=size, tool=tool, work="up")
            if not found:
                cells.append("")
            elif tool == "iplab":
                cells.append(_say(mine.seconds))
            else:
                cells.append(f"{_say(found[0].seconds)} (×{ratio(found[0], mine):.2g})")
        table.append([network, str(size), *cells])
    return _table(table)


def _works(rows: Sequence[Row]) -> str:
    works = [w for w in ("plan", "up", "again", "check", "change", "down", "ping")
             if pick(rows, tool="iplab", work=w)]  # fmt: skip
    heads = {"again": "up, nothing to do", "change": "up, one change", "ping": "every ping"}
    table = [["iplab", "nodes", *(heads.get(w, w) for w in works), "reading by hand"]]
    for network, size in dict.fromkeys((r.network, r.size) for r in rows):
        cells = []
        for work in works:
            found = pick(rows, network=network, size=size, tool="iplab", work=work)
            cell = _say(found[0].seconds) if found else ""
            other = pick(rows, network=network, size=size, tool="mininet", work=work)
            if work == "ping" and found and other:
                cell += f" (Mininet ×{ratio(other[0], found[0]):.3g})"
            cells.append(cell)
        read = pick(rows, network=network, size=size, tool="batch", work="read")
        best = pick(rows, network=network, size=size, tool="batch", work="read at its best")
        cells.append("; ".join(_say(r[0].seconds) for r in (read, best) if r))
        table.append([network, str(size), *cells])
    return _table(table) + (
        "\n\nReading by hand: one `ip -j -d -batch` a node, one after the other; then the same by "
        "nsenter, side by side."
    )


def _growth(rows: Sequence[Row]) -> str:
    found = []
    for network in dict.fromkeys(r.network for r in rows):
        words = []
        for tool, work in (("iplab", "plan"), ("iplab", "up"), ("iplab", "check"),
                           ("iplab", "down"), ("batch", "up"), ("batch", "down")):  # fmt: skip
            exponent = growth(pick(rows, network=network, tool=tool, work=work))
            if exponent is not None:
                whose = "" if tool == "iplab" else "the batch script's "
                words.append(f"{whose}{work} {exponent:.2f}")
        if words:
            most = max(r.size for r in pick(rows, network=network))
            found.append(f"- {network}, {GROWTH_FROM} to {most} nodes: {', '.join(words)}")
    return "Growth (seconds ~ nodes to the power of):\n\n" + "\n".join(found) if found else ""


def _say(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds < 10 else f"{seconds:.1f}"


def _table(lines: list[list[str]]) -> str:
    head, *body = lines
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *body])


def as_json(rows: Sequence[Row], peak: int) -> str:
    """The figures, to be read by a program."""
    value = {"peak_mb": peak, "rows": [asdict(row) for row in rows]}
    return json.dumps(value, indent=1) + "\n"


def chart(rows: Sequence[Row], path: Path) -> None:
    """`up` of the pairs by every tool over the number of nodes, both axes in powers of ten."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "iplab"
    figure, axes = plt.subplots(figsize=(7, 4))
    for tool, name in NAMES.items():
        found = pick(rows, network="pairs", tool=tool, work="up")
        if found:
            axes.loglog([r.size for r in found], [r.seconds for r in found], "o-", label=name,
                        linewidth=2.5 if tool == "iplab" else 1.2)  # fmt: skip
    axes.set_xlabel("namespaces (pairs on a veth wire)")
    axes.set_ylabel("seconds until they are up")
    sizes = sorted({r.size for r in pick(rows, network="pairs")})
    axes.set_xticks(sizes, [str(size) for size in sizes], fontsize=8)
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def into_readme(rows: Sequence[Row], words: str) -> None:
    """Write the table between its marks in README.md, and the chart beside it."""
    path = ROOT / "README.md"
    before, mark, rest = path.read_text(encoding="utf-8").partition("<!-- bench -->\n")
    _, end, after = rest.partition("<!-- end of bench -->")
    if not mark or not end:
        raise SystemExit("README.md has no place for it: <!-- bench --> … <!-- end of bench -->")
    path.write_text(f"{before}{mark}{words}\n{end}{after}", encoding="utf-8")
    chart(rows, CHART)
