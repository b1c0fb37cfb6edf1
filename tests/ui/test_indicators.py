"""The indicators page in a real browser over a real city."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.support.machine import Machine
from tests.support.pages import Watched, watched
from tests.support.patience import SHOWN_MS

SCROLLS_NOT = """() => document.documentElement.scrollWidth <= innerWidth
  && document.documentElement.scrollHeight <= innerHeight"""
OPEN = "tr[data-id='field_reports.open_now']"


def opened(chromium: Browser, running: Machine, query: str = "", width: int = 1920, height: int = 1080) -> Watched:
    page = watched(chromium, width, height).open(f"{running.url}/indicators{query}")
    expect(page.page.locator(f"{OPEN} .val b")).to_have_text(re.compile(r"\d"), timeout=SHOWN_MS)
    return page


def test_numbers_come_with_what_they_rest_on_and_are_kept_as_a_file(
    running: Machine, chromium: Browser, tmp_path: Path
) -> None:
    page = opened(chromium, running)
    tab = page.page
    expect(tab.locator("tr[data-id='platform.feeds_up'] .val b")).to_have_text(re.compile("%$"), timeout=SHOWN_MS)
    tab.keyboard.press("/")
    tab.keyboard.type("phan anh dung han")  # without marks
    expect(tab.locator("tr[data-id]")).to_have_count(1)
    tab.keyboard.press("Enter")
    expect(tab.locator(".dt h2")).to_have_text("Tỷ lệ phản ánh đúng hạn", timeout=SHOWN_MS)
    expect(tab.locator(".lw").first).to_contain_text("văn bản chưa kiểm tra")
    tab.locator("summary").click()
    expect(tab.locator("pre")).to_contain_text("def on_time(frames: Frames)")
    tab.wait_for_function("() => location.search.includes('i=field_reports.on_time')", timeout=SHOWN_MS)
    with tab.expect_download(timeout=SHOWN_MS) as kept:
        tab.locator(".csv").click()
    kept.value.save_as(tmp_path / "kept.csv")
    lines = (tmp_path / "kept.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("id,service,title,value,unit,state,n,")
    assert any(line.startswith("field_reports.open_now,") for line in lines)
    tab.wait_for_function(SCROLLS_NOT)
    tab.keyboard.press("Escape")
    tab.keyboard.press("Escape")
    expect(tab.locator(".dt h2")).to_have_count(0, timeout=SHOWN_MS)
    assert not page.errors
    assert not page.foreign
    tab.context.close()


def test_a_moment_is_typed_kept_in_the_link_and_left_again(running: Machine, chromium: Browser) -> None:
    zone = timezone(timedelta(hours=7))
    then = (datetime.now(zone) - timedelta(hours=3)).replace(second=0, microsecond=0)
    stamp, asked = f"{then:%d/%m/%Y %H:%M}", f"t={int(then.timestamp())}&k=1"
    page = opened(chromium, running, f"?lang=en&{asked}", 1366, 768)
    tab = page.page
    expect(tab.locator(".why")).to_contain_text(f"Showing {stamp}, as known at {stamp}.")
    expect(tab.locator(".when b")).to_have_text(stamp)
    expect(tab.locator("th.target")).to_have_text("Target")
    tab.wait_for_function(SCROLLS_NOT)
    tab.keyboard.press("0")
    expect(tab.locator(".why")).not_to_contain_text("Showing", timeout=SHOWN_MS)
    tab.wait_for_function("() => !location.search.includes('t=') && location.search.includes('lang=en')")
    tab.keyboard.press("g")
    tab.keyboard.type("31/02 07:00")
    tab.keyboard.press("Enter")
    expect(tab.locator(".wrong")).to_contain_text("Type it as", timeout=SHOWN_MS)
    expect(tab.locator(".mc .live")).to_have_text("Live")
    tab.locator("input[name=at]").fill(stamp)
    tab.keyboard.press("Enter")
    expect(tab.locator(".why")).to_contain_text(f"Showing {stamp}. ", timeout=SHOWN_MS)
    expect(tab.locator(".wrong")).to_have_text("")
    tab.locator(".mc .known").click()
    tab.wait_for_function("(asked) => location.search.includes(asked)", arg=asked)
    expect(tab.locator(f"{OPEN} .val b")).to_have_text(re.compile(r"\d"), timeout=SHOWN_MS)
    assert not page.errors
    tab.context.close()
