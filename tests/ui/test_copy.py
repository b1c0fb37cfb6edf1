"""What a button copies is on the clipboard: also on plain HTTP, where a browser has no clipboard for pages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.machine import Machine
from tests.support.pages import Watched, watched
from tests.support.patience import SHOWN_MS

NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined})"
"""What a page finds at http://a-name-in-the-office."""

ORIGINS = pytest.mark.parametrize("plain", [False, True], ids=["secure", "plain HTTP"])


def opened(chromium: Browser, url: str, *, plain: bool) -> Watched:
    page = watched(chromium)
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    if plain:
        page.page.add_init_script(NO_CLIPBOARD)
    return page.open(url)


def pasted(tab: Page) -> str:
    """What a hand would paste elsewhere; the page itself stays as it is."""
    tab.evaluate("""() => { const t = document.createElement('textarea'); t.id = 'pasted'
      t.style.cssText = 'position:fixed;left:0;top:0'; document.body.append(t); t.focus() }""")
    tab.keyboard.press("Control+V")
    told = tab.locator("#pasted").input_value()
    tab.evaluate("() => document.getElementById('pasted').remove()")
    return told


@ORIGINS
def test_the_link_of_what_is_picked(running: Machine, chromium: Browser, *, plain: bool) -> None:
    page = opened(chromium, f"{running.url}/explore?on=field_reports&f=field_reports", plain=plain)
    tab = page.page
    tab.locator("tr[data-id]").first.click()
    tab.wait_for_function("() => location.search.includes('s=field_reports~')", timeout=SHOWN_MS)
    # the map still moves to what was picked, and the address with it: what counts is the address of the click
    tab.evaluate("() => document.addEventListener('click', () => { window.clicked = location.href }, true)")
    tab.locator(".dt .copy").click()
    expect(tab.locator(".dt .copy")).to_contain_text("Đã chép")
    assert pasted(tab) == tab.evaluate("() => window.clicked")
    tab.locator(".mf .xy").click()
    assert re.fullmatch(r"[\d,.]+° B [\d,.]+° Đ.*", pasted(tab))
    assert not page.errors
    tab.context.close()


# what is picked is drawn anew between the click and the answer of the clipboard
SLOW = """() => {
  navigator.clipboard.writeText = () => new Promise(done => setTimeout(done, 600))
  const find = root => { for (const e of root.querySelectorAll("*")) { if (e.matches(".dt")) return e
    if (e.shadowRoot) { const found = find(e.shadowRoot); if (found) return found } } }
  const again = () => { const panel = find(document); panel.innerHTML = panel.innerHTML }
  for (const after of [200, 1200]) setTimeout(again, after)
}"""


def test_that_it_is_copied_is_said_also_when_the_panel_is_drawn_anew(running: Machine, chromium: Browser) -> None:
    page = opened(chromium, f"{running.url}/explore?on=field_reports&f=field_reports", plain=False)
    tab = page.page
    tab.locator("tr[data-id]").first.click()
    tab.wait_for_function("() => location.search.includes('s=field_reports~')", timeout=SHOWN_MS)
    expect(tab.locator(".dt .copy")).to_contain_text("Liên kết")
    tab.evaluate(SLOW)
    tab.locator(".dt .copy").click()
    expect(tab.locator(".dt .copy")).to_contain_text("Đã chép")
    expect(tab.locator(".dt .copy")).to_contain_text("Liên kết")
    tab.context.close()


@ORIGINS
@pytest.mark.parametrize("path", ["/indicators?i=field_reports.on_time", "/sources?source=ais_thuan_an"])
def test_the_line_that_asks_for_a_number_and_the_one_that_tests_a_source(
    running: Machine, chromium: Browser, path: str, *, plain: bool
) -> None:
    page = opened(chromium, running.url + path, plain=plain)
    tab = page.page
    line = tab.locator(".copy[data-line]").first
    said = line.get_attribute("data-line", timeout=SHOWN_MS)
    line.click()
    expect(line).to_have_attribute("title", "Đã chép")
    assert said
    assert pasted(tab) == said
    assert not page.errors
    tab.context.close()
