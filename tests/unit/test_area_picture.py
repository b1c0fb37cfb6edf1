"""A picture that leaves the page says when it was and that it is simulated, in its upper corners."""

from __future__ import annotations

import numpy as np
from PIL import Image

from app.pages.area_picture import LEFT, RIGHT, told
from layers import palette


def test_words_stand_whole_in_their_corner() -> None:
    plain = Image.new("RGB", (700, 200), palette.BASEMAP["land"])
    for side, columns in ((LEFT, slice(0, 350)), (RIGHT, slice(350, 700))):
        changed = np.argwhere((np.asarray(told(plain, "DỮ LIỆU MÔ PHỎNG", side)) != np.asarray(plain)).any(axis=2))
        (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
        assert columns.start <= left
        assert right < columns.stop
        assert 12 <= min(left, 699 - right) <= 20, "the margin of the corner"
        assert 10 < top < bottom < 60
