"""One picture: cut out of a stream, cleaned of metadata, measured. Nothing here knows where it came from."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LUMA_PX = 160
"""Width at which pictures are compared: cheap, and a sensor's noise is still seen."""

MAX_PIXELS = 64_000_000
OVERLAY_SHARE = 0.06

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_KEPT_APP = {0xE0, 0xEE}  # JFIF and Adobe tell how to read the colours; all others tell who, where and when
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length


@dataclass(frozen=True, slots=True)
class Frame:
    """``digest`` of the picture without metadata, ``luma`` uint8 (rows, columns), mean and deviation of it (0…255)
    without the brightest ``OVERLAY_SHARE`` of its pixels, and a small JPEG without metadata.
    """

    digest: bytes
    luma: NDArray[np.uint8] = field(repr=False)
    mean: float
    deviation: float
    small: bytes = field(repr=False)


def cut(buffer: bytes | bytearray) -> tuple[bytes, bytes] | None:
    """The first whole JPEG of the buffer, as it is and without metadata; None while it is not whole.

    Raises ValueError for what begins like a JPEG and is none.
    """
    data = bytes(buffer)
    begin = data.find(b"\xff\xd8\xff")
    if begin < 0:
        return None
    kept, at = [b"\xff\xd8"], begin + 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("not a JPEG: a segment without its marker")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _ALONE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or marker in {_SOI, _EOI}:
            raise ValueError("not a JPEG: a broken segment")
        if marker == _SOS:
            end = data.find(b"\xff\xd9", at)
            if end < 0:
                return None
            kept.append(data[at : end + 2])
            return data[begin : end + 2], b"".join(kept)
        if (not 0xE0 <= marker <= 0xEF or marker in _KEPT_APP) and marker != _COM:
            kept.append(data[at : at + 2 + length])
        at += 2 + length
    return None


def frame(jpeg: bytes, small_px: int) -> Frame:
    """Measures a JPEG as sent. ``small`` is at most so many pixels wide and high. Raises ValueError for none."""
    found = cut(jpeg)
    if found is None:
        raise ValueError("not a whole JPEG")
    plain = found[1]
    try:
        with Image.open(io.BytesIO(plain), formats=("JPEG",)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"a picture of {image.width} × {image.height}")
            fits = max(image.size) <= small_px
            scale = min(1.0, small_px / max(image.size))  # what is thrown away anyhow is not even decoded
            image.draft("RGB", (round(image.width * scale), round(image.height * scale)))
            picture = image.convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("not a JPEG that can be read") from error
    luma = luminance(picture)
    small = plain if fits else encoded(picture, small_px)
    # clock and name, which a recorder writes over a black picture too, are the brightest few of the pixels
    core = luma[luma <= np.quantile(luma, 1 - OVERLAY_SHARE)]
    return Frame(blake2b(plain, digest_size=16).digest(), luma, float(core.mean()), float(core.std()), small)


def luminance(picture: Image.Image) -> NDArray[np.uint8]:
    """Luminance at about ``LUMA_PX`` pixels across."""
    grey = picture.convert("L")
    return np.asarray(grey.reduce(max(1, round(grey.width / LUMA_PX))), dtype=np.uint8)


def encoded(picture: Image.Image, px: int) -> bytes:
    """A small JPEG of a picture, without metadata; the same picture is the same JPEG."""
    picture.thumbnail((px, px))
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def changed(one: NDArray[np.uint8], other: NDArray[np.uint8], level: float) -> tuple[float, int]:
    """Share of blocks (16 × 9) whose mean difference is above ``level``, and the largest difference of a pixel.

    Pictures of different size have nothing in common: (1, 255).
    """
    if one.shape != other.shape:
        return 1.0, 255
    difference = np.abs(one.astype(np.int16) - other.astype(np.int16))
    rows, columns = min(9, one.shape[0]), min(16, one.shape[1])
    height, width = one.shape[0] // rows, one.shape[1] // columns
    blocks = difference[: rows * height, : columns * width].reshape(rows, height, columns, width)
    return float((blocks.mean(axis=(1, 3)) > level).mean()), int(difference.max())


def masked(luma: NDArray[np.uint8], parts: tuple[tuple[float, float, float, float], ...]) -> NDArray[np.uint8]:
    """The picture with the parts (left, top, right, bottom, 0…1) blackened."""
    if not parts:
        return luma
    copy = luma.copy()
    rows, columns = copy.shape
    for left, top, right, bottom in parts:
        copy[int(top * rows) : int(np.ceil(bottom * rows)), int(left * columns) : int(np.ceil(right * columns))] = 0
    return copy
