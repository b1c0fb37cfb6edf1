"""docs/sources.md is the index of all protocols, and current (tests/unit/test_catalogue_docs.py holds it so)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.base import names

ROOT = Path(__file__).parents[2]
INDEX = (ROOT / "docs/sources.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", names())
def test_a_protocol_has_its_page_its_row_and_says_what_it_was_tested_against(name: str) -> None:
    page = ROOT / "docs/sources" / f"{name}.md"
    assert page.read_text(encoding="utf-8").startswith("# ")
    assert f"| [`{name}`](sources/{name}.md) |" in INDEX
    tested = (ROOT / "tests/payloads" / name / "tested.txt").read_text(encoding="utf-8")
    assert tested.strip() in INDEX
