"""Vietnamese first, English by a switch; the document says which."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.support.machine import Machine
from tests.support.pages import watched
from tests.support.patience import SHOWN_MS


def test_the_switch_changes_words_and_lang_and_keeps_the_place(running: Machine, chromium: Browser) -> None:
    page = watched(chromium).open(f"{running.url}/explore?v=16.50000,107.60000,12.50")
    tab = page.page
    assert tab.evaluate("() => document.documentElement.lang") == "vi"
    expect(tab.locator(".lh b")).to_have_text("Lớp bản đồ", timeout=SHOWN_MS)
    tab.locator(".lang").click()
    expect(tab.locator(".lh b")).to_have_text("Layers", timeout=SHOWN_MS)
    assert tab.evaluate("() => document.documentElement.lang") == "en"
    assert "v=16.5" in tab.url
    tab.locator(".lang").click()
    expect(tab.locator(".lh b")).to_have_text("Lớp bản đồ", timeout=SHOWN_MS)
    tab.context.close()


def test_the_wall_in_english(running: Machine, chromium: Browser) -> None:
    page = watched(chromium).open(f"{running.url}/wall/overview?lang=en")
    expect(page.page.locator(".pg b")).to_have_text("Overview", timeout=SHOWN_MS)
    expect(page.page.locator(".rail h2").first).to_contain_text("To act on", timeout=SHOWN_MS)
    page.page.context.close()
