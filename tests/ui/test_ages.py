"""Ages as every block writes them, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from app.panels.block import HERE
from app.text import Text

NOW = 1_795_000_000


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (str(NOW - 8), "8 giây"),
        (str(NOW - 26 * 60), "26 phút"),
        (str(NOW - 7 * 3600 - 12 * 60), "7 giờ 12"),
        (str(NOW - 4 * 86400), "4 ngày"),
        ("null", ""),
        ("NaN", ""),
        (str(NOW - 40 * 86400), "09/10/2026"),
    ],
)
def test_an_age_in_words_and_nothing_for_what_never_spoke(chromium: Browser, told: str, said: str) -> None:
    page = chromium.new_page()
    script = (HERE / "block.js").read_text(encoding="utf-8")
    page.set_content(f'<p><i data-t="{told}">…</i></p><script>{script}</script>')
    page.evaluate("([now, units]) => tick(document, now, units, 'Asia/Ho_Chi_Minh')", [NOW, Text("vi").table("age")])
    assert page.locator("i").inner_text() == said
    page.close()
