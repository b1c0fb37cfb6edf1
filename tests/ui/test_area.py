"""The planner's area tools in a real browser: drawn by keys, told, kept in the link, measured, taken along."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pyogrio
import pytest
from playwright.sync_api import Browser, Page, expect
from pyproj import Geod

from geodata import areas
from geodata.view import lonlat
from tests.support.machine import Machine
from tests.support.pages import Watched, watched
from tests.support.patience import SHOWN_MS

PLACE = "v=16.46500,107.59000,13.00&on=air_quality,field_reports&f=field_reports"


def opened(chromium: Browser, running: Machine, query: str) -> Watched:
    page = watched(chromium).open(f"{running.url}/explore?{query}")
    expect(page.page.locator(".row.sel .n")).not_to_be_empty(timeout=SHOWN_MS)
    return page


def count(tab: Page, service: str) -> int:
    told = tab.locator(f".part[data-part={service}] .n").inner_text(timeout=SHOWN_MS)
    return int(told.replace(".", ""))


def test_an_area_by_keys_is_told_kept_and_reported(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, PLACE)
    tab = page.page
    tab.keyboard.press("a")
    expect(tab.locator("[data-do=view]")).to_be_visible(timeout=SHOWN_MS)
    tab.locator(".q").fill("thuan hoa")
    expect(tab.locator(".ap .hit").first).to_contain_text("Thuận Hóa", timeout=SHOWN_MS)
    tab.locator(".q").press("Enter")
    tab.wait_for_function("() => /[?&]a=w\\d+/.test(location.search)", timeout=SHOWN_MS)
    expect(tab.locator(".ap .rt")).to_have_text(re.compile("Phường Thuận Hóa"), timeout=SHOWN_MS)
    expect(tab.locator(".ap .lead")).to_contain_text("km²", timeout=SHOWN_MS)
    shown = count(tab, "field_reports")
    report = tab.locator(".act a.main").get_attribute("href")
    assert report is not None
    assert report.startswith("/report?")
    text = httpx.get(running.url + report, timeout=120, trust_env=False).text
    row = re.search(r'data-part="field_reports".*?class="r count"><b>([\d.]+)<', text, re.DOTALL)
    assert row is not None
    assert int(row[1].replace(".", "")) == shown  # the same clock, so the same number
    tab.locator(".ap").press("Escape")
    expect(tab.locator(".ap .rt")).to_have_count(0, timeout=SHOWN_MS)
    assert "a=w" in tab.url  # the panel went, the area stays
    assert not page.errors
    assert not page.foreign
    tab.context.close()


def test_a_polygon_is_drawn_by_keys_alone_and_escape_ends_a_tool(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, PLACE)
    tab = page.page
    tab.keyboard.press("m")
    expect(tab.locator(".card")).to_be_visible(timeout=SHOWN_MS)
    tab.keyboard.press("Escape")
    expect(tab.locator(".card")).to_be_hidden()
    tab.keyboard.press("a")
    tab.locator("[data-do=draw]").click(timeout=SHOWN_MS)
    expect(tab.locator(".card .hint")).not_to_be_empty(timeout=SHOWN_MS)
    before = "Bokeh.documents.map((d) => d.get_model_by_name('map')).find((m) => m).{axis}_range.start"
    for n, (key, axis) in enumerate([("", ""), ("ArrowRight", "x"), ("ArrowUp", "y")]):
        if key:
            was = tab.evaluate(before.format(axis=axis))
            tab.keyboard.press(key)
            tab.wait_for_function(f"(was) => {before.format(axis=axis)} !== was", arg=was, timeout=SHOWN_MS)
        tab.keyboard.press("Enter")
        expect(tab.locator(".ov circle")).to_have_count(n + 1)
    tab.keyboard.press("Enter")  # once more on the same place: done
    tab.wait_for_function("() => /[?&]a=g/.test(location.search)", timeout=SHOWN_MS)
    code = re.search(r"[?&]a=(g[\w-]+)", tab.url)
    assert code is not None
    assert areas.valid(code[1])
    expect(tab.locator(".ap .lead")).to_contain_text("km²", timeout=SHOWN_MS)
    tab.locator("[data-do=drop]").click()
    tab.wait_for_function("() => !/[?&]a=/.test(location.search)", timeout=SHOWN_MS)
    assert not page.errors
    tab.context.close()


def test_a_measure_is_the_ellipsoids_and_an_export_opens(running: Machine, chromium: Browser, tmp_path: Path) -> None:
    page = opened(chromium, running, PLACE)
    tab = page.page
    box = tab.locator(".mf").bounding_box()
    assert box is not None
    tab.keyboard.press("m")
    expect(tab.locator(".card")).to_be_visible(timeout=SHOWN_MS)
    corners = [(0.3, 0.3), (0.6, 0.25), (0.55, 0.5)]
    x0, x1, y0, y1 = tab.evaluate(
        "() => { const m = Bokeh.documents.map((d) => d.get_model_by_name('map')).find((f) => f);"
        " return [m.x_range.start, m.x_range.end, m.y_range.start, m.y_range.end] }"
    )
    for n, (across, down) in enumerate(corners):
        tab.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        expect(tab.locator(".ov circle")).to_have_count(n + 1)
    run = [lonlat(x0 + a * (x1 - x0), y1 - b * (y1 - y0)) for a, b in corners]
    geod = Geod(ellps="WGS84")
    lons, lats = [lon for lon, _ in run], [lat for _, lat in run]
    length = geod.line_length(lons, lats)
    square = abs(geod.polygon_area_perimeter(lons, lats)[0])
    said = tab.locator(".card dd").all_inner_texts()
    km, km2 = (float(re.split(r"\s", one)[0].replace(".", "").replace(",", ".")) for one in said[:2])
    assert km * 1000 == pytest.approx(length, rel=2e-3)  # a pixel is some metres
    assert km2 * 1e6 == pytest.approx(square, rel=4e-3)
    assert any("° B" in one for one in said)
    tab.keyboard.press("Escape")

    tab.keyboard.press("e")
    tab.locator("[data-take=srid]").select_option("9214", timeout=SHOWN_MS)
    href = tab.locator(".body a.main").get_attribute("href")
    assert href is not None
    answer = httpx.get(running.url + href, timeout=120, trust_env=False)
    assert answer.status_code == httpx.codes.OK, answer.text
    name = re.search(
        r'filename="(hue_field_reports_\d{8}-\d{4}_EPSG9214\.gpkg)"', answer.headers["Content-Disposition"]
    )
    assert name is not None
    (tmp_path / name[1]).write_bytes(answer.content)
    info = pyogrio.read_info(tmp_path / name[1])
    assert info["crs"] == "EPSG:9214"
    assert info["features"] > 0
    refused = httpx.get(
        f"{running.url}/export?format=gpkg&l=field_reports&box=102,8,102.1,8.1", trust_env=False, timeout=60
    )
    assert refused.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "Không có hàng nào" in refused.text
    assert not page.errors
    tab.context.close()
