"""The sources page without a server: what is one fault, how a day is drawn, what is told and what is kept back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from app.pages import sources_card, sources_rows
from app.pages import sources_reading as reading
from app.pages import sources_words as say
from app.pages.sources_bindings import bare, bindings, endpoint
from app.pages.sources_cause import HEART, Owned, common
from app.pages.sources_reading import CELLS, Lag, Ledger, Story, Strip
from app.pages.sources_screen import SourcesScreen
from app.text import Text
from geodata.city import city
from geodata.settings import Settings
from geodata.store.errors import StoreGone
from geodata.store.types import FeedState, ServiceState, SourceState

NOON = datetime(2026, 11, 21, 5, 0, tzinfo=UTC)
VI, EN = Text("vi"), Text("en")


def source(name: str, state: FeedState = "receiving", *, since_s: float = 0, service: str = "hydrology") -> SourceState:
    return SourceState(
        id=name,
        service=service,
        protocol="sensorthings" if service == "hydrology" else "rss",
        title_vi=f"Nguồn {name}",
        title_en=f"Source {name}",
        simulated=False,
        state=state,
        since=NOON + timedelta(seconds=since_s),
        cadence_s=600,
        last_received=NOON,
        last_error="http://x does not answer: refused" if state == "down" else None,
        received=10,
        stored=6,
        duplicate=1,
        rejected={"garbled": 3},
    )


def ledger(*sources: SourceState) -> Ledger:
    services = [
        ServiceState(
            id=name,
            state="receiving",
            last_received=NOON,
            age_s=0,
            version=7,
            sources=[s for s in sources if s.service == name],
        )
        for name in ("hydrology", "press", "platform")
    ]
    return Ledger(services=services, at=NOON + timedelta(minutes=30))


def test_nothing_is_down() -> None:
    assert common([source("a"), source("b", "late")], {}).kind == "calm"


def test_all_sources_of_an_operator_are_one_fault() -> None:
    owned = {name: Owned(operator="EVN") for name in ("a", "b")} | {"c": Owned(operator="VNPT")}
    sources = [source("a", "down"), source("b", "down", since_s=50, service="press"), source("c", "receiving")]
    found = common(sources, owned)
    assert (found.kind, found.n, found.name) == ("operator", 2, "EVN")
    told = say.cause(found, "Asia/Ho_Chi_Minh", NOON, VI)
    assert told == "2 nguồn do EVN vận hành cùng mất từ 12:00: bên kia không trả lời."


def test_one_that_still_speaks_or_another_minute_is_another_fault() -> None:
    owned = {name: Owned(operator="EVN") for name in "abc"}
    press = source("d", service="press")
    assert common([source("a", "down"), source("b", "down"), source("c"), press], owned).kind == "several"
    apart = [source("a", "down"), source("b", "down", since_s=600), press]
    assert common(apart, {name: Owned(operator="EVN") for name in "ab"}).kind == "several"


def test_the_host_explains_before_the_protocol_and_others_are_told() -> None:
    owned = {"a": Owned(host="h:1"), "b": Owned(host="h:1")}
    sources = [source("a", "down"), source("b", "down"), source("c", "down", since_s=900, service="press"), source("d")]
    found = common(sources, owned)
    assert (found.kind, found.down) == ("host", 3)
    assert "Ngoài ra 1 nguồn khác" in say.cause(found, "Asia/Ho_Chi_Minh", NOON, VI)


def test_a_reader_that_is_gone_blames_no_source() -> None:
    gone = [replace(source(name, "down"), last_error=HEART) for name in "ab"]
    assert common(gone, {}).kind == "reader"
    assert common([source("a", "down"), source("b", "down")], {}).kind == "all"


@pytest.mark.parametrize(
    "kind", ["host", "operator", "owner", "protocol", "service", "one", "several", "reader", "all"]
)
def test_every_cause_has_its_sentence(kind: str) -> None:
    found = replace(common([source("a", "down"), source("b")], {}), kind=kind, name="press")  # type: ignore[arg-type]
    for text in (VI, EN):
        assert "{" not in say.cause(found, "Asia/Ho_Chi_Minh", NOON, text)


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (HEART, "heart"),
        ("http://a does not answer: timed out", "unreachable"),
        ("a does not answer: nothing readable for 120 s", "silent"),
        ("http://a refuses us: 401; check the key or the permission of this source", "refused"),
        ("http://a does not speak rss: no channel", "garbled"),
        ("source a: url: Field required", "options"),
        (None, "other"),
    ],
)
def test_errors_are_told_in_the_language_of_the_page(error: str | None, key: str) -> None:
    assert say.reason(error, VI) == VI(f"sources.reason.{key}")


def test_a_day_in_letters() -> None:
    received, down = [0] * CELLS, [0.0] * CELLS
    received[1:6] = [9, 9, 9, 9, 900]
    received[10], down[10] = 9, 0.1
    down[11], down[12], received[12] = 0.01, 0.9, 3
    letters = sources_rows.cells(Strip(received, down, 0))
    assert letters[:6] == ".99999"  # the catch-up at 5 does not make the day flat
    assert letters[10:13] == "ixx"
    assert len(letters) == CELLS
    assert sources_rows.cells(None) == "." * CELLS


def test_a_feed_without_reader_is_down_since_the_last_heart_beat() -> None:
    lost = replace(source("a", "down"), since=NOON)
    assert sources_rows.still_down("9" * CELLS, lost, NOON + timedelta(minutes=31)).endswith("9xxx")
    assert sources_rows.still_down("9" * CELLS, source("a"), NOON) == "9" * CELLS


def test_rows_stand_in_groups_and_waiting_services_last() -> None:
    groups = sources_rows.groups(city("hue"), ledger(source("a"), source("p", "down", service="press")), VI)
    assert groups[-1]["title"] == "Sẵn sàng kết nối"
    assert {"service:cameras", "service:buses"} <= {row["id"] for row in groups[-1]["rows"]}
    rows = {row["id"]: row for group in groups[:-1] for row in group["rows"]}
    assert rows["a"]["sums"] == [10, 6, 1, 3]
    assert rows["platform"]["sums"] == [20, 12, 2, 6]
    assert rows["platform"]["state"] == "receiving"
    found = sources_rows.counts(city("hue"), ledger(source("a"), source("p", "down", service="press")))
    assert (found["receiving"], found["down"]) == (1, 1)


def test_sums_that_do_not_close_are_level_three() -> None:
    broken = replace(source("a"), stored=5)
    rows = [row for group in sources_rows.groups(city("hue"), ledger(broken), VI) for row in group["rows"]]
    row = next(row for row in rows if row["id"] == "a")
    assert not row["closes"]
    assert "<svg" in row["warning"]
    card = sources_card.content(subject(broken), VI)
    assert card["broken"] == "Sổ không khớp: nhận 10, nhưng lưu + trùng + loại = 9."


def subject(one: SourceState, story: Story | None = None) -> sources_card.Subject:
    book = replace(ledger(one), lags={one.id: Lag(12, 34)}, strips={one.id: Strip([0] * CELLS, [0.0] * CELLS, 2.5)})
    return sources_card.Subject(source=one, binding=None, file=None, ledger=book, story=story, city=city("hue"))


def story(payload: bytes | None = b'{"a": 1}') -> Story:
    at = pd.Timestamp(NOON)
    samples = pd.DataFrame(
        [
            {
                "reason": "garbled", "kept": 3, "mended": 1, "received_at": at, "detail": "no JSON",
                "payload": payload, "size": 8, "mended_at": pd.NaT,
            }
        ]
    )  # fmt: skip
    history = pd.DataFrame(
        [(at - pd.Timedelta(hours=1), False, "x does not answer: y"), (at, True, None)], columns=["time", "up", "error"]
    )
    things = {"things": 6, "cases": 0, "alerts": 0, "events": 0, "features": 0, "coverages": 0}
    return Story(card={"owner": "Đài"}, things=things, samples=samples, history=history)


def test_the_panel_tells_what_since_when_and_what_still_works() -> None:
    card = sources_card.content(subject(source("a", "down"), story()), VI)
    assert card["verdict"]["head"] == "Mất nguồn từ 12:00"
    assert card["verdict"]["why"] == "bên kia không trả lời"
    assert card["verdict"]["works"] == "Số đã nhận đến 12:00 vẫn xem được. 6 đối tượng chuyển thành chưa rõ."
    assert card["depends"][:2] == ["6 trạm", "1 lớp"]
    assert card["faults"] == [{"span": "11:00 – 12:00", "long": "1 giờ", "why": "bên kia không trả lời"}]
    assert card["rejected"][0]["payload"] == '{\n "a": 1\n}'
    assert [c["line"] for c in card["commands"]] == [
        "vonglau check a --city hue",
        "vonglau replay --rejected a --city hue",
    ]
    assert sources_card.content(subject(source("a", "down"), story()), EN)["depends"][0] == "6 stations"


def test_a_private_service_shows_counts_alone() -> None:
    card = sources_card.content(subject(source("a", service="field_reports"), story(None)), VI)
    assert card["private"]
    assert card["rejected"] == [{"reason": "garbled", "word": "Không đọc được", "n": "3"}]


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"\xff\xfe\x00\x01\x02", "ff fe 00 01 02"),
        (b"$GPGGA\x00", "$GPGGA\N{REPLACEMENT CHARACTER}"),
        (b"{", "{"),
        (b"!AIVDM,1,1,\xff\xfe,A", "!AIVDM,1,1,\\xff\\xfe,A"),
        (b"", ""),
    ],
)
def test_payloads_that_are_no_text(payload: bytes, shown: str) -> None:
    assert sources_card.pretty(payload) == shown


def test_a_payload_cut_within_a_letter_is_text() -> None:
    assert sources_card.pretty("<tên>Huế</tên>".encode()[:-7]) == "<tên>Huế"
    assert sources_card.pretty("ế".encode() * 2000 + b"\xe1\xba").startswith("ế")
    assert len(sources_card.pretty(b"x" * 4096)) <= sources_card.PAYLOAD_CHARS + 1


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"url": "https://u:p@a.vn:8443/x/y?key=s#z"}, "https://a.vn:8443/x/y"),
        ({"mqtt_url": "mqtts://u:p@[::1]:8883"}, "mqtts://[::1]:8883"),
        ({"host": "10.1.1.1", "port": 5631, "transport": "tcp"}, "tcp://10.1.1.1:5631"),
        ({"sql": "postgresql://u:p@db/hr"}, "postgresql://db/hr"),
        ({"path": "/srv/files/*.csv"}, "/srv/files/*.csv"),
        ({"sites": []}, None),
    ],
)
def test_an_endpoint_never_tells_a_secret(options: dict[str, object], shown: str | None) -> None:
    assert endpoint(options) == shown


class Away:
    """A reader whose database comes and goes."""

    def __init__(self) -> None:
        self.away, self.found = True, ledger(source("a")).services

    def services(self, city_id: str) -> object:
        if self.away:
            raise StoreGone(where="hue", reason="gone")
        return self.found

    def query(self, name: str, **params: object) -> pd.DataFrame:
        columns = {"ledger_strip": ["source", "received", "down", "per_minute"], "source_lag": ["source", "p95_s", "n"]}
        return pd.DataFrame(columns=columns.get(name, ["time", "up", "error"]))


def test_a_database_that_is_away_leaves_the_last_picture_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "STATES_S", 1e-9)
    reader = Away()
    settings = Settings(data=tmp_path)
    context: Any = SimpleNamespace(city=city("hue"), reader=reader, settings=settings, language="vi", query={})
    screen = SourcesScreen(context, VI)
    screen.body = SimpleNamespace(css_classes=[])
    screen.read()
    assert screen.head.data["sentence"] == "Chưa đọc được cơ sở dữ liệu; bảng sẽ tự hiện khi đọc được."
    reader.away = False
    screen.read()
    assert screen.head.data["sentence"] == "Không nguồn nào mất."
    screen.choose("a")
    assert screen.detail.data["id"] == "a"
    assert screen.shell.data["link"] == "?source=a"
    reader.away = True
    screen.read()
    assert screen.table.data["stale"]
    assert screen.table.data["groups"]
    assert screen.head.data["sentence"].startswith("Không đọc được cơ sở dữ liệu; bảng này là lúc ")
    screen.press("clear")
    assert "id" not in screen.detail.data
    assert screen.shell.data["link"] == "?"


def test_a_broken_url_and_a_broken_file_add_nothing(tmp_path: Path) -> None:
    assert bare("http://[broken") == ""
    (tmp_path / "run").mkdir()
    (tmp_path / "run/bindings-hue.json").write_text("{", encoding="utf-8")
    (tmp_path / "own.toml").write_text("[[services.", encoding="utf-8")
    settings = Settings(data=tmp_path, sources=tmp_path / "own.toml")
    assert bindings(settings, city("hue")) == {b.id: b for b in city("hue").bindings()}
