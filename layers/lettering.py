"""Letters as outlines, from the Roboto files that panel-material-ui brings: the same face as on the pages.

Files without a browser need no installed font. Roboto comes in 400 and 700, as subsets (Latin, extended,
Vietnamese); a letter that none of them has is taken from DejaVu Sans, which matplotlib brings.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path as File

import numpy as np
from fontTools.pens.basePen import BasePen  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from matplotlib import get_data_path
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

CAP_HEIGHT = 0.711  # of Roboto, em
SLANT = np.tan(np.radians(14))  # a browser's synthetic oblique; the bundle has no italics


class _Outline(BasePen):
    """Collects a glyph as a matplotlib path in font units, y upwards."""

    def __init__(self, glyphs: object) -> None:
        super().__init__(glyphs)
        self.vertices: list[tuple[float, float]] = []
        self.codes: list[np.uint8] = []

    def _add(self, code: np.uint8, *points: tuple[float, float]) -> None:
        self.vertices.extend(points)
        self.codes.extend([code] * len(points))

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 - fontTools' name
        self._add(Path.MOVETO, pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802 - fontTools' name
        self._add(Path.LINETO, pt)

    def _curveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]) -> None:  # noqa: N802 - fontTools' name
        self._add(Path.CURVE4, pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802 - fontTools' name
        self._add(Path.CLOSEPOLY, (0.0, 0.0))


@dataclass(frozen=True, slots=True)
class _Face:
    """One font file: glyph names by code point, outlines, advances; lengths in em."""

    font: TTFont
    letters: dict[int, str]
    em: float

    @classmethod
    def open(cls, file: File) -> _Face:
        font = TTFont(file, lazy=True)
        return cls(font, font.getBestCmap(), float(font["head"].unitsPerEm))


@cache
def _faces(weight: int) -> tuple[_Face, ...]:
    spec = importlib.util.find_spec("panel_material_ui")
    folders = [File(p) / "dist" for p in (spec.submodule_search_locations or [])] if spec else []
    files = [
        file
        for folder in folders
        for part in ("latin", "latin-ext", "vietnamese")
        for file in sorted(folder.glob(f"roboto-{part}-{weight}-normal-*.woff"))
    ]
    bold = "-Bold" if weight >= 600 else ""
    return tuple(_Face.open(f) for f in [*files, File(get_data_path()) / f"fonts/ttf/DejaVuSans{bold}.ttf"])


@lru_cache(maxsize=4096)
def _letter(character: str, weight: int) -> tuple[Path | None, float]:
    """Outline and advance in em; nothing to draw for a space."""
    for face in _faces(weight):
        name = face.letters.get(ord(character))
        if name is not None:
            break
    else:
        face, name = _faces(weight)[0], ".notdef"
    glyphs = face.font.getGlyphSet()
    pen = _Outline(glyphs)
    glyphs[name].draw(pen)
    advance = float(glyphs[name].width) / face.em
    if not pen.vertices:
        return None, advance
    return Path(np.array(pen.vertices) / face.em, pen.codes), advance


def width(text: str, size: float, weight: int = 400, tracking: float = 0) -> float:
    """Advance of the words in px, tracking after every letter, as a canvas measures it."""
    text = unicodedata.normalize("NFC", text)
    return sum(_letter(c, weight)[1] * size + tracking for c in text)


@lru_cache(maxsize=2048)
def outline(
    text: str, size: float, weight: int = 400, *, italic: bool = False, tracking: float = 0
) -> tuple[Path | None, float]:
    """The words as one path, baseline at y = 0, y downwards, and their advance, px."""
    parts, x = [], 0.0
    skew = Affine2D(np.array([[1, SLANT, 0], [0, 1, 0], [0, 0, 1]])) if italic else Affine2D()
    for character in unicodedata.normalize("NFC", text):
        path, advance = _letter(character, weight)
        if path is not None:
            parts.append(path.transformed(skew + Affine2D().scale(size, -size).translate(x, 0)))
        x += advance * size + tracking
    return (Path.make_compound_path(*parts) if parts else None), x
