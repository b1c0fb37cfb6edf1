"""The duty desk in a real browser: what stands there, what a hand does, what the journal keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect
from shapely.geometry import Point

from geodata.watch.course import Change, advance
from geodata.watch.rule import rules
from geodata.watch.signs import Fires, Row
from tests.support.machine import Machine
from tests.support.pages import Watched, watched

pytestmark = pytest.mark.timeout(400)

NO_SCROLL = (
    "() => [document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]"
)
SIX = rules()["fishing_vessels.lost_6h"]
NAMES = {"mmsi:574000001": "TTH-90001-TS", "mmsi:574000002": "TTH-90002-TS", "mmsi:574000003": "TTH-90003-TS"}


def _opened() -> list[Change]:
    now = datetime.now(UTC)
    signs = [
        Fires(
            key=key,
            since=now - timedelta(hours=i + 1),
            level=3 if i == 2 else 2,
            geometry=Point(108.0 + i / 10, 16.8),
            facts={"name": name, "last": (now - timedelta(hours=i + 7)).isoformat(), "length_m": 18.6, "by": "vms"},
            rows=[Row("fishing_vessels", "Position", key, now - timedelta(hours=i + 7), "simulated_ais")],
            simulated=True,
        )
        for i, (key, name) in enumerate(NAMES.items())
    ]
    return advance(SIX, {}, signs, now)


@pytest.fixture(scope="module")
def lost(running: Machine) -> Iterator[Machine]:
    """Three findings of the city; they are closed when the module is done, for others share it."""
    with running.findings() as store:
        assert store.turn()  # no watch looks at this city: to the wall this one does
        found = store.apply(_opened())
        yield running
        standing = {one.key: one for one in found}
        store.apply(advance(SIX, standing, [], datetime.now(UTC)))


def opened(chromium: Browser, running: Machine, query: str = "") -> Watched:
    page = watched(chromium).open(f"{running.url}/desk{query}")
    expect(page.page.locator(".rows .q").first).to_be_visible()
    return page


def test_an_empty_queue_of_a_city_that_nobody_watches_is_no_calm(running: Machine, chromium: Browser) -> None:
    page = watched(chromium).open(f"{running.url}/desk")
    expect(page.page.locator(".dq .away")).to_contain_text("Không tiến trình nào canh")
    expect(page.page.locator(".dq .none")).to_have_text("Chưa biết có việc hay không.")
    expect(page.page.locator(".dh h2")).to_have_text("Chưa biết có việc hay không.")
    with running.findings() as store:
        assert store.turn()
        store.looked(datetime.now(UTC))
        expect(page.page.locator(".dq .none")).to_have_text("Không có việc cần xử lý.")
        expect(page.page.locator(".dq .away")).to_have_count(0)
    assert not page.errors
    page.page.context.close()


def test_the_wall_lists_what_nobody_has(lost: Machine, chromium: Browser) -> None:
    page = watched(chromium).open(f"{lost.url}/wall/overview")
    rail = page.page.locator(".rail .list").first
    expect(rail).to_contain_text("3 việc, 3 chưa ai nhận, cao nhất mức 3")
    expect(rail.locator(".it").nth(0)).to_contain_text("TTH-90003-TS")
    expect(rail.locator(".it").nth(1)).to_contain_text("TTH-90002-TS")  # two alike are one line
    expect(rail.locator(".it")).to_have_count(2)
    assert not page.errors
    page.page.context.close()


def test_the_queue_the_case_and_what_was_done(lost: Machine, chromium: Browser) -> None:
    page = opened(chromium, lost)
    tab = page.page
    expect(tab.locator(".rows .q")).to_have_count(3)
    expect(tab.locator(".q").first).to_contain_text("TTH-90003-TS, 18,6")  # the highest level first, unfolded by itself
    expect(tab.locator(".q.sel")).to_contain_text("TTH-90003-TS")
    expect(tab.locator(".b1")).to_contain_text("Mức 3")
    expect(tab.locator(".simu").first).to_have_text("DỮ LIỆU MÔ PHỎNG")
    expect(tab.locator(".lo")).to_contain_text("Mở việc mức 3")
    expect(tab.locator(".nav [aria-current]")).to_contain_text("Trực ban")
    tab.keyboard.press("j")
    expect(tab.locator(".q.sel")).to_contain_text("TTH-90002-TS")
    tab.keyboard.press("x")
    expect(tab.locator(".lo p").first).to_have_text("Xác nhận việc")
    expect(tab.locator(".q.sel")).to_contain_text("đã xác nhận")
    expect(tab.locator("[data-which=new]")).to_contain_text("2")
    expect(tab.locator(".q")).to_have_count(3)  # acknowledging hides nothing
    tab.keyboard.press("g")
    tab.locator(".ask select").select_option(index=1)
    agency = tab.locator(".ask select option:checked").inner_text()
    tab.locator(".ask [type=submit]").click()
    expect(tab.locator(".lo p").first).to_have_text(f"Giao {agency}")
    tab.locator("[data-step=feed]").click()
    expect(tab.locator(".lo p").first).to_have_text("Đã làm: Kiểm tra nguồn")
    expect(tab.locator("[data-step=feed]")).to_have_attribute("aria-pressed", "true")
    tab.keyboard.press("n")
    tab.keyboard.type("gọi thuyền trưởng, <b>không</b> liên lạc được")
    tab.keyboard.press("Enter")
    expect(tab.locator(".lo p").first).to_have_text("gọi thuyền trưởng, <b>không</b> liên lạc được")
    with lost.reading() as reader:
        acts = reader.query("shift_acts", start=datetime.now(UTC) - timedelta(hours=1), end=datetime.now(UTC))
    assert set(acts["what"]) == {"acknowledge", "assign", "step", "note"}
    assert not page.errors
    assert not page.foreign
    tab.context.close()


def test_hold_close_and_hand_over(lost: Machine, chromium: Browser) -> None:
    page = opened(chromium, lost, "?which=new")
    tab = page.page
    expect(tab.locator("[data-which=new]")).to_have_attribute("aria-pressed", "true")
    tab.locator("[data-which=all]").click()
    expect(tab.locator(".rows .q")).to_have_count(3)
    tab.locator(".rows .q", has_text="TTH-90001-TS").click()
    expect(tab.locator(".q.sel")).to_contain_text("TTH-90001-TS")
    tab.keyboard.press("h")
    tab.locator(".ask [name=reason]").fill("chờ tàu về cảng")
    tab.keyboard.press("Enter")
    expect(tab.locator("details summary").first).to_contain_text("Đang hoãn 1")
    expect(tab.locator(".rows .q")).to_have_count(2)
    tab.locator(".ho input").fill("Ca sau theo dõi TTH-90001-TS")
    tab.keyboard.press("Enter")
    expect(tab.locator(".ho input")).to_have_value("")
    tab.locator(".rows .q", has_text="TTH-90003-TS").click()
    expect(tab.locator(".q.sel")).to_contain_text("TTH-90003-TS")
    tab.keyboard.press("x")
    expect(tab.locator("[data-open=close]")).to_be_visible()
    tab.keyboard.press("d")
    tab.locator(".ask [type=submit]").click()
    expect(tab.locator(".rows .q")).to_have_count(1)
    expect(tab.locator(".q.sel")).to_contain_text("TTH-90002-TS")
    assert re.search(r"[?&]f=\d+", tab.url)
    assert not page.errors
    tab.context.close()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (3840, 2160)])
def test_it_fits_the_window(lost: Machine, chromium: Browser, width: int, height: int) -> None:
    page = watched(chromium, width, height).open(f"{lost.url}/desk?lang=en")
    expect(page.page.locator(".q").first).to_be_visible()
    assert page.page.evaluate(NO_SCROLL) == [True, True]
    expect(page.page.locator(".act, .ask").first).to_be_in_viewport()
    page.page.context.close()
