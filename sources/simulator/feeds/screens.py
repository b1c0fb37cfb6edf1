"""Advertising boards: an MQTT gateway of their maker, and HTTP with status and proof-of-play picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator import boards as cast
from sources.simulator.bindings import binding
from sources.simulator.boards import Board, boards
from sources.simulator.clock import DAY_S, LOCAL, iso
from sources.simulator.faults import Faults, Kind
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK, FaultyHandler
from sources.simulator.mqtt_feed import Speaker, beats, speak
from sources.simulator.mqtt_wire import Said
from sources.simulator.town import Town

SOURCE = "simulated_screens"
CADENCE_S = 90.0
BEAT_S, STATE_S = 30.0, 60.0
HISTORY_S = 6 * 3600.0

RULES: Sequence[dict[str, Any]] = (
    {
        "topic": "qc/v1/{thing}/info",
        "kind": "thing",
        "fields": {"name": "$.ten", "category": "$.loai", "lon": "$.toa_do.kinh_do", "lat": "$.toa_do.vi_do"},
        "properties": {
            "owner": "$.chu_quan",
            "licence": "$.giay_phep.so",
            "licence_end": "$.giay_phep.het_han",
            "proof_url": "$.anh",
        },
    },
    {
        "topic": "qc/v1/{thing}/hb",
        "kind": "heartbeat",
        "values": {"BAT": "on", "TAT": "off", "LOI": "fault", "MAT_KET_NOI": "fault"},
        "gone": ["fault"],
    },
    {
        "topic": "qc/v1/{thing}/state",
        "kind": "observation",
        "time": "$.luc",
        "results": {
            "content": {
                "value": "$.noi_dung.duyet",
                "values": {"da_duyet": "approved", "chua_duyet": "unapproved", "thu": "test", "trong": "blank"},
            },
            "content_id": {"value": "$.noi_dung.ma"},
            "brightness": {"value": "$.do_choi", "unit": "cd/m2"},
            "licence_days": {"value": "$.giay_phep_con", "unit": "d"},
        },
    },
    {"topic": "qc/v1/+/gateway", "kind": "ignore"},
)
"""The map of the maker's topics, as it would stand in a city's file."""

WORDS = {"on": "BAT", "off": "TAT", "fault": "LOI"}
APPROVALS = {"approved": "da_duyet", "unapproved": "chua_duyet", "test": "thu", "blank": "trong"}


def bound(broker: int = 0) -> SourceBinding:
    options = {"host": LOOPBACK, "port": broker or 1883, "issuer": "screen", "rules": list(RULES)}
    titles = ("Màn hình quảng cáo (mô phỏng)", "Advertising screens (simulated)")
    return binding(SOURCE, "mqtt", "advertising_screens", titles, options=options, cadence_s=CADENCE_S)


def sources(town: Town) -> list[SourceBinding]:
    return [bound()] if town.part(boards) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if not town.part(boards):
        return []
    own = {"source": SOURCE, "faults": host.faults, "own": (town, host)}
    routes = [(r"/board/(\w+)/(status|proof\.jpg)", BoardHandler, own)]
    port = await host.http(SOURCE, routes)
    broker = await host.broker(SOURCE)
    speaker = Speaker(
        source=SOURCE,
        standing=partial(standing, town, port),
        spoken=partial(spoken, town),
        will=Said("qc/v1/cong/gateway", "offline", retain=True),
    )
    host.spawn(speak(speaker, broker, host))
    return [bound(broker.port)]


def standing(town: Town, port: int, t: float) -> Iterator[Said]:
    """What each board is, and the last will of those that have died."""
    yield Said("qc/v1/cong/gateway", "online", retain=True)
    for board in town.part(boards):
        yield Said(f"qc/v1/{board.id}/info", _dumped(info(board, port)), retain=True)
        if cast.is_dead(town, board, t):
            yield Said(f"qc/v1/{board.id}/hb", "MAT_KET_NOI", retain=True)


def info(board: Board, port: int = 0) -> dict[str, object]:
    picture = {"anh": f"http://{LOOPBACK}:{port}/board/{board.id}/proof.jpg"} if port else {}
    return {
        "ten": board.name,
        "loai": board.kind,
        "chu_quan": board.owner,
        "toa_do": {"kinh_do": board.lon, "vi_do": board.lat},
        "giay_phep": {"so": board.licence, "het_han": iso(board.licence_end)[:10]},
        **picture,
    }


def spoken(town: Town, start: float, end: float, skew_s: float) -> Iterator[Said]:
    """A heart-beat every half minute, a state every minute; of a board that dies its last will, once, retained."""
    own = town.part(boards)
    for number, board in enumerate(own):
        phase = number * BEAT_S / len(own)
        for t in beats(start, end, BEAT_S, phase):
            dead = cast.is_dead(town, board, t)
            if dead and not cast.is_dead(town, board, t - BEAT_S):
                yield Said(f"qc/v1/{board.id}/hb", "MAT_KET_NOI", retain=True)
            elif not dead:
                yield Said(f"qc/v1/{board.id}/hb", WORDS[cast.state(town, board, t)], qos=0)
        for t in beats(start, end, STATE_S, phase + 3):
            if not cast.is_dead(town, board, t):
                yield Said(f"qc/v1/{board.id}/state", _dumped(told(town, board, t, skew_s)))


def told(town: Town, board: Board, t: float, skew_s: float = 0.0) -> dict[str, object]:
    shown, approved = cast.content(town, board, t)
    on = cast.state(town, board, t) == "on"
    return {
        "luc": _local(t + skew_s),
        "do_choi": cast.brightness(board, t) if on else 0,
        "noi_dung": {"ma": shown or None, "duyet": APPROVALS[approved]} if on else {"ma": None, "duyet": "trong"},
        "giay_phep_con": int((board.licence_end - t) // DAY_S),
    }


def _local(t: float) -> str:
    return datetime.fromtimestamp(t, LOCAL).strftime("%Y-%m-%dT%H:%M:%S%z")


class BoardHandler(FaultyHandler):
    """``/board/ID/status`` as JSON and ``/board/ID/proof.jpg``."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.town: Town = own["own"][0]
        self.host: Host = own["own"][1]

    async def get(self, number: str, what: str) -> None:
        now = self.faults.held_at(self.source, self.host.now())
        board = next((one for one in self.town.part(boards) if one.id == number), None)
        if board is None:
            await self.send('{"error": "no such board"}', "application/json", 404)
        elif cast.is_dead(self.town, board, now):
            await self.send('{"error": "board does not answer"}', "application/json", 504)
        elif what == "status":
            body = {**info(board), "man_hinh": WORDS[cast.state(self.town, board, now)], **told(self.town, board, now)}
            await self.send(_dumped(body), "application/json")
        else:
            self.set_header("Content-Type", "image/jpeg")
            picture = cast.proof(self.town, board, now)
            await self.finish(picture[: len(picture) // 2] if self.faults.is_on(self.source, Kind.GARBAGE) else picture)


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    return {SOURCE: payloads(folder, SOURCE, _lines(town, start, end))} if town.part(boards) else {}


def _lines(town: Town, start: float, end: float) -> Iterator[Line]:
    """Every board, then four states a day of each."""
    own = town.part(boards)
    yield start, _dumped([_message(f"qc/v1/{board.id}/info", _dumped(info(board))) for board in own])
    for t in beats(start, end, HISTORY_S, 2 * 3600.0):
        alive = [board for board in own if not cast.is_dead(town, board, t)]
        rows = [_message(f"qc/v1/{board.id}/state", _dumped(told(town, board, t))) for board in alive]
        rows += [_message(f"qc/v1/{board.id}/hb", WORDS[cast.state(town, board, t)]) for board in alive]
        yield t, _dumped(rows)


def _message(topic: str, payload: str) -> dict[str, str]:
    return {"topic": topic, "payload": payload}


def _dumped(body: object) -> str:
    return json.dumps(body, ensure_ascii=False)


FEED = Feed(sources=sources, open=open_, history=history, order=62)
