"""The wall in a real browser: nothing to touch, nothing cut, and it says when its picture is old."""

from __future__ import annotations

import contextlib
import re

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, expect

from tests.support.machine import Machine, wait_for
from tests.support.pages import Watched, watched
from tests.support.patience import HANG_S, SHOWN_MS

CUT = """() => {
  const cut = []
  const walk = root => { for (const e of root.querySelectorAll("*")) {
    if (e.shadowRoot) walk(e.shadowRoot)
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    if (!(e instanceof HTMLElement) || !own || e.classList.contains("mi") || e.classList.contains("hush")) continue
    const hides = getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 4
    if (hides || e.getBoundingClientRect().right > innerWidth + 1)
      cut.push(e.textContent.trim().slice(0, 60))
  } }
  walk(document)
  return cut
}"""

HALF_A_PIXEL = """() => {
  const find = root => { for (const e of root.querySelectorAll("*")) {
    const one = e.matches(".tv span.clip") ? e : e.shadowRoot && find(e.shadowRoot)
    if (one) return one } }
  const label = find(document), words = document.createRange()
  words.selectNodeContents(label)
  label.style.flex = "none"
  label.style.width = `${words.getBoundingClientRect().width - 0.5}px`
  document.fonts.dispatchEvent(new Event("loadingdone"))
  return label.classList.contains("two")
}"""

SMALL = """u => {
  const small = []
  const walk = root => { for (const e of root.querySelectorAll("*")) {
    if (e.shadowRoot) walk(e.shadowRoot)
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
    if (!own || e.closest(".sim") || e.classList.contains("hush") || e.tagName === "text") continue
    const size = parseFloat(getComputedStyle(e).fontSize), box = e.getBoundingClientRect()
    if (box.width > 1 && size < 2.1 * u - 0.5 && !["STYLE", "SCRIPT", "TITLE"].includes(e.tagName))
      small.push([e.textContent.trim().slice(0, 40), size])
  } }
  walk(document)
  return small
}"""


def opened(chromium: Browser, running: Machine, path: str, width: int, height: int) -> Watched:
    page = watched(chromium, width, height).open(running.url + path)
    # five sources of the shared city; another test may have connected and left a sixth
    expect(page.page.locator(".sum b")).to_have_text(re.compile("^5/[56]$"), timeout=SHOWN_MS)
    return page


CASES = (
    ("/wall/overview", 3840, 2160),
    ("/wall/sea", 1920, 1080),
)


@pytest.mark.parametrize(("path", "width", "height"), CASES)
def test_nothing_is_cut_or_too_small_and_nothing_scrolls(
    running: Machine, chromium: Browser, path: str, width: int, height: int
) -> None:
    page = opened(chromium, running, path, width, height)
    assert page.page.evaluate("() => [scrollX, scrollY, document.documentElement.scrollHeight <= innerHeight]") == [
        0,
        0,
        True,
    ]
    # until the fonts are there words are wider; a list's second line may end in an ellipsis: names have no bound
    cut: list[str] = []

    def all_whole() -> bool:
        cut[:] = [text for text in page.page.evaluate(CUT) if len(text) < 30]
        return not cut

    with contextlib.suppress(AssertionError):
        wait_for(all_whole, "words", HANG_S)
    assert not cut
    assert not page.page.evaluate(SMALL, height / 108)  # 16′ at six metres, look.md 3.3
    assert not page.errors
    assert not page.foreign
    page.page.context.close()


LONG_LINE = """title => {
  const models = Bokeh.documents.flatMap(d => [...d._all_models.values()])
  const rail = models.find(m => m.attributes?.data?.data?.side === "rail" || m.attributes?.data?.side === "rail")
  const holder = rail.attributes.data.data ? rail.data : rail
  const item = n => ({n, title: [title], sub: ["Thi công"], least: "", under: [], seen: false, level: 1, svg: "", t: 0})
  const list = {kind: "list", compact: true, title: "Việc", head: "", calm: "", items: [item(1), item(2)]}
  holder.data = {...holder.data, sections: [list]}
}"""

ROWS = """() => { const rows = []
  const walk = root => { for (const e of root.querySelectorAll("*")) {
    if (e.shadowRoot) walk(e.shadowRoot)
    if (e.matches(".compact .it")) rows.push([e.hidden, e.querySelector(".s").hidden, e.getBoundingClientRect().height,
      parseFloat(getComputedStyle(e.querySelector(".t")).fontSize)])
  } }
  walk(document)
  return rows
}"""


@pytest.mark.parametrize(("title", "gone"), [("Đào đường", False), ("Lắp đặt cống thoát nước, bó vỉa " * 3, True)])
def test_a_second_fact_beside_a_long_title_goes_rather_than_stand_letter_under_letter(
    running: Machine, chromium: Browser, title: str, *, gone: bool
) -> None:
    page = opened(chromium, running, "/wall/overview", 1920, 1080)
    page.page.evaluate(LONG_LINE, title)
    for hidden, fact_gone, height, font in page.page.evaluate(ROWS):
        assert (hidden, fact_gone) == (False, gone)
        assert height < 4.5 * font, "two lines of the title at most"
    page.page.context.close()


def test_the_overview_counts_every_service_of_the_city(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "/wall/overview", 1920, 1080)
    expect(page.page.locator(".tile")).to_have_count(10)
    expect(page.page.locator(".tile.ready").first).to_contain_text("sẵn sàng kết nối")
    expect(page.page.locator(".pg b")).to_have_text("Toàn cảnh")
    expect(page.page.locator(".sim")).to_have_text("DỮ LIỆU MÔ PHỎNG")
    expect(page.page.locator(".river .n")).to_contain_text("Sông Hương", timeout=SHOWN_MS)
    expect(page.page.locator(".inset")).to_contain_text("Hoàng Sa", timeout=SHOWN_MS)
    expect(page.page.locator(".inset")).to_contain_text("Trường Sa")
    numbers = page.page.locator(".it .num").all_inner_texts()
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert page.page.evaluate(HALF_A_PIXEL), "half a pixel too long: two letters would go"
    page.page.context.close()


def box_of(locator: Locator) -> FloatRect:
    """Where it stands; a block that is drawn anew at this very moment is asked again."""
    found = wait_for(locator.bounding_box, f"a place of {locator}")
    assert found is not None
    return found


def test_every_scene_of_the_city_has_its_layout(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "/wall/flood", 1920, 1080)
    expect(page.page.locator(".pg b")).to_have_text("Lũ")
    expect(page.page.locator(".river .n").first).to_contain_text("Sông", timeout=SHOWN_MS)
    expect(page.page.locator(".shares h2").first).to_contain_text("Mưa 24 giờ", timeout=SHOWN_MS)
    page.page.goto(running.url + "/wall/services")
    expect(page.page.locator(".pg b")).to_have_text("Dịch vụ", timeout=SHOWN_MS)
    tiles = page.page.locator(".tiles.big .tile")
    expect(tiles).to_have_count(15, timeout=SHOWN_MS)
    fourth, last = box_of(tiles.nth(3)), box_of(tiles.last)
    assert abs(fourth["x"] + fourth["width"] - last["x"] - last["width"]) < 1, "the last row is full"
    page.page.goto(running.url + "/wall/traffic")
    expect(page.page.locator(".note p")).to_contain_text("sẵn sàng kết nối", timeout=SHOWN_MS)
    expect(page.page.locator(".tile, .it")).to_have_count(0)
    assert not page.errors
    assert not page.foreign
    page.page.context.close()


def test_the_sea_says_what_it_is_made_of(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, running, "/wall/sea", 1920, 1080)
    expect(page.page.locator(".sim")).to_have_text("DỮ LIỆU MÔ PHỎNG", timeout=SHOWN_MS)
    expect(page.page.locator(".agg")).to_contain_text("vết tàu 14 ngày", timeout=SHOWN_MS)
    page.page.context.close()


def test_a_lost_server_is_said_in_a_band_and_another_one_loads_the_wall(running: Machine, chromium: Browser) -> None:
    """And another build behind the same address loads the wall again."""
    page = opened(chromium, running, "/wall/overview", 1920, 1080)
    page.page.route("**/readyz", lambda route: route.abort())
    expect(page.page.locator(".band")).to_contain_text("Mất kết nối máy chủ từ", timeout=SHOWN_MS)
    page.page.unroute("**/readyz")
    expect(page.page.locator(".band")).to_be_hidden(timeout=SHOWN_MS)
    page.page.evaluate("() => { window.before = true; Math.random = () => 0 }")  # no seconds at random before it loads
    page.page.route("**/readyz", lambda route: route.fulfill(json={"ready": True, "build": "another"}))
    page.page.wait_for_function("() => window.before === undefined", timeout=SHOWN_MS)
    page.page.context.close()


SEEN = (".pg b", ".sum b", ".inset", ".sb", ".agg", "div.facts b", "h2")


def test_parts_of_a_split_wall_are_the_whole_wall(running: Machine, chromium: Browser) -> None:
    def boxes(path: str, width: int, left: float) -> dict[str, list[float]]:
        page = opened(chromium, running, path, width, 1080)
        expect(page.page.locator(".agg")).to_contain_text("vết tàu", timeout=SHOWN_MS)
        found = {}
        for name in SEEN:
            expect(page.page.locator(name).first).to_be_visible(timeout=SHOWN_MS)
            box = box_of(page.page.locator(name).first)
            found[name] = [box["x"] + left, box["y"], box["width"], box["height"]]
        assert page.page.evaluate("() => [document.documentElement.scrollWidth <= innerWidth, scrollX]") == [True, 0]
        assert not page.errors
        page.page.context.close()
        return found

    whole = boxes("/wall/sea", 1920, 0)
    for number, left in ((1, 0), (2, 960)):
        part = boxes(f"/wall/sea?split=2x1&part={number}", 960, left)
        for name in SEEN:
            assert part[name] == pytest.approx(whole[name], abs=2), name
