"""The page in a real browser: nothing loaded, nothing run, nothing wider than the window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from vpnaudit import report
from vpnaudit.model.audit import Audit

pytestmark = [pytest.mark.long, pytest.mark.browser]

SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
HOSTILE = (
    "<script>window.pwned = 1</script></style></title><img src=x onerror='window.pwned = 1'>",
    "javascript:window.pwned=1",
    '" onmouseover="window.pwned=1" x=\'',
    "\x1b[2J\u202e\x00</textarea><svg onload=window.pwned=1>",
    "Unbroken" * 60,
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"no browser: none of {', '.join(NAMES)} is installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(SWITCHES))
        yield started
        started.close()


class Visit:
    """A page that was opened, and everything it asked for or complained about."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.address = path.as_uri()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.address)

    def overflow(self) -> int:
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return int(wide)


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Visit]]:
    opened: list[Page] = []

    def open_page(audit: Audit, *, width: int = 1280, scheme: str = "light", script: bool = True) -> Visit:
        path = tmp_path / "report.html"
        path.write_text(report.render("html", audit), encoding="utf-8")
        page = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=script,
        )
        opened.append(page)
        return Visit(page, path)

    yield open_page
    for page in opened:
        page.close()


@pytest.mark.parametrize("name", ["typical", "empty", "large"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_quiet_and_fits(
    name: str, width: int, visit: Callable[..., Visit], request: pytest.FixtureRequest
) -> None:
    seen = visit(request.getfixturevalue(name), width=width)
    seen.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert seen.complaints == []
    assert seen.requests == [seen.address]
    assert seen.overflow() == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(
    text: str, visit: Callable[..., Visit], filled: Callable[[str], Audit]
) -> None:
    seen = visit(filled(text), width=360)
    seen.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for link in seen.page.locator("nav a").all():
        link.click()
    assert seen.page.evaluate("window.pwned") is None
    assert seen.complaints == []
    assert {r.split("#")[0] for r in seen.requests} == {seen.address}
    assert seen.page.locator("script").count() == 1
    assert seen.page.locator("img, iframe, object, embed, form, link, base").count() == 0
    assert seen.overflow() == 0


def test_the_filter_of_checks_works_without_script(visit: Callable[..., Visit], typical: Audit) -> None:
    page = visit(typical, script=False).page
    rows = page.locator(".findings tbody tr:visible")
    assert rows.count() == 5
    page.get_by_label("unknown", exact=True).uncheck()
    assert rows.count() == 3
    page.get_by_label("medium", exact=True).uncheck()
    assert rows.count() == 2
    page.get_by_label("accepted", exact=True).uncheck()
    assert rows.count() == 1


def test_tunnels_can_be_looked_up_by_name(visit: Callable[..., Visit], large: Audit) -> None:
    page = visit(large).page
    page.get_by_role("searchbox").fill("branch29")
    assert page.locator("#tunnel-list > details:visible").count() == 11


def test_commands_have_a_button_that_copies_them(visit: Callable[..., Visit], typical: Audit) -> None:
    page = visit(typical).page
    page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }")
    page.get_by_role("button", name="Copy").nth(2).click()
    assert page.evaluate("window.copied") == "crypto ikev2 profile HUB\n dpd 10 3 periodic"
    assert page.get_by_role("button", name="Copied").count() == 1


def test_the_verdict_the_sides_and_the_timeline_are_there(visit: Callable[..., Visit], typical: Audit) -> None:
    page = visit(typical).page
    assert page.locator("h1").inner_text() == "1 of 4 tunnels is out of step now; for 1 it cannot be told."
    assert page.locator(".story").count() == 3
    assert page.locator(".misfit").count() == 2
    assert page.locator("svg circle").count() == 20 + 3 + 1
    assert page.get_by_role("img", name="1 episode, 20 log lines over 19 min").count() == 1


def test_structure_for_those_who_cannot_see_it(visit: Callable[..., Visit], typical: Audit) -> None:
    page = visit(typical).page
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => Number(h.tagName[1]))")
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert [page.locator(landmark).count() for landmark in ("header", "nav[aria-label]", "main", "footer")] == [1] * 4
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    named = page.evaluate("[...document.querySelectorAll('[aria-labelledby]')].map((e) => e.ariaLabelledByElements)")
    assert all(named)
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("th:not([scope])").count() == 0


CONTRAST = """() => {
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parts(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const e of document.querySelectorAll("body *:not(svg *):not(script)")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(parts(getComputedStyle(e).color).slice(0, 3)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return low;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(scheme: str, visit: Callable[..., Visit], typical: Audit) -> None:
    assert visit(typical, scheme=scheme).page.evaluate(CONTRAST) == []
