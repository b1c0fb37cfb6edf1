"""Roboto as one whole font from the subsets that panel-material-ui brings, for the PDF and for the printed page."""

from __future__ import annotations

import base64
import importlib.util
import io
from functools import cache
from pathlib import Path

from fontTools.merge import Merger  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

PARTS = ("latin", "latin-ext", "vietnamese")
KEPT = {"GlyphOrder", "OS/2", "cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name", "post"}
"""Tables that a page of words needs; features for typesetting differ between the subsets and do not merge."""


@cache
def merged(weight: int) -> bytes:
    """The TrueType file of a weight, 400 or 700: Latin with all Vietnamese letters, about 50 kB."""
    spec = importlib.util.find_spec("panel_material_ui")
    folders = [Path(p) / "dist" for p in (spec.submodule_search_locations or [])] if spec else []
    files = [f for d in folders for part in PARTS for f in sorted(d.glob(f"roboto-{part}-{weight}-normal-*.woff"))]
    whole = Merger().merge([_plain(file) for file in files])
    out = io.BytesIO()
    whole.save(out)
    return out.getvalue()


def _plain(file: Path) -> io.BytesIO:
    """One subset as TrueType, with the tables that merge."""
    with TTFont(file) as font:
        font.flavor = None
        for table in set(font.keys()) - KEPT:
            del font[table]
        out = io.BytesIO()
        font.save(out)
    out.seek(0)
    return out


@cache
def css() -> str:
    """``@font-face`` of both weights with the letters inside: the page is whole without a second request."""
    faces = []
    for weight in (400, 700):
        data = base64.b64encode(merged(weight)).decode("ascii")
        source = f"url(data:font/ttf;base64,{data}) format('truetype')"
        faces.append(f"@font-face{{font-family:Roboto;font-weight:{weight};src:{source}}}")
    return "\n".join(faces)
