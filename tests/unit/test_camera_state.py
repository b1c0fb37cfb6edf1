"""The state machine of the camera probe, case by case: what a row of looks adds up to."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from sources._camera_blind import Standing
from sources._camera_frame import Frame, changed, cut, frame
from sources._camera_options import Thresholds
from sources._camera_state import Blind, Failed, Flowing, Look, Seen, Stale, Watch, is_dark, sun_elevation_deg

LIMITS = Thresholds()


def jpeg(pixels: np.ndarray, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, "JPEG", quality=85, **options)
    return out.getvalue()


def scene(seed: int, *, light: float = 1.0, noise: float = 0.0, car: int | None = None, clock: int = 0) -> Frame:
    """A street: the same for all seeds but for the sensor's noise, a car, and the recorder's clock."""
    y, x = np.mgrid[0:180, 0:320]
    pixels = (90 + 60 * np.sin(x / 23.0) + 0.2 * y) * light
    if car is not None:
        pixels[90:130, car : car + 60] = 230 * light
    pixels += np.random.default_rng(seed).normal(0, 1, pixels.shape) * noise
    pixels[4:14, 6:100] = 255 * (np.random.default_rng(clock).random((10, 94)) > 0.5)
    return frame(jpeg(np.repeat(np.clip(pixels, 0, 255)[..., None], 3, axis=2)), 640)


def black(seed: int, level: float = 3.0) -> Frame:
    pixels = np.clip(np.random.default_rng(seed).normal(level, 1, (180, 320, 3)), 0, 255)
    pixels[4:12, 6:90] = 250
    return frame(jpeg(pixels), 640)


def run(looks: list[tuple[float, Look]], *, night: bool = False, limits: Thresholds = LIMITS) -> list[str | None]:
    watch = Watch(limits)
    found: list[str | None] = []
    for now, look in looks:
        watch.look(look, now, night=night)
        found.append(watch.status)
    return found


def every(seconds: float, looks: list[Look]) -> list[tuple[float, Look]]:
    return [(1000 + n * seconds, look) for n, look in enumerate(looks)]


MOVING: list[Look] = [Seen(scene(n, noise=2, car=20 * n)) for n in range(8)]
SAME: list[Look] = [Seen(scene(1))] * 8
GONE: list[Look] = [Failed("no connection")] * 4


@pytest.mark.parametrize(
    ("looks", "night", "expected"),
    [
        pytest.param(every(60, MOVING), False, ["live"] * 8, id="moving"),
        pytest.param(every(60, SAME[:5]), False, ["live", "live", "live", "frozen", "frozen"], id="frozen_after_180_s"),
        pytest.param(every(20, SAME[:5]), False, ["live"] * 5, id="many_looks_in_little_time_are_not_enough"),
        pytest.param(every(200, SAME[:3]), False, ["live", "live", "frozen"], id="little_looks_over_long_time"),
        pytest.param(
            every(60, [*SAME[:4], MOVING[1], MOVING[2]]),
            False,
            ["live", "live", "live", "frozen", "frozen", "live"],
            id="it_moves_again",
        ),
        pytest.param(
            every(60, [*SAME[:4], MOVING[1], MOVING[1], MOVING[1]]),
            False,
            ["live", "live", "live", "frozen", "frozen", "frozen", "frozen"],
            id="one_new_picture_that_stands_again_is_not_motion",
        ),
        pytest.param(
            every(60, [*MOVING[:2], *GONE, *MOVING[:2]]),
            False,
            ["live", "live", "live", "unreachable", "unreachable", "unreachable", "unreachable", "live"],
            id="gone_and_back",
        ),
        pytest.param(
            every(60, [MOVING[0], GONE[0], MOVING[1], GONE[0], MOVING[2]]),
            False,
            ["live"] * 5,
            id="one_failure_is_none",
        ),
        pytest.param(every(60, GONE[:3]), False, [None, "unreachable", "unreachable"], id="dead_from_the_start"),
        pytest.param(every(3, GONE[:3]), False, [None, None, None], id="confirmed_too_quickly"),
        pytest.param(
            every(60, [MOVING[0], Seen(black(1)), Seen(black(2))]), False, ["live", "live", "dark"], id="dark_by_day"
        ),
        pytest.param(
            every(60, [Seen(black(n, level=14)) for n in range(3)]), True, ["live"] * 3, id="dim_by_night_is_no_fault"
        ),
        pytest.param(
            every(60, [Seen(black(n, level=14)) for n in range(3)]), False, [None, "dark", "dark"], id="the_same_by_day"
        ),
        pytest.param(
            every(120, [Seen(scene(n, light=0.2, noise=1.5)) for n in range(12)]),
            True,
            ["live"] * 12,
            id="a_still_street_at_night_lives_by_its_noise",
        ),
        pytest.param(
            every(120, [Seen(scene(0, light=0.2))] * 4),
            True,
            ["live", "live", "frozen", "frozen"],
            id="frozen_at_night",
        ),
        pytest.param(
            every(120, [MOVING[0], Stale(12), Stale(130)]), False, ["live", "live", "frozen"], id="a_playlist_stands"
        ),
        pytest.param(every(60, [Flowing(), Flowing()]), False, ["live", "live"], id="bytes_flow"),
        pytest.param(
            every(60, [MOVING[0], *[Blind("refused: 401")] * 5]),
            False,
            ["live"] * 6,
            id="what_we_cannot_see_says_nothing",
        ),
        pytest.param(every(60, [Blind("the decoder ended")] * 3), False, [None] * 3, id="never_seen_is_never_told"),
    ],
)
def test_what_looks_add_up_to(looks: list[tuple[float, Look]], night: bool, expected: list[str | None]) -> None:
    assert run(looks, night=night) == expected


def test_a_clock_over_a_frozen_picture_is_told_from_motion() -> None:
    clocked: list[Look] = [Seen(scene(0, clock=n)) for n in range(20)]
    assert set(run(every(60, clocked))) == {"live"}, "unless one says where the clock is"
    masking = Thresholds(ignore=((0.0, 0.0, 0.35, 0.1),))
    assert run(every(60, clocked), limits=masking)[-1] == "frozen"
    moving: list[Look] = [Seen(scene(0, clock=n, car=10 * n)) for n in range(20)]
    assert run(every(60, moving), limits=masking)[-1] == "live"


def test_a_frozen_picture_that_is_encoded_anew_is_frozen_by_day_only() -> None:
    """A transcoder's rounding: hardly a block differs, but no two files are the same."""
    looks: list[Look] = [Seen(scene(n, noise=0.2)) for n in range(20)]
    assert run(every(60, looks))[-1] == "frozen"
    assert run(every(60, looks), night=True)[-1] == "live"


def test_the_age_is_that_of_the_newest_new_picture() -> None:
    watch = Watch(LIMITS)
    for n in range(5):
        watch.look(SAME[0], 1000.0 + 60 * n)
    assert watch.status == "frozen"
    assert watch.age_s(1240.0) == 240
    watch.look(Seen(scene(2, noise=2, car=30), age_s=6.0), 1300.0)
    assert watch.age_s(1300.0) == 6.0
    watch.look(Failed("x"), 1360.0)
    assert watch.age_s(1360.0) == 66.0
    assert Watch(LIMITS).age_s(5.0) is None


def test_metadata_makes_no_other_picture() -> None:
    pixels = np.full((32, 32, 3), 90)
    plain, told = jpeg(pixels), jpeg(pixels, comment=b"12:00:01", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")
    assert plain != told
    assert frame(plain, 640).digest == frame(told, 640).digest
    assert b"12:00:01" not in frame(told, 640).small
    assert b"Exif" not in frame(told, 640).small


def test_a_large_picture_is_made_small() -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (1080, 1920, 3))
    found = frame(jpeg(pixels), 640)
    with Image.open(io.BytesIO(found.small)) as small:
        assert small.size == (640, 360)
    assert found.luma.shape[1] in range(120, 200)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>401</html>",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x01abc",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\x00\x02 nothing in it \xff\xd9",
        jpeg(np.zeros((16, 16, 3)))[:-20],
        b"\xff\xd8" + b"\xff" * 4000,
    ],
)
def test_what_is_no_picture_is_said_so(data: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        frame(data, 640)


def test_a_picture_is_cut_out_of_a_stream_past_its_thumbnail() -> None:
    whole = jpeg(np.full((64, 64, 3), 120))
    thumbnail = b"\xff\xe1" + (2 + len(whole)).to_bytes(2, "big") + whole
    carrying = whole[:2] + thumbnail + whole[2:]
    stream = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + carrying + b"\r\n--frame\r\n" + whole
    assert cut(stream) == (carrying, whole)
    assert all(cut(stream[:n]) is None for n in range(0, 36 + len(carrying) - 1, 7))


def test_pictures_of_another_size_have_nothing_in_common() -> None:
    assert changed(np.zeros((9, 16), np.uint8), np.zeros((9, 17), np.uint8), 1.0) == (1.0, 255)
    assert changed(np.zeros((2, 3), np.uint8), np.zeros((2, 3), np.uint8), 1.0) == (0.0, 0)


def test_dark_depends_on_the_hour() -> None:
    assert is_dark(black(1, level=15), night=False, limits=LIMITS)
    assert not is_dark(black(1, level=15), night=True, limits=LIMITS)
    assert is_dark(black(1, level=2), night=True, limits=LIMITS)


@pytest.mark.parametrize(
    ("utc", "low", "high"),
    [  # Huế, almanac values to a degree: noon of the solstices, sunset of the equinox, midnight
        ("2026-06-21T04:50:00", 82, 84),
        ("2026-12-21T04:48:00", 49, 51.5),
        ("2026-03-20T11:02:00", -2, 2),
        ("2026-11-21T17:00:00", -90, -60),
    ],
)
def test_the_sun_over_hue(utc: str, low: float, high: float) -> None:
    assert low <= sun_elevation_deg(datetime.fromisoformat(utc).replace(tzinfo=UTC), 107.6, 16.46) <= high


def test_all_at_once_is_our_side_and_a_few_are_not() -> None:
    standing = Standing(probe_s=60, least=5, share=0.95)
    standing.take(f"c{n}" for n in range(40))
    assert standing.side("c0", since=100, now=110) == "unsure", "no other was looked at since"
    for n in range(1, 30):
        standing.saw(f"c{n}", good=n % 10 > 0, now=100 + n * 0.3)
    assert standing.side("c0", since=100, now=110) == "theirs"
    assert standing.side("c0", since=108, now=112) == "unsure", "what was good before it failed proves nothing"
    for n in range(1, 30):
        standing.saw(f"c{n}", good=False, now=130 + n * 0.3)
    assert standing.side("c0", since=130, now=140) == "ours"
    assert standing.lost
    few = Standing(probe_s=60, least=5, share=0.95)
    few.take(["c0", "c1", "c2"])
    few.saw("c1", good=False, now=1.0)
    assert few.side("c0", since=0, now=1) == "theirs", "three cameras may well go together"
    assert not few.lost
    few.drop("c1")
    standing.take(["c1"])
    assert standing.side("c1", since=0, now=500) == "theirs"
