"""Simulated cameras: the same seed is the same city; pictures move; some are frozen, dark or dead, more in a storm."""

from __future__ import annotations

import gzip
import io
import json
from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest
from av.container import InputContainer
from PIL import Image

from geodata.city import city
from sources.simulator.camera_cast import WORDS, Fate, SimulatedCamera, casts
from sources.simulator.camera_hls import encoded
from sources.simulator.camera_pictures import Album, daylight, picture
from sources.simulator.feeds.cameras import FEED, STEP_S, sources
from sources.simulator.rtp_jpeg import PAYLOAD_B, packets, prepared
from sources.simulator.scenario import scenario
from sources.simulator.town import Town

NOON = 1_795_237_200.0  # 2026-11-20T05:00:00Z, noon in Huế
DAYS = 14 * 86400.0


@pytest.fixture(scope="module")
def hue() -> Town:
    return Town(city("hue"), 1)


def cameras(town: Town) -> list[SimulatedCamera]:
    return [camera for cast in casts(town) for camera in cast.cameras.values()]


def test_counts_systems_and_owners(hue: Town) -> None:
    assert [len(cast.cameras) for cast in casts(hue)] == [424, 152, 64]
    assert len({cast.system.owner for cast in casts(hue)}) == 3
    assert all(cast.system.project for cast in casts(hue))
    assert Counter(camera.kind for camera in cameras(hue)) == {"jpeg": 424, "mjpeg": 152, "hls": 58, "rtsp": 6}
    assert [binding.id for binding in sources(Town(city("quang_tri"), 1))] == ["simulated_cameras_safety"]
    assert not sources(Town(city("dong_ha"), 1)), "ready to connect"
    assert not sources(Town(city("nghe_an"), 1))


def test_cameras_stand_in_their_city(hue: Town) -> None:
    west, south, east, north = hue.city.bounds
    for camera in cameras(hue):
        assert west < camera.place[0] < east
        assert south < camera.place[1] < north
        assert 0 <= camera.azimuth_deg < 360
        assert camera.mast_height_m >= 25 if camera.high else camera.mast_height_m <= 10


def test_the_same_seed_is_the_same_city(hue: Town, tmp_path: Path) -> None:
    assert cameras(hue) == cameras(Town(city("hue"), 1))
    assert cameras(hue) != cameras(Town(city("hue"), 2))
    camera = cameras(hue)[7]
    assert Album().jpeg(camera, NOON, 0.3, Fate.LIVE) == Album().jpeg(camera, NOON + 0.4, 0.3, Fate.LIVE)
    texts = []
    for name, town in (("a", hue), ("b", Town(city("hue"), 1))):
        (tmp_path / name).mkdir()
        files = FEED.history(town, tmp_path / name, NOON - 86400, NOON)
        texts.append([(tmp_path / name / file).read_bytes() for file, _ in files.values()])
    assert texts[0] == texts[1]


def test_pictures_move_and_frozen_ones_do_not(hue: Town) -> None:
    camera = cameras(hue)[0]
    shown = {Album().jpeg(camera, NOON + n, 0.0, Fate.LIVE) for n in range(5)}
    assert len(shown) == 5
    assert len({Album().jpeg(camera, NOON + 60 * n, 0.0, Fate.FROZEN) for n in range(5)}) == 1
    noon, night = (np.asarray(picture(camera, t, 0.0)).mean() for t in (NOON, NOON + 12 * 3600))
    assert noon > 60
    assert 5 < night < 30
    assert np.asarray(picture(camera, NOON, 0.0, Fate.DARK)).mean() < 15
    assert (daylight(NOON), daylight(NOON + 12 * 3600)) == (1.0, 0.0)


def test_water_rises_with_the_storm(hue: Town) -> None:
    wet = next(camera for camera in cameras(hue) if camera.wet and not camera.high)
    mud = [
        int((abs(np.asarray(picture(wet, NOON, severity)).astype(int) - (128, 112, 84)).sum(axis=2) < 30).sum())
        for severity in (0.0, 0.5, 1.0)
    ]
    assert mud[0] < mud[1] < mud[2]


def test_fates_change_slowly_and_storms_take_the_power(hue: Town) -> None:
    times = NOON - DAYS + np.arange(0, DAYS, 3600.0)
    fates = np.stack([camera.fate(times, np.zeros(len(times))) for camera in cameras(hue)])
    shares = {fate: float((fates == fate).mean()) for fate in Fate}
    assert 0.9 < shares[Fate.LIVE] < 0.99
    assert all(0.003 < shares[fate] < 0.05 for fate in (Fate.FROZEN, Fate.DARK, Fate.DEAD))
    changes = (fates[:, 1:] != fates[:, :-1]).sum()
    assert 20 < changes < 400
    storm = np.stack([camera.fate(times[:1], np.ones(1)) for camera in cameras(hue)])
    assert 0.08 < (storm == Fate.DEAD).mean() < 0.2
    flood = Town(city("hue"), 1, scenario=scenario("flood"), begun=NOON)
    assert flood.severity(NOON + 86400).shape == (1,)


def test_a_frozen_picture_is_of_the_moment_it_froze(hue: Town) -> None:
    found = 0
    for camera in cameras(hue):
        times = np.arange(NOON - DAYS, NOON, 1800.0)
        fates = camera.fate(times, np.zeros(len(times)))
        for t in times[fates == Fate.FROZEN].tolist():
            found += 1
            began = camera.froze_at(t)
            assert began <= t
            assert camera.fate(began + 2, 0.0)[0] == Fate.FROZEN
            assert camera.fate(began - 2, 0.0)[0] != Fate.FROZEN
            break
    assert found > 3


def test_history_is_small_and_ends_where_the_live_city_begins(hue: Town, tmp_path: Path) -> None:
    files = FEED.history(hue, tmp_path, NOON - DAYS, NOON)
    last: dict[str, str] = {}
    count = 0
    for name, _ in files.values():
        with gzip.open(tmp_path / name, "rt", encoding="utf-8") as file:
            for line in list(file)[1:]:
                for look in json.loads(line)["body"].split("\n"):
                    row = json.loads(look)
                    last[row["camera"]] = row["status"]
                    count += 1
    assert 640 * 14 < count < 12_000
    live = {camera.key: WORDS[int(camera.fate(NOON // STEP_S * STEP_S, 0.0)[0])] for camera in cameras(hue)}
    assert last == live


def test_rtp_packets_as_rfc_2435_has_them() -> None:
    jpeg = prepared(Image.fromarray(np.random.default_rng(1).integers(0, 255, (176, 320, 3)).astype(np.uint8)))
    found = list(packets(jpeg, 65_535, 90_000))
    assert [int.from_bytes(packet[2:4], "big") for packet in found[:3]] == [65_535, 0, 1]
    assert [bool(packet[1] & 0x80) for packet in found] == [False] * (len(found) - 1) + [True]
    assert {packet[1] & 0x7F for packet in found} == {26}
    assert found[0][16:20] == bytes((1, 255, 40, 22))  # type 4:2:0, tables in band, 320 and 176 in eights
    assert found[0][20:24] == bytes((0, 0, 0, 128))
    assert int.from_bytes(found[1][13:16], "big") == PAYLOAD_B
    assert max(map(len, found)) < 1600


def test_a_segment_is_mpeg_ts_with_the_picture(hue: Town) -> None:
    data = encoded(Album().jpeg(cameras(hue)[-1], NOON, 0.0, Fate.LIVE), int(NOON // 2))
    assert data[0] == 0x47
    assert len(data) % 188 == 0
    with av.open(io.BytesIO(data), format="mpegts") as container:
        assert isinstance(container, InputContainer)
        frames = list(container.decode(video=0))
    assert [(frame.width, frame.height) for frame in frames] == [(320, 180)] * 2
