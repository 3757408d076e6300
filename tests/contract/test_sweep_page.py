"""The page of a sweep in a real browser: it draws without a network, and shows what a user wrote as text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakes.sweep_reports import HOSTILE, NOW, hostile, small
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from launchctl.cli.views.sweep_html import sweep_page
from launchctl.engine.sweep.report import SweepReport

EXECUTABLE = os.environ.get("LAUNCHCTL_TEST_BROWSER", "")
pytestmark = pytest.mark.skipif(
    not EXECUTABLE, reason="needs a browser: set LAUNCHCTL_TEST_BROWSER to the path of a chromium"
)
_DRAWN = "document.documentElement.dataset.drawn === 'yes'"


@dataclass
class _Seen:
    """A page that has drawn, with all that it said and asked for."""

    page: Page
    said: list[str] = field(default_factory=list[str])
    requests: list[str] = field(default_factory=list[str])

    def dismiss(self, dialog: Dialog) -> None:
        """Takes note of a dialog, which would hold up everything else."""
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def count(self, selector: str) -> int:
        """How many elements fit."""
        return self.page.locator(selector).count()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; root may not have its sandbox."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=EXECUTABLE, args=["--no-sandbox"])
        yield found
        found.close()


def _open(browser: Browser, folder: Path, report: SweepReport, width: int = 1280) -> _Seen:
    file = folder / "sweep.html"
    file.write_text(sweep_page(report, NOW), encoding="utf-8")
    seen = _Seen(browser.new_page(viewport={"width": width, "height": 900}))
    seen.page.on("console", lambda message: seen.said.append(f"{message.type}: {message.text}"))
    seen.page.on("pageerror", lambda error: seen.said.append(str(error)))
    seen.page.on("dialog", seen.dismiss)
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.goto(file.as_uri())
    seen.page.wait_for_function(_DRAWN)
    return seen


@pytest.mark.parametrize("report", [small(), hostile()], ids=["small", "hostile"])
def test_the_page_draws_without_an_error_and_without_a_network(
    browser: Browser, tmp_path: Path, report: SweepReport
) -> None:
    seen = _open(browser, tmp_path, report)
    assert seen.said == []
    assert seen.requests == [(tmp_path / "sweep.html").as_uri()]


def test_every_plot_has_its_marks(browser: Browser, tmp_path: Path) -> None:
    seen = _open(browser, tmp_path, small())
    assert seen.count("#curves .scatterlayer path.js-line") == 4
    assert seen.count("#curves .scatterlayer path.point") == 4
    assert seen.count("#coordinates .scatterlayer path.js-line") == 3
    assert seen.count("#parameter-0 path.point") == 4
    assert seen.count("#parameter-1 path.point") == 4
    assert seen.count("tbody tr") == 5


def test_a_pruned_curve_is_marked_and_the_band_that_stopped_it_is_drawn(browser: Browser, tmp_path: Path) -> None:
    seen = _open(browser, tmp_path, small())
    assert "pruned" in (seen.page.locator("#curves .legend").text_content() or "")
    assert seen.page.locator("#curves .annotation").all_text_contents() == ["band 3"]
    assert seen.count("#curves .shapelayer path") + seen.count("#curves .layer-below .shapelayer path") > 0
    dashed = seen.page.locator("#curves .scatterlayer path.js-line").evaluate_all(
        "all => all.map(one => one.style.strokeDasharray)"
    )
    assert [bool(dash) and dash != "0px" for dash in dashed] == [True, True, False, False]


def test_what_a_user_wrote_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    seen = _open(browser, tmp_path, hostile())
    assert seen.page.title() == f"sweeps.lr: {HOSTILE}"
    assert seen.page.locator(".subtitle").inner_text() == HOSTILE
    assert seen.count("img") == 0
    assert seen.count("script") == 3
    assert HOSTILE in seen.page.locator("tbody").inner_text()
    ticks = seen.page.locator("#parameter-1 .xtick text").all_text_contents()
    assert ticks == ["</script><img…", "2026-01-01", "=1+1"]


def test_what_is_told_under_the_pointer_is_text(browser: Browser, tmp_path: Path) -> None:
    seen = _open(browser, tmp_path, hostile())
    seen.page.locator("#parameter-1").scroll_into_view_if_needed()
    box = seen.page.locator("#parameter-1 path.point").first.bounding_box()
    assert box is not None
    seen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    told = seen.page.locator("#parameter-1 .hoverlayer text").first
    told.wait_for()
    assert "</script>" in (told.text_content() or "")
    assert seen.said == []


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_the_page_is_as_wide_as_the_window(browser: Browser, tmp_path: Path, width: int) -> None:
    seen = _open(browser, tmp_path, small(), width)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width


def test_a_script_that_is_put_into_the_page_does_not_run(browser: Browser, tmp_path: Path) -> None:
    seen = _open(browser, tmp_path, small())
    seen.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    assert seen.page.evaluate("window.ran") is None
    assert "Content Security Policy" in " ".join(seen.said)
