"""Moving pictures of simulated cameras: sky by the hour, a road with cars, rain and rising water, clock and name.

Drawn only when asked, a function of (camera, second, severity); small on purpose (320 × 180).
"""

from __future__ import annotations

import io
from collections import OrderedDict
from datetime import UTC, datetime
from functools import cache
from math import cos, pi
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sources.simulator.camera_cast import Fate, SimulatedCamera
from sources.simulator.clock import DAY_S, LOCAL, LOCAL_OFFSET_S
from sources.simulator.noise import dice, uniform

WIDTH, HEIGHT = 320, 180
KEPT = 64

Colour = tuple[int, int, int]


def daylight(t: float) -> float:
    """0 at night … 1 at noon, with dawn and dusk about six; the same every day."""
    hour = (t + LOCAL_OFFSET_S) % DAY_S / 3600
    return float(np.clip(0.5 - 0.95 * cos(2 * pi * hour / 24), 0, 1))


def picture(camera: SimulatedCamera, t: float, severity: float, fate: Fate = Fate.LIVE) -> Image.Image:
    """What it shows at that instant (epoch s). A dead one shows nothing: do not ask."""
    t = camera.froze_at(t) if fate is Fate.FROZEN else float(int(t))
    image = Image.new("RGB", (WIDTH, HEIGHT), (4, 4, 5)) if fate is Fate.DARK else _scene(camera, t, severity)
    image = _noisy(image, camera, t, strong=daylight(t) < 0.2)
    _caption(ImageDraw.Draw(image), camera, t)
    return image


def _scene(camera: SimulatedCamera, t: float, severity: float) -> Image.Image:
    light, roll = daylight(t), dice("scene", camera.number)
    grey = 0.6 * severity
    image = Image.new("RGB", (WIDTH, HEIGHT), _lit((72, 84, 66), light))
    draw = ImageDraw.Draw(image)
    horizon = 52 if camera.high else 66
    for band in range(6):
        share = band / 5
        sky = _mixed((96 + 60 * share, 146 + 50 * share, 208 + 20 * share), (150, 152, 156), grey)
        draw.rectangle((0, horizon * band // 6, WIDTH, horizon * (band + 1) // 6), fill=_lit(sky, light))
    _houses(draw, roll, horizon, light, far=camera.high)
    vanish = 120 + roll.randrange(80)
    draw.polygon(
        ((vanish - 7, horizon), (vanish + 7, horizon), (300, HEIGHT), (20, HEIGHT)), fill=_lit((88, 88, 92), light)
    )
    for n in range(5):  # the middle line
        y = horizon + (n + 0.3) ** 1.6 * 9
        draw.line(
            (_way(vanish, 160, y, horizon), y, _way(vanish, 160, y + 5, horizon), y + 5),
            fill=_lit((210, 210, 200), light),
        )
    if camera.wet:
        _water(draw, t, light, severity)
    _cars(draw, camera, t, light, (vanish, horizon), severity)
    if severity > 0.1:
        _rain(draw, camera, t, severity)
    return image


def _houses(draw: ImageDraw.ImageDraw, roll: Random, horizon: int, light: float, *, far: bool) -> None:
    x = -10
    while x < WIDTH:
        width, height = roll.randrange(14, 46), roll.randrange(8, 22 if far else 52)
        tone = roll.randrange(90, 190)
        draw.rectangle((x, horizon - height, x + width, horizon + 4), fill=_lit((tone, tone - 10, tone - 24), light))
        if light < 0.3 and roll.random() < 0.7:
            draw.rectangle((x + 4, horizon - height + 4, x + 8, horizon - height + 8), fill=(226, 190, 110))
        x += width + roll.randrange(0, 12)


def _cars(
    draw: ImageDraw.ImageDraw,
    camera: SimulatedCamera,
    t: float,
    light: float,
    vanishing: tuple[int, int],
    severity: float,
) -> None:
    """A dozen vehicles, each with its own speed; few at night and in the storm."""
    vanish, horizon = vanishing
    count = int((3 + 9 * light) * (1 - 0.8 * severity))
    chances = uniform(camera.number, np.arange(12)[:, None], np.arange(1, 4)).tolist()
    for n, (speed, start, tone) in enumerate(chances[:count]):
        along = (start + t * (0.02 + 0.05 * speed)) % 1
        along = 1 - along if n % 2 else along
        y = horizon + (HEIGHT - horizon) * along**2
        size = 2 + 16 * along
        x = _way(vanish, 110 if n % 2 else 215, y, horizon)
        colour = _lit((int(60 + 190 * tone), int(40 + 120 * speed), int(60 + 160 * start)), max(light, 0.25))
        draw.rectangle((x - size / 2, y - size * 0.6, x + size / 2, y), fill=colour)
        if light < 0.3:
            draw.ellipse((x - 2, y - 3, x + 2, y + 1), fill=(250, 240, 190) if n % 2 else (220, 60, 50))


def _water(draw: ImageDraw.ImageDraw, t: float, light: float, severity: float) -> None:
    """The river beside the road, and over it as the storm goes on."""
    top = HEIGHT - 12 - int(78 * severity)
    draw.rectangle((0, top, WIDTH if severity > 0.25 else 90, HEIGHT), fill=_lit((128, 112, 84), light))
    for n in range(5):
        y = top + 4 + n * 14
        x = (n * 71 + int(t) * 9) % WIDTH
        draw.line((x, y, x + 26, y), fill=_lit((168, 152, 120), light))


def _rain(draw: ImageDraw.ImageDraw, camera: SimulatedCamera, t: float, severity: float) -> None:
    roll = dice(camera.number, int(t))
    for _ in range(int(90 * severity)):
        x, y = roll.randrange(WIDTH), roll.randrange(HEIGHT)
        draw.line((x, y, x - 3, y + 9), fill=(176, 184, 192))


def _noisy(image: Image.Image, camera: SimulatedCamera, t: float, *, strong: bool) -> Image.Image:
    """The sensor's noise: a piece of a sheet of it, another every second."""
    sheet = _sheet()
    at = dice(camera.number, "noise", int(t * 4))
    x, y = at.randrange(sheet.shape[1] - WIDTH), at.randrange(sheet.shape[0] - HEIGHT)
    grain = sheet[y : y + HEIGHT, x : x + WIDTH, None] * (2 if strong else 1)
    pixels = np.asarray(image, dtype=np.int16) + grain
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


@cache
def _sheet() -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.random.default_rng(7).normal(0, 1.6, (HEIGHT + 120, WIDTH + 160)).astype(np.int16)


def _caption(draw: ImageDraw.ImageDraw, camera: SimulatedCamera, t: float) -> None:
    clock = datetime.fromtimestamp(t, UTC).astimezone(LOCAL).strftime("%d-%m-%Y %H:%M:%S")
    draw.text((6, 4), clock, fill=(240, 240, 240), font=_font())
    draw.text((6, HEIGHT - 17), f"{camera.key}  MÔ PHỎNG", fill=(240, 240, 240), font=_font())


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype("DejaVuSans.ttf", 11)
    except OSError:
        return ImageFont.load_default(11)


def _way(vanish: float, near: float, y: float, horizon: float) -> float:
    """Where a lane that meets the lower edge at ``near`` is at that height."""
    return vanish + (near - vanish) * (y - horizon) / (HEIGHT - horizon)


def _mixed(one: tuple[float, float, float], other: Colour, share: float) -> Colour:
    red, green, blue = (int(a * (1 - share) + b * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _lit(colour: Colour, light: float) -> Colour:
    factor = 0.16 + 0.84 * light
    return int(colour[0] * factor), int(colour[1] * factor), int(colour[2] * (factor + 0.04 * (1 - light)))


class Album:
    """JPEGs of the last pictures asked for: the same camera in the same second is drawn once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, Fate], bytes] = OrderedDict()

    def jpeg(self, camera: SimulatedCamera, t: float, severity: float, fate: Fate) -> bytes:
        at = int(camera.froze_at(t) if fate is Fate.FROZEN else t)
        name = (camera.key, at, fate)
        if name not in self._kept:
            out = io.BytesIO()
            picture(camera, t, severity, fate).save(out, "JPEG", quality=72)
            self._kept[name] = out.getvalue()
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[name]
