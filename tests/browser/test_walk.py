"""The walkthrough page in a real Chromium: stepping, links, copying, and nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from iplab.walk import from_script, page, project
from tests.browser.chromium import Page, find

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find() is None, reason="Chromium is missing: apt-get install chromium"),
]

NINE = Path(__file__).resolve().parents[1] / "cases" / "walk" / "nine.sh"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the nine commands that people are taught."""
    path = tmp_path_factory.mktemp("walk") / "nine.html"
    path.write_text(page(project("nine.sh", from_script(NINE.read_text()))), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    found = Page()
    yield found
    found.close()


@pytest.fixture
def tab(browser: Page, file: Path) -> Iterator[Page]:
    """The page, freshly opened; at the end nothing was complained about, and nothing fetched."""
    browser.requests.clear()
    browser.complaints.clear()
    browser.emulate()
    browser.open(file)
    yield browser
    assert browser.complaints == []
    others = [r for r in browser.requests if not r.startswith((file.as_uri(), "about:", "data:"))]
    assert others == [], "the page must not fetch anything"


def seen(tab: Page) -> list[str]:
    """The steps that are to be seen."""
    found: list[str] = tab.run(
        "[...document.querySelectorAll('.step')].filter(s => s.offsetParent).map(s => s.id)"
    )
    return found


def test_it_begins_at_the_beginning(tab: Page) -> None:
    assert seen(tab) == ["1"]
    assert tab.run("document.querySelector('#where').textContent") == "1 / 9"
    assert tab.run("document.querySelector('#previous').disabled") is True


def test_stepping_by_buttons(tab: Page) -> None:
    tab.click("#next")
    tab.click("#next")
    assert seen(tab) == ["3"]
    assert tab.run("location.hash") == "#3"
    tab.click("#previous")
    assert seen(tab) == ["2"]


def test_stepping_by_keys(tab: Page) -> None:
    for key, step in (("ArrowRight", "2"), ("ArrowRight", "3"), ("ArrowLeft", "2"), ("End", "9"),
                      ("ArrowRight", "9"), ("Home", "1"), ("ArrowLeft", "1")):  # fmt: skip
        tab.press(key)
        assert seen(tab) == [step]
    tab.press("ArrowRight", modifiers=1)  # Alt: the browser's own
    assert seen(tab) == ["1"]


def test_the_slider(tab: Page) -> None:
    tab.run("document.querySelector('#slider').focus()")
    tab.press("ArrowRight")
    assert seen(tab) == ["2"], "one press, one step"
    tab.press("End")
    assert seen(tab) == ["9"]
    assert tab.run("document.querySelector('#slider').getAttribute('aria-valuetext')").startswith(
        "Step 9"
    )


def test_a_link_leads_to_its_step(tab: Page, file: Path) -> None:
    tab.open(file, "#7")
    assert seen(tab) == ["7"]
    tab.run("location.hash = '#4'")
    tab.until(lambda: seen(tab) == ["4"])
    tab.run("history.back()")
    tab.until(lambda: seen(tab) == ["7"])
    for strange in ("#0", "#99", "#x", "#"):
        tab.open(file, strange)
        assert seen(tab) == ["1"]


def test_the_list_of_steps_leads_to_each(tab: Page) -> None:
    tab.run("document.querySelector('.contents').open = true")
    tab.click('.contents a[href="#6"]')
    tab.until(lambda: seen(tab) == ["6"])
    assert tab.run("document.querySelector('[aria-current]').getAttribute('href')") == "#6"


@pytest.mark.parametrize("how", ["button", "key"])
def test_copying(tab: Page, how: str) -> None:
    tab.allow_clipboard()
    tab.run("navigator.clipboard.writeText('nothing yet')")
    tab.press("ArrowRight")
    tab.press("ArrowRight")
    if how == "key":
        tab.press("c")
    else:
        tab.click("section.current .copy")
    copied = "ip link add veth0 type veth peer name veth1"
    tab.until(lambda: tab.run("navigator.clipboard.readText()") == copied)
    tab.until(lambda: tab.run("document.querySelector('.current .copy').textContent") == "Copied")


def test_copying_where_the_clipboard_is_refused(tab: Page) -> None:
    tab.allow_clipboard()
    tab.run(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: () => "
        "Promise.reject(new Error('no'))}, configurable: true})"
    )
    tab.run("document.addEventListener('copy', () => { window.was = getSelection().toString() || "
            "document.activeElement.value; })")  # fmt: skip
    tab.click("section.current .copy")
    tab.until(lambda: tab.run("window.was") == "ip netns add ns0")


def test_what_a_screen_reader_gets(tab: Page) -> None:
    tab.press("ArrowRight")
    tab.press("ArrowRight")
    told = tab.run("document.querySelector('#told').textContent")
    assert told.startswith("Step 3 of 9: ")
    nodes = tab.accessible()
    names = {(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes}
    roles = {role for role, _ in names}
    assert {"heading", "slider", "button", "image", "main", "navigation", "status"} <= roles
    assert ("image", "The network after step 3") in names
    described = [n.get("description", {}).get("value", "") for n in nodes]
    assert any("A cable between host:veth0 and host:veth1." in text for text in described)
    assert ("button", "Copy") in names
    unnamed = [n for n in nodes if n["role"]["value"] in ("button", "slider", "link", "image")]
    assert all(n.get("name", {}).get("value") for n in unnamed)


def test_everything_is_reached_by_tab(tab: Page) -> None:
    reached = []
    for _ in range(12):
        tab.press("Tab")
        reached.append(tab.run("document.activeElement.id || document.activeElement.className"))
    assert {"slider", "next", "theme", "number", "copy"} <= set(reached)


def colour(tab: Page, what: str, of: str) -> str:
    """A computed colour."""
    found: str = tab.run(f"getComputedStyle(document.querySelector({of!r})).{what}")
    return found


def test_light_and_dark(tab: Page, file: Path) -> None:
    light = colour(tab, "backgroundColor", "body")
    tab.press("d")
    dark = colour(tab, "backgroundColor", "body")
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(18, 22, 29)")
    # The pictures, too: their parts are drawn by reference, which styles do not always reach.
    assert colour(tab, "fill", "g.node rect.case") == "rgb(26, 33, 44)"
    tab.click("#theme")
    assert colour(tab, "backgroundColor", "body") == light
    tab.emulate(prefers_color_scheme="dark")
    tab.open(file)
    assert colour(tab, "backgroundColor", "body") == dark


def test_the_pictures_are_painted_in_colour(tab: Page) -> None:
    """Not the black blots of a reference without style."""
    tab.press("End")
    tab.run("document.querySelector('.current .after .scroll').scrollIntoView()")
    data = tab.picture()
    assert len(data) > 10_000
    fill = tab.run(
        "(u => getComputedStyle((u.instanceRoot || document.querySelector(u.getAttribute('href')))"
        ".querySelector('rect.case')).fill)(document.querySelector('.current .after use'))"
    )
    assert fill in ("rgb(247, 249, 252)", "rgb(253, 249, 240)")


def test_printed_it_is_all_there_and_light(tab: Page) -> None:
    tab.press("d")
    tab.emulate("print")
    assert seen(tab) == [str(n) for n in range(1, 10)]
    assert colour(tab, "backgroundColor", "body") == "rgb(255, 255, 255)"
    assert colour(tab, "fill", "g.node rect.case") == "rgb(247, 249, 252)"
    pages = len(re.findall(rb"/Type /Page\b", tab.pdf()))
    assert pages == 9, "a step a sheet"


def test_on_a_phone_nothing_is_wider_than_the_screen(file: Path) -> None:
    phone = Page(390, 800)
    try:
        for step in range(1, 10):
            phone.open(file, f"#{step}")
            wide = phone.run("document.documentElement.scrollWidth")
            assert wide <= 390, f"step {step}"
        small = phone.run(
            "[...document.querySelectorAll('.steer button')]"
            ".filter(b => b.offsetHeight < 40).length"
        )
        assert small == 0, "a finger needs some room"
        # The text of a picture keeps a size that can be read.
        height = phone.run(
            "(u => u.getBoundingClientRect().height / u.viewBox.baseVal.height)"
            "(document.querySelector('.current .after .scroll svg'))"
        )
        assert 13 * height >= 10
        assert phone.complaints == []
    finally:
        phone.close()


def test_without_script_all_steps_are_there(file: Path) -> None:
    plain = Page()
    try:
        plain.without_script()
        plain._ask("Page.navigate", url=file.as_uri())
        plain.until(
            lambda: len([n for n in plain.accessible() if n["role"]["value"] == "image"]) == 18
        )
    finally:
        plain.close()


def test_nothing_in_a_script_becomes_code(tmp_path: Path) -> None:
    script = (
        "# </script><script>window.bad = 1</script> & <img src=x onerror='window.bad = 1'>\n"
        "ip netns add a\n"
        "echo\n"
        "frobnicate '</pre><script>window.bad = 1</script>' \"$(x)\"\n"
    )
    path = tmp_path / "bad.html"
    path.write_text(page(project("</title><script>window.bad = 1</script>", from_script(script))))
    tab = Page()
    try:
        tab.open(path)
        assert tab.run("window.bad") is None
        assert tab.complaints == []
    finally:
        tab.close()
