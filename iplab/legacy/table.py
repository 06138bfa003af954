"""The whole table, old to new: example lines run through ``translate``, so it is never stale."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from iplab.legacy.answer import Context, Translation
from iplab.legacy.examples import HOSTS, NETWORKS, SECTIONS, STATE
from iplab.legacy.translate import translate


class Row(Struct, frozen=True):
    """One form: its translation, and whether it was made with the table's example state."""

    section: str
    found: Translation
    with_state: bool

    @property
    def verdict(self) -> str:
        """exact, inexact or refused."""
        if self.found.reason is not None:
            return "refused"
        return "exact" if self.found.exact else "inexact"


@cache
def rows() -> tuple[Row, ...]:
    """Every form of the table, translated now."""
    return tuple(_rows())


def _rows() -> Iterator[Row]:
    from iplab.legacy.state import load

    state, _ = load(STATE)
    context = Context(networks=NETWORKS, resolve=HOSTS.get, read_file=_file, uid=0)
    for section, lines in SECTIONS.items():
        for line in lines:
            with_state = line.startswith("* ")
            dialect = "busybox" if "BusyBox" in section else "net-tools"
            found = translate(
                shlex.split(line.removeprefix("* ")),
                state=state if with_state else None,
                dialect=dialect,
                context=context,
            )
            yield Row(section, found, with_state)


FILES = {
    "/etc/ethers": "02:00:00:00:00:07 10.0.0.7\n10.0.0.8 02:00:00:00:00:08\n",
    "/etc/mactab": "lan0 02:00:00:00:00:01\n",
}


def _file(name: str) -> str:
    if name not in FILES:
        raise FileNotFoundError(name)
    return FILES[name]


INTRODUCTION = """\
Each line was translated by `iplab translate` when this table was made. **exact**: the kernel's
state is the same as after the old tool, whatever it was before. **inexact**: what is assumed is
said beside it. **refused**: there is no equivalent, because. Lines marked ◆ were translated with a
state (`--live`, `--netns NAME` or `--state FILE`): `eth0`, up, with 192.168.1.4/24, 10.0.0.1/8 as
`eth0:1`, and a default route via 192.168.1.1; `eth1`, down; the bridge `br0` with the port `p1`.
"""


def text() -> str:
    """The table for a terminal."""
    out: list[str] = []
    for section, members in _sections():
        out.append(f"{section}\n{'=' * len(section)}")
        for row in members:
            mark = " ◆" if row.with_state else ""
            out.append(f"{row.found.legacy}{mark}")
            out += [f"    {shlex.join(argv)}" for argv in row.found.commands]
            out += [f"    # {remark}" for remark in _remarks(row)]
        out.append("")
    return "\n".join(out)


def markdown() -> str:
    """The table as a page."""
    out = ["# From net-tools to iproute2", "", INTRODUCTION]
    for section, members in _sections():
        out += [f"## {section}", "", "| old | new | |", "|---|---|---|"]
        for row in members:
            mark = " ◆" if row.with_state else ""
            new = "<br>".join(_code(shlex.join(argv)) for argv in row.found.commands) or "—"
            remarks = "; ".join(_cell(r) for r in _remarks(row))
            said = f"**{row.verdict}**" + (f": {remarks}" if remarks else "")
            out.append(f"| {_code(row.found.legacy)}{mark} | {new} | {said} |")
        out.append("")
    return "\n".join(out)


MARK = "<!-- translate-report -->\n"


def readme(text: str) -> str:
    """The README with the count and the refused forms with their reasons between its marks."""
    before, _, after = text.split(MARK)
    count = _counts()
    lines = [
        f"Of {sum(count.values())} forms in that table {count['exact']} are exact, "
        f"{count['inexact']} inexact (each says where), and {count['refused']} have no equivalent:",
        "",
        "<details><summary>The refused forms, and why</summary>",
        "",
        *(f"- {_code(r.found.legacy)}: {_cell(r.found.reason or '')}" for r in _refused()),
        "",
        "</details>",
    ]
    return MARK.join([before, "\n".join(lines) + "\n", after])


def _refused() -> list[Row]:
    return [row for row in rows() if row.verdict == "refused"]


def _counts() -> dict[str, int]:
    return {v: sum(r.verdict == v for r in rows()) for v in ("exact", "inexact", "refused")}


def report() -> str:
    """How many forms are exact, inexact and refused, and why those are refused."""
    every = rows()
    counts = _counts()
    lines = [f"{len(every)} forms: " + ", ".join(f"{n} {v}" for v, n in counts.items())]
    for verdict, head in (("inexact", "Inexact, and what is assumed"), ("refused", "Refused, why")):
        lines += ["", f"{head}:"]
        for row in every:
            if row.verdict == verdict:
                why = row.found.reason or "; ".join(row.found.doubts)
                lines.append(f"  {row.found.legacy}\n      {why}")
    return "\n".join(lines) + "\n"


def _sections() -> Iterator[tuple[str, list[Row]]]:
    for section in SECTIONS:
        yield section, [row for row in rows() if row.section == section]


def _remarks(row: Row) -> list[str]:
    if row.found.reason is not None:
        return [f"no equivalent: {row.found.reason}"]
    return list(row.found.notes)


def _code(words: str) -> str:
    return f"`{_cell(words)}`"


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
