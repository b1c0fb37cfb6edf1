"""The one source of colours: complete, in the order of the ramp, and the only place with a hex."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from layers import palette

ROOT = Path(palette.__file__).resolve().parents[1]
HEX = re.compile(r"(?<![\w&/#])#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b")
TEXTS = {".py", ".js", ".css", ".html", ".toml"}


def sources() -> list[Path]:
    return [
        path
        for folder in ("app", "layers")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in TEXTS and path.name != "palette.py"
    ]


def test_no_other_module_names_a_colour() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{n}": hit
        for path in sources()
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for hit in HEX.findall(line)
    }
    assert not found


def luminance(color: str) -> float:
    """WCAG 2 relative luminance."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in palette.rgb(color)]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_is_readable(theme: palette.Theme) -> None:
    t = palette.tokens(theme)
    words = ("text-1", "text-2", "text-3", "unknown", "accent")
    severe = tuple(f"level-{i}-text" for i in range(1, 6))
    for ground in ("bg-0", "bg-1", "bg-2"):
        for text in (*words, *severe):
            assert contrast(t[text], t[ground]) >= 4.5, (text, ground)
    for text in words:  # a severity is no text on the slider's track
        assert contrast(t[text], t["bg-3"]) >= 4.5, text


def test_marks_are_visible_on_land_and_sea() -> None:
    for color in (*palette.SEVERITY.values(), palette.UNKNOWN, *palette.TINT.values(), *palette.CATEGORIES):
        for ground in ("land", "sea", "outside"):
            assert contrast(color, palette.BASEMAP[ground]) >= 3, (color, ground)
    for level, color in palette.SEVERITY.items():
        assert contrast(palette.INK, color) >= 4.5
        assert contrast(palette.TEXT1, palette.SEVERITY_BAND[level]) >= 10


def test_ramps_grow_lighter_and_denser() -> None:
    for name, stops in palette.RAMPS.items():
        table = palette.ramp(stops)
        assert table.shape == (256, 4), name
        assert table[0, 3] == 0
        assert table[-1, 3] == round(0.9 * 255)
        assert (np.diff(table[:, 3].astype(int)) >= 0).all()
        assert (np.diff([luminance(s) for s in stops]) > 0).all()
        np.testing.assert_array_equal(table[-1, :3], [round(255 * c) for c in palette.rgb(stops[-1])])


def test_mix_ends_at_its_parts() -> None:
    assert palette.mix("#000000", "#FFFFFF", 0.5) == "#808080"
    assert palette.mix("#102030", "#FFFFFF", 0) == "#102030"


def test_both_themes_reach_the_pages() -> None:
    css = palette.css()
    for token in palette.tokens("dark"):
        assert css.count(f"--{token}:") == 2, token
    theme = palette.mui()
    assert set(theme) == {"dark", "light"}
    assert theme["dark"]["palette"]["primary"]["main"] == palette.ACCENT


def test_bokeh_theme_is_accepted() -> None:
    from bokeh.document import Document
    from bokeh.plotting import figure
    from bokeh.themes import Theme

    document = Document(theme=Theme(json=palette.bokeh_theme()))
    plot = figure()
    document.add_root(plot)
    assert plot.background_fill_color == palette.BASEMAP["sea"]
