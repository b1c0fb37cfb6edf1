"""Advertising boards of the city: where they stand and what they show, a pure function of (seed, instant, severity)."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image, ImageDraw

from sources.simulator.clock import DAY_S, LOCAL_OFFSET_S, iso
from sources.simulator.noise import chance, dice, key
from sources.simulator.report_intake import wards
from sources.simulator.report_kinds import Ward
from sources.simulator.town import Town

COUNTS: Mapping[str, int] = {"hue": 60}
ELSEWHERE = 8
SLOT_S = 600.0
ON_FROM, ON_UNTIL = 6 * 3600.0, 22.5 * 3600.0
KINDS = (("led", "Màn hình LED"), ("lcd", "Màn hình LCD"), ("cong_cong", "Màn hình thông tin"))
OWNERS = ("Công ty Quảng cáo Sông Hương", "Công ty Truyền thông Ngự Bình", "Trung tâm Văn hóa", "Công ty Đại Nội Media")
PICTURE = (320, 180)


@dataclass(frozen=True, slots=True)
class Board:
    """``licence_end`` in epoch s."""

    id: str
    name: str
    kind: str
    owner: str
    lon: float
    lat: float
    licence: str
    licence_end: float
    contents: tuple[str, ...]


def boards(town: Town) -> tuple[Board, ...]:
    """60 in Huế, 8 in another city that has the service."""
    if not town.runs("advertising_screens"):
        return ()
    found = sorted(wards(town.city), key=lambda ward: -ward.weight)
    count = COUNTS.get(town.city.id, ELSEWHERE)
    roll = dice(town.seed, "boards")
    chosen = roll.choices(found, [ward.weight**2 for ward in found], k=count)
    return tuple(_board(town, number, ward) for number, ward in enumerate(chosen, 1))


def _board(town: Town, number: int, ward: Ward) -> Board:
    roll = dice(town.seed, "board", number)
    lon, lat = ward.place
    kind, title = roll.choices(KINDS, (6, 2, 2))[0]
    street = roll.choice(town.profile.streets or ("Lê Lợi",))
    spread = min(ward.spread_m, 700.0) / 111_000  # metres to degrees, roughly
    return Board(
        id=f"qc{number:03d}",
        name=f"{title} {street}, {ward.name}",
        kind=kind,
        owner=roll.choice(OWNERS),
        lon=round(lon + roll.gauss(0, spread), 5),
        lat=round(lat + roll.gauss(0, spread), 5),
        licence=f"{roll.randint(10, 400)}/GP-{roll.randint(2023, 2026)}",
        licence_end=1_790_000_000 + roll.triangular(-20, 700, 200) * DAY_S,
        contents=tuple(f"ND-{roll.randint(1000, 9999)}" for _ in range(6)),
    )


def _draw(town: Town, board: Board, what: str, block_s: float, t: float) -> float:
    return chance(town.seed, what, board.id, int(t // block_s))


def is_dead(town: Town, board: Board, t: float) -> bool:
    """Without power or network: nothing is heard of it. One or two always, many in the storm."""
    cut = chance(town.seed, "board power", board.id)
    storm = 0.0 if town.scenario.storm is None else max(0.0, float(town.severity(t)[0]) - 0.4)
    return _draw(town, board, "board dead", 1.5 * DAY_S, t) < 0.02 or cut < 0.5 * storm


def state(town: Town, board: Board, t: float) -> str:
    """``on``, ``off`` at night, ``fault`` while the picture is broken."""
    if _draw(town, board, "board fault", DAY_S, t) < 0.025:
        return "fault"
    return "on" if ON_FROM <= (t + LOCAL_OFFSET_S) % DAY_S < ON_UNTIL else "off"


def content(town: Town, board: Board, t: float) -> tuple[str, str]:
    """Id of what is shown, and whether it was approved: approved, unapproved, test, blank."""
    slot = int(t // SLOT_S)
    shown = board.contents[slot % len(board.contents)]
    chance = _draw(town, board, "board content", 6 * 3600.0, t)
    if chance < 0.006:
        return f"LA-{slot % 997:03d}", "unapproved"
    if chance < 0.012:
        return "TEST", "test"
    return ("", "blank") if chance < 0.02 else (shown, "approved")


def brightness(board: Board, t: float) -> float:
    """cd/m²: full by day, dimmed after dark."""
    local = (t + LOCAL_OFFSET_S) % DAY_S / 3600
    return round((5200 if 6.5 <= local < 17.5 else 900) * (0.9 + key(board.id) % 20 / 100))


def proof(town: Town, board: Board, t: float) -> bytes:
    """The proof-of-play picture of this instant: a small JPEG with what is shown and when."""
    shown, approved = content(town, board, t)
    dark = state(town, board, t) != "on"
    hue = key(shown) % 200 + 30
    image = Image.new("RGB", PICTURE, (8, 8, 10) if dark else (hue, 255 - hue, (hue * 7) % 255))
    drawing = ImageDraw.Draw(image)
    if not dark:
        for n in range(6):
            left = (key(shown, n) % 260, key(shown, n, "y") % 130)
            drawing.rectangle((*left, left[0] + 50, left[1] + 30), fill=((hue * n) % 255, hue, 255 - hue))
        drawing.text((10, 80), f"{shown or '-'} {approved}", fill="white")
    drawing.text((8, 164), f"{board.id}  {iso(t)}", fill="white")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70)
    return file.getvalue()
