"""The sources page in a real browser over a real city."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.support.machine import Machine
from tests.support.pages import Watched, watched
from tests.support.patience import SHOWN_MS

SCROLLS_NOT = """() => document.documentElement.scrollWidth <= innerWidth
  && document.documentElement.scrollHeight <= innerHeight"""


def opened(chromium: Browser, running: Machine, query: str = "", width: int = 1920, height: int = 1080) -> Watched:
    page = watched(chromium, width, height).open(f"{running.url}/sources{query}")
    expect(page.page.locator("tr[data-id]").first).to_be_visible(timeout=SHOWN_MS)
    expect(page.page.locator(".n b").first).to_have_text(re.compile(r"\d"), timeout=SHOWN_MS)
    return page


def test_every_service_of_the_city_is_there_with_its_day_and_sums(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running)
    tab = page.page
    expect(tab.locator("tr[data-id='ais_thuan_an'] .strip .v")).not_to_have_attribute("d", "", timeout=SHOWN_MS)
    expect(tab.locator("tr[data-id='ais_thuan_an'] .ns em").first).to_have_text("=")
    expect(tab.locator("tr[data-id='platform']")).to_contain_text("Sổ nhận dữ liệu")
    expect(tab.locator("tr[data-id='ais_thuan_an']")).to_contain_text("mô phỏng")
    # the row is drawn anew while the city speaks: a look that is taken again
    expect(tab.locator("tr[data-id='ais_thuan_an'] td").first).to_have_css("height", "40px")
    tab.wait_for_function(SCROLLS_NOT)
    assert not page.errors
    assert not page.foreign
    tab.context.close()


def test_keys_move_open_filter_and_close(running: Machine, chromium: Browser) -> None:
    tab = opened(chromium, running).page
    tab.keyboard.press("/")
    tab.keyboard.type("tau ca ais")  # without marks
    # another test may have connected a third to the shared city
    expect(tab.locator(".cnt")).to_have_text(re.compile("^[23] trên"))
    expect(tab.locator("tr[data-id^='ais_']")).to_have_count(2)
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    expect(tab.locator(".body h2")).to_contain_text("AIS", timeout=SHOWN_MS)
    tab.wait_for_function("() => location.search.includes('source=ais_')", timeout=SHOWN_MS)
    tab.keyboard.press("Escape")  # the field gives up its words first
    expect(tab.locator(".cnt")).to_have_text("")
    tab.keyboard.press("Escape")
    expect(tab.locator(".body h2")).to_have_count(0, timeout=SHOWN_MS)
    tab.wait_for_function("() => !location.search.includes('source=')", timeout=SHOWN_MS)
    tab.locator(".n.ready").click()
    expect(tab.locator("tr.w").first).to_be_visible()
    expect(tab.locator("tr[data-id='ais_thuan_an']")).to_have_count(0)
    tab.context.close()


def test_a_link_opens_the_source_in_words(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "?source=ais_thuan_an")
    tab = page.page
    expect(tab.locator(".dep")).to_have_text(re.compile(r"\d+ tàu, 1 lớp, \d cảnh tường hình"), timeout=SHOWN_MS)
    expect(tab.locator(".cmd code").first).to_contain_text("vonglau check ais_thuan_an --city hue --bindings")
    expect(tab.locator(".kv", has_text="Địa chỉ")).to_contain_text("tcp://127.0.0.1:")
    expect(tab.locator("tr.on")).to_have_attribute("data-id", "ais_thuan_an")
    tab.keyboard.press("ArrowDown")
    expect(tab.locator(".body h2")).not_to_contain_text("Thuận An", timeout=SHOWN_MS)
    assert not page.errors
    tab.context.close()


def test_the_page_in_english_on_a_small_screen(running: Machine, chromium: Browser) -> None:
    tab = opened(chromium, running, "?lang=en&source=simulated_reports", 1366, 768).page
    expect(tab.locator(".sec", has_text="Rejected")).to_be_visible(timeout=SHOWN_MS)
    expect(tab.locator(".c-name").first).to_be_attached()
    tab.wait_for_function(SCROLLS_NOT)
    assert "lang=en" in tab.url
    tab.context.close()


def test_an_unknown_source_is_said(running: Machine, chromium: Browser) -> None:
    tab = opened(chromium, running, "?source=%3Cb%3Enobody").page
    expect(tab.locator(".body")).to_contain_text("Không có nguồn nào mang mã <b>nobody", timeout=SHOWN_MS)
    tab.context.close()
