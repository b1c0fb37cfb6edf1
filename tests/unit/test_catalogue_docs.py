"""docs/services.md is written from the catalogue, and current."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from geodata.catalogue import services
from geodata.city import cities

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/services.md").read_text(encoding="utf-8")


def test_the_page_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/build_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_page_names_every_service_city_and_unread_law() -> None:
    for name, entry in services().items():
        assert f"| `{name}` | {entry.short_vi} |" in PAGE
        assert f"### {entry.title_vi} · {entry.title_en}" in PAGE
    for city in cities().values():
        assert f"### {city.title_vi}" in PAGE
    assert "**not confirmed**" in PAGE
