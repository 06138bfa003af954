"""The table that --list prints, and the page that is made of it."""

from __future__ import annotations

from pathlib import Path

from iplab.legacy import table

README = Path(__file__).parents[3] / "README.md"
PAGE = Path(__file__).parents[3] / "docs" / "net-tools.md"


def test_the_page_is_what_the_program_says() -> None:
    assert PAGE.read_text() == table.markdown(), "scripts/translate-report --docs"


def test_the_readme_has_the_count_and_the_refused_forms() -> None:
    text = README.read_text()
    assert text == table.readme(text), "scripts/translate-report --docs"


def test_each_refused_form_has_its_reason_and_each_inexact_one_its_doubt() -> None:
    for row in table.rows():
        assert row.verdict != "refused" or row.found.reason
        assert row.verdict != "inexact" or row.found.doubts


def test_the_report_counts_every_form() -> None:
    head = table.report().splitlines()[0]
    assert head.startswith(f"{len(table.rows())} forms: ")


def test_the_terminal_table_has_every_line() -> None:
    text = table.text()
    assert all(row.found.legacy in text for row in table.rows())
