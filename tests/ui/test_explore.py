"""The planner in a real browser over a real city: what it shows, what a hand on it does."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.machine import Machine
from tests.support.pages import Watched, watched
from tests.support.patience import SHOWN_MS

NO_SCROLL = """() => document.documentElement.scrollWidth <= innerWidth
  && document.documentElement.scrollHeight <= innerHeight"""


def opened(chromium: Browser, running: Machine, query: str, width: int = 1920, height: int = 1080) -> Watched:
    page = watched(chromium, width, height).open(f"{running.url}/explore{query}")
    expect(page.page.locator(".row .n").first).not_to_be_empty(timeout=SHOWN_MS)
    return page


def test_tree_table_and_detail_tell_of_the_same_things(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "?lang=vi")
    tab = page.page
    expect(tab.locator(".row.sel")).to_contain_text("Phản ánh hiện trường")  # unfolded without a hand on it
    expect(tab.locator(".lg").first).to_be_visible(timeout=SHOWN_MS)
    row = tab.locator("tr[data-id]").first
    expect(row).to_be_visible(timeout=SHOWN_MS)
    key = row.get_attribute("data-id")
    row.click()
    expect(tab.locator(".rt")).not_to_be_empty(timeout=SHOWN_MS)
    expect(tab.locator(".rs")).to_contain_text(str(key))
    expect(tab.locator(".src")).to_contain_text("mô phỏng")
    tab.wait_for_function("() => location.search.includes('s=field_reports~')", timeout=SHOWN_MS)
    tab.keyboard.press("Escape")
    expect(tab.locator(".rt")).to_have_count(0, timeout=SHOWN_MS)
    assert not page.errors
    assert not page.foreign
    tab.context.close()


def test_opening_the_panel_keeps_the_scale_of_the_map(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "?v=16.46500,107.59000,13.00")
    row = page.page.locator("tr[data-id]").first
    expect(row).to_be_visible(timeout=SHOWN_MS)
    row.click()
    page.page.wait_for_function("() => location.search.includes('s=field_reports~')", timeout=SHOWN_MS)
    expect(page.page.locator(".rt")).not_to_be_empty(timeout=SHOWN_MS)
    page.page.wait_for_timeout(1500)  # the map tells its place a moment after it came to rest
    assert re.search(r"v=[\d.]+,[\d.]+,13\.00", page.page.url)
    page.page.context.close()


def test_a_folded_layer_stays_folded_in_the_link(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "?f=-")
    expect(page.page.locator(".row.sel")).to_have_count(0)
    expect(page.page.locator(".none", has_text="Chọn một lớp")).to_be_visible(timeout=SHOWN_MS)
    page.page.context.close()


def test_services_without_a_source_are_listed_as_ready(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "")
    expect(page.page.locator(".grp").last).to_have_text("Sẵn sàng kết nối")
    expect(page.page.locator(".row", has_text="chưa có nguồn").first.locator(".eye")).to_be_disabled()
    expect(page.page.locator(".simu")).to_have_text("DỮ LIỆU MÔ PHỎNG")
    page.page.context.close()


# the hint of the search field: its room and its words, in px
SEARCH = """() => {
  const find = (root) => { for (const e of root.querySelectorAll("*")) { if (e.matches("input[type=search]")) return e
    if (e.shadowRoot) { const f = find(e.shadowRoot); if (f) return f } } }
  const input = find(document), pen = document.createElement("canvas").getContext("2d")
  if (!input?.placeholder) return null
  pen.font = getComputedStyle(input).font
  return {room: input.clientWidth, words: pen.measureText(input.placeholder).width}
}"""


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768)])
def test_no_scroll_and_no_panel_on_the_data(running: Machine, chromium: Browser, width: int, height: int) -> None:
    page = opened(chromium, running, "", width, height) if width > 1400 else watched(chromium, width, height)
    if width <= 1400:  # the tree is a rail of icons: its words are not there to wait for
        page.open(f"{running.url}/explore")
    page.page.wait_for_function(NO_SCROLL)
    page.page.wait_for_function(f"() => {{ const field = ({SEARCH})(); return field && field.room >= field.words }}")
    box = page.page.locator(".mf").bounding_box()
    assert box is not None
    assert box["width"] * box["height"] >= 0.4 * width * height  # look.md, principle 7
    page.page.context.close()


def test_the_clock_goes_back_and_says_so(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "")
    page.page.keyboard.press("Shift+ArrowLeft")
    expect(page.page.locator(".live")).to_have_text(re.compile("Về trực tiếp"), timeout=SHOWN_MS)
    expect(page.page.locator(".old")).to_contain_text("Đang xem lúc")
    page.page.locator(".known").click()
    expect(page.page.locator(".old")).to_contain_text("Như đã biết lúc", timeout=SHOWN_MS)
    page.page.wait_for_function("() => /[?&]t=\\d+/.test(location.search) && location.search.includes('k=1')")
    page.page.keyboard.press("0")
    expect(page.page.locator(".live")).to_have_text(re.compile("Trực tiếp"), timeout=SHOWN_MS)
    page.page.context.close()


def test_a_link_opens_the_same_place(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "?v=16.40000,107.70000,13.00&off=air_quality")
    expect(page.page.locator(".xy span")).to_contain_text("16,4000° B 107,7000° Đ", timeout=SHOWN_MS)
    expect(page.page.locator(".row", has_text="Chất lượng không khí").locator(".eye")).to_have_attribute(
        "aria-checked", "false"
    )
    page.page.context.close()


def test_search_finds_a_place_without_marks(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "")
    page.page.keyboard.press("/")
    page.page.keyboard.type("vy da")
    expect(page.page.locator(".found .r").first).to_contain_text("Vỹ Dạ", timeout=SHOWN_MS)
    page.page.keyboard.press("Enter")
    page.page.wait_for_function("() => /v=16\\.4\\d+,107\\.6/.test(location.search)", timeout=SHOWN_MS)
    page.page.context.close()


def link(page: Page) -> dict[str, str]:
    """The query of the address bar."""
    return dict(parse_qsl(urlsplit(page.url).query))


def test_filters_are_seen_in_tree_map_table_and_link(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "?on=field_reports&f=field_reports")
    tab = page.page
    row = tab.locator(".row[data-id=field_reports]")
    everything = row.locator(".n").inner_text()
    tab.locator("[data-column=category] summary").click(timeout=SHOWN_MS)
    value = tab.locator("[data-column=category] [data-value]").first
    few = value.locator("em").inner_text()
    value.click()
    expect(row.locator(".n")).to_contain_text(few, timeout=SHOWN_MS)
    expect(tab.locator(".tbh .cnt")).to_have_text(re.compile(f"^{few} trên "), timeout=SHOWN_MS)
    tab.wait_for_function("() => location.search.includes('q.field_reports.category=')", timeout=SHOWN_MS)
    tab.locator("[data-by=category]").click()
    expect(tab.locator("[data-by=category]")).to_have_attribute("aria-pressed", "true", timeout=SHOWN_MS)
    chip = tab.locator(".fc .chip")
    expect(chip).to_have_count(1, timeout=SHOWN_MS)
    chip.click()
    expect(chip).to_have_count(0, timeout=SHOWN_MS)
    expect(row.locator(".n")).to_have_text(re.compile(r"^\d"), timeout=SHOWN_MS)
    assert everything
    gone = "() => !location.search.includes('q.field') && location.search.includes('c=field_reports')"
    tab.wait_for_function(gone, timeout=SHOWN_MS)
    assert not page.errors
    tab.context.close()


def test_a_typed_moment_and_another_beside_it(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "?on=field_reports,hydrology&f=field_reports")
    tab = page.page
    tab.keyboard.press("g")
    field = tab.locator(".pop [name=at]")
    expect(field).to_be_focused(timeout=SHOWN_MS)
    field.fill("31/02/2026 10:00")
    field.press("Enter")
    expect(tab.locator(".wrong")).to_contain_text("Hãy gõ như", timeout=SHOWN_MS)
    field.fill("00:05")
    field.press("Enter")
    tab.wait_for_function("() => /[?&]t=\\d+/.test(location.search)", timeout=SHOWN_MS)
    expect(tab.locator(".old")).to_contain_text("Đang xem lúc", timeout=SHOWN_MS)
    tab.locator(".pop [data-back='3600']").click()
    expect(tab.locator(".wrap.second .pn")).to_contain_text("23:05", timeout=SHOWN_MS)
    expect(tab.locator("tr[data-id=field_reports] td")).to_have_count(7, timeout=SHOWN_MS)
    assert int(link(tab)["t"]) - int(link(tab)["b"]) == 3600
    tab.locator(".pop [data-back='0']").click()
    expect(tab.locator(".wrap.second")).to_have_count(0, timeout=SHOWN_MS)
    expect(tab.locator(".tbh b")).to_contain_text("trong khung nhìn", timeout=SHOWN_MS)
    tab.wait_for_function("() => !/[?&]b=/.test(location.search)", timeout=SHOWN_MS)
    assert not page.errors
    tab.context.close()


def test_a_link_holds_all_and_a_view_keeps_it(running: Machine, chromium: Browser) -> None:
    asked = (
        "v=16.46500,107.59000,13.00&on=field_reports,fishing_vessels&f=field_reports&t=1795240000&w=21600&k=1"
        "&o=field_reports:60&b=1795230000&c=field_reports&q.field_reports.level=0~2"
    )
    page = opened(chromium, running, f"?{asked}")
    tab = page.page
    expect(tab.locator(".wrap.second .pn")).not_to_be_empty(timeout=SHOWN_MS)
    assert link(tab) == dict(parse_qsl(asked))
    tab.locator(".find").fill("muc nuoc")
    expect(tab.locator(".row")).to_have_count(1, timeout=SHOWN_MS)
    tab.locator(".find").press("Escape")
    tab.keyboard.press("v")
    tab.locator(".views [name=name]").fill("Đêm lũ")
    tab.keyboard.press("Enter")
    expect(tab.locator(".vo")).to_have_text("Đêm lũ", timeout=SHOWN_MS)
    tab.goto(f"{running.url}/explore?on=hydrology")
    page.idle()
    tab.locator(".vb").click()
    tab.locator(".vo").click()
    tab.wait_for_function("() => location.search.includes('b=1795230000')", timeout=SHOWN_MS)
    page.idle()
    tab.locator(".vb").click()
    tab.locator(".vd").click()
    expect(tab.locator(".vo")).to_have_count(0)
    assert not page.errors
    tab.context.close()


def test_a_service_that_cannot_be_shown_says_what_it_lacks(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "?f=health")
    expect(page.page.locator(".sub .note")).to_contain_text("[services.health]", timeout=SHOWN_MS)
    page.page.context.close()
