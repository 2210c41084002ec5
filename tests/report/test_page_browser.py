"""The page in a real browser: charts drawn, nothing loaded, nothing on the console, light and dark, wide and narrow."""

from __future__ import annotations

import base64
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
SIZES = {"desktop": (1400, 900), "phone": (390, 844)}

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="no Chromium here: apt install chromium chromium-driver"
)
selenium = pytest.importorskip("selenium", reason="no selenium here: pip install 'dsim[test]'")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("browser")
    write_comparison(folder / "latency", comparison())
    write_study(folder / "one")
    page = make_page(read_subjects([folder]).shown, lambda name: HELD if name == "iphone12" else None)
    path = folder / "report.html"
    path.write_text(render_page(page), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Any]:
    """Yield a browser that shows the page, loaded once: that alone draws some twenty charts."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = BROWSER or ""
    for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{word}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    emulate(driver, "light", "desktop")
    driver.get_log("performance")
    driver.get(address)
    yield driver
    driver.quit()


def emulate(browser: Any, scheme: str, size: str) -> None:
    width, height = SIZES[size]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def show(browser: Any, scheme: str, size: str) -> None:
    """Set a colour scheme and a size of screen, and wait until the charts are drawn for it."""
    from selenium.webdriver.support.ui import WebDriverWait

    emulate(browser, scheme, size)
    drawn = "return document.documentElement.dataset.drawn"
    WebDriverWait(browser, 120).until(lambda driver: driver.execute_script(drawn) == scheme)


@pytest.mark.parametrize(("scheme", "size"), [("light", "desktop"), ("dark", "phone")])
def test_it_is_drawn(browser: Any, scheme: str, size: str) -> None:
    show(browser, scheme, size)
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


def test_hover_shows_numbers_as_text(browser: Any) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    show(browser, "light", "desktop")
    cell = browser.find_element(By.CSS_SELECTOR, "#p1-regret-0 svg g.mark-rect path")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
    ActionChains(browser).move_to_element(cell).perform()
    tooltip = browser.find_element(By.ID, "vg-tooltip-element")
    assert "best design of" in tooltip.text
    assert browser.execute_script("return document.querySelectorAll('main script, main img').length") == 0


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_wide_tables_scroll_inside_themselves(browser: Any, size: str) -> None:
    show(browser, "light", size)
    tables, scrolling, outside = browser.execute_script(
        "document.querySelectorAll('details').forEach(one => { one.open = true; });"
        "const boxes = [...document.querySelectorAll('.scroll:has(table)')];"
        "return [document.querySelectorAll('table').length, boxes.filter(b => b.scrollWidth > b.clientWidth).length,"
        " boxes.filter(b => b.getBoundingClientRect().right > window.innerWidth + 1).length]"
    )
    assert tables > 10
    assert scrolling > 0 or size == "desktop"
    assert outside == 0
    assert browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_the_button_copies_the_command(browser: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    show(browser, "light", "desktop")
    button = browser.find_element(By.CSS_SELECTOR, ".code button")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    WebDriverWait(browser, 10).until(lambda _: button.text in ("Copied", "Selected"))


def test_nothing_was_asked_of_a_network_or_said_on_the_console(browser: Any, address: str) -> None:
    """Comes last: it looks at all that happened until here."""
    show(browser, "light", "desktop")
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [address]
    assert [entry["message"] for entry in browser.get_log("browser")] == []


def keep(browser: Any, name: str) -> None:
    """Keep a picture of the whole page, for a person to look at."""
    height = browser.execute_script("return document.documentElement.scrollHeight")
    width = browser.execute_script("return window.innerWidth")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    (SCREENSHOTS / f"report-{name}.png").write_bytes(base64.b64decode(taken["data"]))
