"""Pictures in a real Chromium: what is written in a box stays in it, as wide as its letters are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from iplab.lab import starters
from iplab.templates import templates_dir
from tests.browser.chromium import Page, find

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find() is None, reason="Chromium is missing: apt-get install chromium"),
]

LONG = """\
lab: long
links:
  - averylongnamespacename1:eth0: 172.20.0.11/24
    WWWWWWWWWWWWWWWWMMMMMMM:eth0: 172.20.0.12/24
  - ABCDEFGHIJKLMNOPQRSTUVWXYZ-x:eth1: 10.0.0.1/24
    abcdefghijklmnopqrstuvwxyz_0123456789:eth1: 10.0.0.2/24
"""
OUTSIDE = """
[...document.querySelectorAll('g.box')].flatMap(box => {
  const rim = box.querySelector('rect.rim').getBBox();
  return [...box.querySelectorAll('text')].filter(text => {
    const words = text.getBBox();
    return words.x < rim.x || words.x + words.width > rim.x + rim.width;
  }).map(text => text.textContent);
})
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    found = Page()
    yield found
    found.close()


@pytest.mark.parametrize("name", ["long", *(name for name, _, _ in starters())])
def test_no_text_leaves_its_box(name: str, browser: Page, tmp_path: Path) -> None:
    files = {name: templates_dir() / "labs" / file for name, _, file in starters()}
    source = files.get(name, tmp_path / "long.yaml")
    if name == "long":
        source.write_text(LONG)
    picture = tmp_path / "picture.svg"
    words = ("draw", str(source), "-f", "svg", "-o", str(picture))
    subprocess.run([sys.executable, "-m", "iplab", *words], check=True, capture_output=True)
    page = tmp_path / "page.html"
    page.write_text(picture.read_text(encoding="utf-8"), encoding="utf-8")
    browser.open(page)
    assert browser.run("document.querySelectorAll('g.box text').length") > 3
    assert browser.run(OUTSIDE) == []
