"""The camera probe as the ingest runs it: many cameras, dead ones among them, faults of the simulated city, secrets."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from geodata.city import SourceBinding
from geodata.records import Observation, Thing
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from sources._camera_libav import Libav
from sources._camera_options import CameraOptions
from sources._camera_rounds import Rounds
from sources.base import Garbled, Refused, SourceError, Unreachable
from sources.camera import SOURCE
from sources.runner import Runner
from tests.support.camera_probe import QUICK, Heard, context, listen
from tests.support.cameras import closed_port, http, jpeg, server
from tests.support.patience import HANG_S, NEVER_S, in_time


def moving() -> Callable[[bytes, asyncio.StreamWriter], Any]:
    """Every question another picture."""
    numbers = count()

    async def answer(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(jpeg(next(numbers), size=(64, 36))))

    return answer


def listed(**urls: str) -> list[dict[str, str]]:
    return [
        {"id": name, "url": url, "kind": "rtsp" if url.startswith("rtsp") else "jpeg"} for name, url in urls.items()
    ]


async def test_two_hundred_dead_cameras_delay_no_live_one(tmp_path: Path) -> None:
    """Silent, refusing and hanging ones, also behind the very host of the live ones."""

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/dead" in head:
            await asyncio.sleep(HANG_S)
        await alive(head, writer)

    alive = moving()
    async with server(answer) as port, context(tmp_path / "it") as within:
        root, gone = f"http://127.0.0.1:{port}", closed_port()
        dead = {f"D{n}": f"{root}/dead" if n % 2 else f"http://127.0.0.1:{gone}/" for n in range(200)}
        live = {f"L{n}": f"{root}/live" for n in range(10)}
        options = CameraOptions.model_validate(
            {**QUICK, "cameras": listed(**dead, **live), "timeout_s": 0.6, "parallel": 12, "per_host": 8}
        )

        def enough(heard: Heard) -> bool:
            """Three looks at each live one, while the dead ones behind its host hold all the places they can have.

            On a busy machine even a live one may take longer than its moment: then it is live at the next look.
            """
            names = [f"camera:{name}" for name in live]
            return all(heard.looks(name) >= 3 and heard.states.get(name) == "live" for name in names)

        async with asyncio.timeout(8 * HANG_S):
            while True:
                with suppress(Unreachable):  # so busy that all of them fell at once: our side, and it begins again
                    await listen(options, within, enough, within_s=8 * HANG_S)
                    break


async def test_a_stop_in_the_middle_of_its_end_ends_the_decoder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()

    async def hangs(_: Rounds) -> None:
        await asyncio.sleep(NEVER_S)

    async def ends(_: Libav) -> None:
        ended.set()

    monkeypatch.setattr(Rounds, "close", hangs)
    monkeypatch.setattr(Libav, "close", ends)
    options = CameraOptions.model_validate({**QUICK, "cameras": listed(A=f"http://127.0.0.1:{closed_port()}/")})
    async with context(tmp_path) as within:
        batches = SOURCE.batches(options, within, None)
        await anext(batches)
        ending = asyncio.create_task(batches.aclose())  # type: ignore[attr-defined]  # an asynchronous generator
        await asyncio.sleep(0)
        assert not ended.is_set()
        ending.cancel()
        async with in_time():
            await ended.wait()
            await asyncio.wait({ending})


async def test_states_and_pictures(tmp_path: Path) -> None:
    frozen, numbers = jpeg(1000), count()
    behaviours: dict[bytes, Callable[[], bytes]] = {
        b"/live": lambda: http(jpeg(next(numbers))),
        b"/frozen": lambda: http(frozen),
        b"/dark": lambda: http(jpeg(next(numbers), level=-60)),
        b"/gone": lambda: http(b"no", "text/plain", "404 Not Found"),
        b"/login": lambda: http(b"no", "text/plain", "401 Unauthorized"),
    }

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(behaviours[head.split(b" ")[1]]())

    folder = tmp_path / "source_x"
    folder.mkdir()
    (folder / "OLD.jpg").write_bytes(b"of a camera that is gone")
    async with server(answer) as port, context(folder) as within:
        urls = {name: f"http://127.0.0.1:{port}/{name}" for name in ("live", "frozen", "dark", "gone", "login")}
        options = CameraOptions.model_validate({**QUICK, "cameras": listed(**urls), "owner": "Sở Xây dựng"})
        expected = {
            "camera:live": "live",
            "camera:frozen": "frozen",
            "camera:dark": "dark",
            "camera:gone": "unreachable",
        }
        heard = await listen(options, within, lambda heard: heard.states == expected)
    assert "camera:login" in heard.things, "it is there, and nothing is said of its state"
    assert Counter(row.reason for row in heard.rejected) == {"refused": 1}
    assert {path.name for path in folder.iterdir()} == {"live.jpg", "frozen.jpg", "dark.jpg"}
    told = [row for row in heard.records if isinstance(row, Thing) and "snapshot" in row.properties]
    assert {row.properties["snapshot"] for row in told} == {f"source_x/{n}.jpg" for n in ("live", "frozen", "dark")}
    taken = (folder / "live.jpg").stat().st_mtime
    assert abs(taken - time.time()) < 20
    assert heard.things["camera:live"].properties["owner"] == "Sở Xây dựng"
    ages = [r for r in heard.records if isinstance(r, Observation) and r.observed_property == "frame_age"]
    newest = {row.thing_id: row.result for row in ages}
    assert isinstance(newest["camera:frozen"], float)
    assert newest["camera:frozen"] >= 1.0
    assert newest["camera:live"] == 0.0
    assert "camera:gone" not in newest


async def test_when_our_side_fails_no_camera_is_blamed() -> None:
    """Ten cameras that gave pictures go at once: the feed is down, comes back, and nothing was said in between."""
    out = asyncio.Event()
    alive = moving()

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        if not out.is_set():
            await alive(head, writer)

    async with server(answer) as port, context() as within:
        urls = {f"C{n}": f"http://127.0.0.1:{port}/{n}" for n in range(10)}
        options = CameraOptions.model_validate({**QUICK, "cameras": listed(**urls), "blind_least": 5})
        await listen(options, within, lambda heard: len(heard.states) == 10)
        out.set()
        batches = SOURCE.batches(options, within, None)
        heard = Heard()
        with pytest.raises(Unreachable, match="our side"):  # noqa: PT012 (it is read until it raises)
            async for batch in batches:
                heard.records += batch.records
        assert "unreachable" not in heard.states.values()
        with pytest.raises(Unreachable, match="our side"):
            await anext(SOURCE.batches(options, within, None))
        out.clear()
        back = await listen(options, within, lambda heard: len(heard.states) == 10)
        assert set(back.states.values()) == {"live"}


async def test_a_few_cameras_that_go_are_told_of() -> None:
    out = asyncio.Event()
    alive = moving()

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        if not (out.is_set() and b"/C1" in head):
            await alive(head, writer)

    async with server(answer) as port, context() as within:
        urls = {f"C{n}": f"http://127.0.0.1:{port}/C{n}" for n in range(10)}
        options = CameraOptions.model_validate({**QUICK, "cameras": listed(**urls)})
        await listen(options, within, lambda heard: len(heard.states) == 10)
        out.set()
        heard = await listen(options, within, lambda heard: "unreachable" in heard.states.values())
        assert [name for name, state in heard.states.items() if state == "unreachable"] == ["camera:C1"]


async def test_every_camera_refuses_us() -> None:
    async def answer(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(b"", "text/plain", "403 Forbidden"))

    async with server(answer) as port, context() as within:
        options = CameraOptions.model_validate({**QUICK, "cameras": listed(a=f"http://127.0.0.1:{port}/")})
        with pytest.raises(Refused, match="403"):
            await listen(options, within, lambda heard: False)


async def test_no_secret_is_told_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A login in the environment, others in the registry: in no record, rejection, error, log line or file."""
    secrets = ("geh3im-env", "geh3im-url", "geh3im-query")
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="httpx")  # as the ingest has it: it tells every URL
    alive = moving()
    heads: list[bytes] = []

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        if b"/table" in head:
            writer.write(http(json.dumps(rows).encode(), "application/json"))
        elif b"Authorization" not in head and b"/login" in head:
            writer.write(http(b"", "text/plain", "401 No", 'WWW-Authenticate: Basic realm="x"'))
        else:
            await alive(head, writer)

    async with server(answer) as port, context(tmp_path / "it", LOGIN=f"op:{secrets[0]}") as within:
        there = f"127.0.0.1:{port}"
        rows: list[dict[str, Any]] = [
            {"id": "ENV", "url": f"http://{there}/login/env"},
            {"id": "URL", "url": f"http://admin:{secrets[1]}@{there}/login/url"},
            {"id": "QUERY", "url": f"http://{there}/snap?user=admin&pwd={secrets[2]}"},
            {"id": "RTSP", "url": f"rtsp://admin:{secrets[1]}@{there}/1"},
            {"id": "GONE", "url": f"rtsp://admin:{secrets[1]}@127.0.0.1:{closed_port()}/1"},
            {"name": "no id", "url": f"rtsp://admin:{secrets[1]}@h/1", "password": secrets[2]},
            {"id": "ODD", "kind": "jpeg", "url": f"ftp://admin:{secrets[1]}@h/1"},
        ]
        options = CameraOptions.model_validate({**QUICK, "url": f"http://{there}/table", "credentials_env": "LOGIN"})
        heard = await listen(options, within, lambda heard: {"camera:ENV", "camera:GONE"} <= set(heard.states))
        told = [repr(heard), repr(options), repr(within), repr(within.memory), caplog.text]
        with pytest.raises(SourceError) as caught:
            await listen(
                options.model_copy(update={"url": f"http://{there}/login/other?token={secrets[2]}"}), within, bool
            )
        told += [str(caught.value), repr(caught.value)]
    assert any(b"Authorization: Basic" in head for head in heads), "the login was used"
    assert any(secrets[2].encode() in head for head in heads)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240 (a test may wait for its disk)
    told += [*(str(path) for path in files), *(path.read_bytes().decode("latin-1") for path in files)]
    assert files
    for secret in secrets:
        assert not [text[:300] for text in told if secret in text]


async def test_a_gateway_that_is_gone_says_nothing_of_its_cameras() -> None:
    async with context() as within:
        for inventory in ("go2rtc", "mediamtx", "registry"):
            url = f"http://127.0.0.1:{closed_port()}"
            options = CameraOptions.model_validate({**QUICK, "url": url, "inventory": inventory})
            with pytest.raises(Unreachable):
                await listen(options, within, lambda heard: False)
        with pytest.raises(Garbled, match="no camera"):
            await listen(CameraOptions(), within, lambda heard: False)


async def test_counters_alone() -> None:
    """Without pictures: what grows lives, what stands is frozen, what is not there is unreachable, idle is unknown."""
    numbers = count()

    async def answer(_head: bytes, writer: asyncio.StreamWriter) -> None:
        n = next(numbers)
        source = {"type": "rtspSource"}
        items = [
            {"name": "grows", "confName": "grows", "online": True, "inboundBytes": 1000 * n, "source": source},
            {"name": "stands", "confName": "stands", "online": True, "inboundBytes": 7, "source": source},
            {"name": "gone", "confName": "gone", "online": False, "inboundBytes": 0, "source": source},
            {"name": "idle", "confName": "idle", "online": False, "inboundBytes": 0, "source": None},
        ]
        writer.write(http(json.dumps({"pageCount": 1, "items": items}).encode(), "application/json"))

    async with server(answer) as port, context() as within:
        options = CameraOptions.model_validate(
            {**QUICK, "url": f"http://127.0.0.1:{port}", "inventory": "mediamtx", "look": "counters"}
        )
        expected = {"camera:grows": "live", "camera:stands": "frozen", "camera:gone": "unreachable"}
        heard = await listen(options, within, lambda heard: heard.states == expected)
        assert "camera:idle" in heard.things


async def test_from_the_camera_to_the_store_and_the_disk(tmp_path: Path, writer: Writer, reader: Reader) -> None:
    """By the ingest's own runner, which gives each source its folder."""
    async with server(moving()) as port:
        entries = [{**entry, "lon": 107.59, "lat": 16.46} for entry in listed(A=f"http://127.0.0.1:{port}/")]
        binding = SourceBinding(
            id="cams",
            protocol="camera",
            service="cameras",
            title_vi="Camera",
            title_en="Cameras",
            options={**QUICK, "cameras": entries},
        )
        runner = Runner(writer, [binding], pictures=tmp_path / "snapshots")
        task = asyncio.create_task(runner.run())

        def stored() -> bool:
            now = datetime.now(UTC) + timedelta(seconds=5)
            view = View(Bounds(107, 16, 108, 17), 100, 100, now - timedelta(days=1), now)
            frame = reader.latest("cameras", Observation, view)
            things = reader.latest("cameras", Thing, view)
            told = [entry.get("snapshot") for entry in things["properties"]]
            return "live" in set(frame["result_text"]) and told == ["cams/A.jpg"]

        try:
            async with in_time():
                while not await asyncio.to_thread(stored):  # noqa: ASYNC110 (another process stores it)
                    await asyncio.sleep(0.05)
        finally:
            runner.stop()
            await task
    assert (tmp_path / "snapshots/cams/A.jpg").read_bytes()[:2] == b"\xff\xd8"
