"""The page in a real browser: charts drawn, nothing loaded, nothing on the console, light and dark, wide and narrow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dsim.report.page import make_page, read_subjects, render_page
from tests.report.records import comparison, write_comparison, write_study
from tests.report.test_page import HELD

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no Chromium here: apt install chromium chromium-driver"
)
selenium = pytest.importorskip("selenium", reason="no selenium here: pip install 'dsim[test]'")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("browser")
    write_comparison(folder / "latency", comparison())
    write_study(folder / "one")
    page = make_page(read_subjects([folder]), lambda name: HELD if name == "iphone12" else None)
    path = folder / "report.html"
    path.write_text(render_page(page), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = BROWSER or ""
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def show(browser: Any, address: str, scheme: str, size: tuple[int, int]) -> None:
    """Load the page under a colour scheme and a size of screen, and wait until its charts are drawn."""
    from selenium.webdriver.support.ui import WebDriverWait

    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(address)
    drawn = "return document.documentElement.dataset.drawn"
    WebDriverWait(browser, 60).until(lambda driver: driver.execute_script(drawn) == scheme)


def requests(browser: Any) -> list[str]:
    """Give every address that was asked for since the last look."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_page(browser: Any, address: str, scheme: str, size: str) -> None:
    show(browser, address, scheme, SIZES[size])
    assert [entry["message"] for entry in browser.get_log("browser")] == []
    assert [url for url in requests(browser) if not url.startswith(("data:", "blob:"))] == [address]
    charts = browser.execute_script(
        "return [...document.querySelectorAll('.chart')].map(c => [c.id, c.querySelectorAll('svg path, svg text').length])"
    )
    assert len(charts) > 15
    assert [name for name, marks in charts if marks < 4] == []
    wide = browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, "the page must not scroll sideways"
    ground, ink = browser.execute_script(
        "const s = getComputedStyle(document.body); "
        "return [s.backgroundColor, getComputedStyle(document.querySelector('.chart svg text')).fill]"
    )
    assert (ground, ink) == {
        "light": ("rgb(255, 255, 255)", "rgb(34, 39, 44)"),
        "dark": ("rgb(20, 23, 26)", "rgb(228, 231, 234)"),
    }[scheme]
    keep(browser, f"{size}-{scheme}")


def test_hover_shows_numbers_and_charts_follow_the_scheme(browser: Any, address: str) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    show(browser, address, "light", SIZES["desktop"])
    cell = browser.find_element(By.CSS_SELECTOR, "#p1-regret-0 svg g.mark-rect path")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
    ActionChains(browser).move_to_element(cell).perform()
    tooltip = browser.find_element(By.ID, "vg-tooltip-element")
    assert "best design of" in tooltip.text
    assert browser.execute_script("return document.querySelectorAll('main script, main img').length") == 0
    media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    drawn = "return document.documentElement.dataset.drawn"
    WebDriverWait(browser, 60).until(lambda driver: driver.execute_script(drawn) == "dark")
    assert browser.get_log("browser") == []


def keep(browser: Any, name: str) -> None:
    """Keep a picture of the whole page, for a person to look at."""
    import base64

    height = browser.execute_script("return document.documentElement.scrollHeight")
    width = browser.execute_script("return window.innerWidth")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    (SCREENSHOTS / f"report-{name}.png").write_bytes(base64.b64decode(taken["data"]))
