"""Prometheus, Alertmanager, Uptime Kuma and Gatus: what the adapters make of answers, poll after poll."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from geodata.records import Event, Observation, Quality, Record, Rejected, Thing
from geodata.store.types import Batch
from sources import alertmanager, gatus, prometheus, uptime_kuma
from sources._alert_events import fingerprint
from sources._sites import MASK, key, masked
from sources.base import Context, Garbled, Received, Refused, Unreachable, protocol

PAYLOADS = Path(__file__).parents[1] / "payloads"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SERVICE = "information_security"

Answer = Callable[[httpx.Request], httpx.Response]


def context(answer: Answer, clock: Callable[[], datetime] = lambda: NOW, **more: Any) -> Context:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Context(http=http, clock=clock, service=SERVICE, **more)


async def poll(batches: AsyncIterator[Batch]) -> Batch:
    found = await anext(batches)
    await batches.aclose()  # type: ignore[attr-defined]  # adapters are asynchronous generators
    return found


def up(rows: Sequence[Record | Rejected]) -> dict[str, Any]:
    return {r.thing_id: r.result for r in rows if isinstance(r, Observation) and r.observed_property == "up"}


def file(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


# -- addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("10.4.7.12:9100 lost", f"{MASK} lost"),
        ("from [fe80::1]:80", f"from {MASK}"),
        ("2001:db8:0:1:2:3:4:5", MASK),
        ("version 1.2.3 at 08:15:00 on 21/11", "version 1.2.3 at 08:15:00 on 21/11"),
        ("Cổng phường Vỹ Dạ", "Cổng phường Vỹ Dạ"),
    ],
)
def test_network_addresses_are_masked(words: str, told: str) -> None:
    assert masked(words) == told


def test_a_sites_name_holds_no_secret_and_no_address() -> None:
    assert key("https://admin:pw@a.example/x/?token=1") == "a.example/x"
    assert str(key("10.4.7.12:9100")).startswith("address-")
    assert key("10.4.7.12:9100") == key("10.4.7.12:9100") != key("10.4.7.13:9100")
    assert key(" ") is None


def test_no_address_leaves_an_adapter() -> None:
    for source in map(protocol, ("prometheus", "alertmanager", "uptime_kuma", "gatus")):
        options = source.options.model_validate({"url": "http://a", "service": SERVICE})
        for path in (PAYLOADS / source.protocol).glob("good*"):
            rows = list(source.parse(path.read_bytes(), options, NOW))
            assert not [row for row in rows if not isinstance(row, Rejected) and "10.4." in repr(row)]
            assert not [row for row in rows if not isinstance(row, Rejected) and "10.20." in repr(row)]


# -- Prometheus --------------------------------------------------------------------------


def envelope(result: Any, form: str = "vector", **more: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": form, "result": result}, **more}).encode()


def sample(site: str, value: str, t: float = NOW.timestamp(), name: str = "probe_success") -> dict[str, Any]:
    return {"metric": {"__name__": name, "site": site}, "value": [t, value]}


PROM = prometheus.PrometheusOptions(url="http://prom.example/pre/", service=SERVICE)


def test_values_that_are_none_are_counted_and_histograms_too() -> None:
    rows = list(prometheus.parse(file("prometheus/good_vector.json"), PROM, NOW))
    assert up(rows) == {"site:so_noi_vu": "up", "site:ubnd_19789": "down"}
    assert sorted(r.reason for r in rows if isinstance(r, Rejected)) == [
        "histogram",
        "no_value",
        "no_value",
        "source_warning",
    ]
    days = next(r for r in rows if isinstance(r, Observation) and r.observed_property == "certificate_days")
    assert days.result == pytest.approx(10.0, abs=0.01)
    assert next(r for r in rows if isinstance(r, Thing)).name == "Cổng Sở Nội vụ"


def test_an_error_that_still_holds_data() -> None:
    body = {"status": "error", "errorType": "execution", "error": "one store is away"}
    body["data"] = {"resultType": "vector", "result": [sample("a", "1")]}  # type: ignore[assignment]
    rows = list(prometheus.parse(json.dumps(body).encode(), PROM, NOW))
    assert up(rows) == {"site:a": "up"}
    assert [r.detail for r in rows if isinstance(r, Rejected)] == ["execution: one store is away"]


def test_what_was_rejected_can_be_read_again() -> None:
    (broken,) = [r for r in prometheus.parse(envelope([sample("a", "7")]), PROM, NOW) if isinstance(r, Rejected)]
    words = {"queries": [{"query": "probe_success", "observed_property": "up", "words": {"7": "up"}}]}
    mended = prometheus.PrometheusOptions.model_validate({**PROM.model_dump(), **words})
    assert broken.reason == "unknown_word"
    assert up(list(prometheus.parse(broken.payload or b"", mended, NOW))) == {"site:a": "up"}


def test_text_with_times_of_its_own() -> None:
    old, new = int(NOW.timestamp() * 1000) - 3_600_000, int(NOW.timestamp() * 1000) - 1000
    body = f'probe_success{{site="a"}} 1 {new}\nprobe_success{{site="b"}} 1 {old}\n'.encode()
    rows = list(prometheus.parse(body, PROM, NOW))
    assert up(rows) == {"site:a": "up"}
    assert [r.reason for r in rows if isinstance(r, Rejected)] == ["stale"]
    (row,) = [r for r in rows if isinstance(r, Observation)]
    assert row.phenomenon_time == NOW - timedelta(seconds=1)
    openmetrics = f'probe_success{{site="a"}} 1 {new / 1000}\n# EOF\n'.encode()
    assert [r.phenomenon_time for r in prometheus.parse(openmetrics, PROM, NOW) if isinstance(r, Observation)] == [
        NOW - timedelta(seconds=1)
    ]


def test_a_text_without_end_is_cut() -> None:
    rows = list(prometheus.parse(b'probe_success{site="a"} 1\n' + b"\n" * 200_000 + b"probe_success 1", PROM, NOW))
    assert up(rows) == {"site:a": "up"}
    assert [r.reason for r in rows if isinstance(r, Rejected)] == ["too_long"]


async def test_one_wrong_query_of_several_takes_no_other_with_it() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/pre/api/v1/query"
        if request.url.params["query"] == "probe_success":
            return httpx.Response(200, content=envelope([sample("a", "1")]))
        return httpx.Response(422, json={"status": "error", "errorType": "execution", "error": "too many samples"})

    batch = await poll(prometheus.batches(PROM, context(answer), None))
    assert up(batch.records) == {"site:a": "up"}
    assert {r.reason for r in batch.rejected} == {"source_error"}
    assert len(batch.rejected) == 3


@pytest.mark.parametrize(("status", "error"), [(503, Unreachable), (401, Refused), (404, Garbled), (400, Garbled)])
async def test_prometheus_failures(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await poll(prometheus.batches(PROM, context(lambda _: httpx.Response(status, text="no")), None))


async def test_slow_queries_wait_their_turn_and_keys_are_shown() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["query"])
        assert request.headers["authorization"] == "Basic aW9jOnMzY3IzdA=="
        return httpx.Response(200, content=envelope([sample("a", "1", name=asked[-1])]))

    queries = [
        {"query": "probe_success", "observed_property": "up", "words": {"1": "up"}},
        {"query": "u", "observed_property": "uptime", "unit": "%", "every_s": 3600},
    ]
    options = prometheus.PrometheusOptions.model_validate(
        {**PROM.model_dump(), "queries": queries, "username": "ioc", "password_env": "PW"}
    )
    now = [NOW]
    shared = context(answer, lambda: now[0], secret={"PW": "s3cr3t"}.get)
    for minutes in (0, 1, 59, 60):
        now[0] = NOW + timedelta(minutes=minutes)
        await poll(prometheus.batches(options, shared, None))
    assert asked == ["probe_success", "u", "probe_success", "probe_success", "probe_success", "u"]


async def test_an_alert_that_is_gone_is_resolved_also_after_a_restart() -> None:
    body = [file("prometheus/good_alerts.json")]
    options = PROM.model_copy(update={"alerts": True, "queries": ()})
    answer = lambda _: httpx.Response(200, content=body[0])  # noqa: E731
    first = await poll(prometheus.batches(options, context(answer), None))
    assert {r.status for r in first.records if isinstance(r, Event)} == {"firing", "pending"}
    body[0] = json.dumps({"status": "success", "data": {"alerts": []}}).encode()
    cursor = json.loads(json.dumps(first.cursor))
    later = await poll(prometheus.batches(options, context(answer), cursor))
    ends = {r.id: (r.status, r.end_time) for r in later.records if isinstance(r, Event)}
    assert ends == {r.id: ("resolved", NOW) for r in first.records if isinstance(r, Event)}
    assert later.cursor is not None
    assert later.cursor["open"] == {}


# -- Alertmanager ------------------------------------------------------------------------


@dataclass
class Inbox:
    messages: list[bytes] = field(default_factory=list)

    async def read(self, after: int, *, wait_s: float) -> list[Received]:
        return [Received(id=n, arrival=NOW, payload=body) for n, body in enumerate(self.messages, 1) if n > after]


def alert(status: str, *, start: str = "2026-11-21T01:00:00Z", **more: Any) -> dict[str, Any]:
    labels = {"alertname": "SiteDown", "severity": "critical", "category": "availability", "site": "a"}
    return {
        "status": status, "labels": labels, "annotations": {}, "startsAt": start,
        "endsAt": "0001-01-01T00:00:00Z", "fingerprint": fingerprint(labels), **more,
    }  # fmt: skip


def hook(*alerts: dict[str, Any], truncated: int = 0) -> bytes:
    return json.dumps({"version": "4", "status": "firing", "truncatedAlerts": truncated, "alerts": alerts}).encode()


def test_the_webhooks_words() -> None:
    options = alertmanager.AlertmanagerOptions(service=SERVICE)
    rows = list(alertmanager.parse(file("alertmanager/good_webhook.json"), options, NOW))
    down, botnet = (r for r in rows if isinstance(r, Event))
    assert (down.status, down.end_time, down.severity, down.category) == ("firing", None, 5, "availability")
    assert (botnet.status, botnet.severity, botnet.category) == ("resolved", 4, "malware")
    assert botnet.end_time == datetime(2026, 11, 21, 1, 45, tzinfo=UTC)
    assert down.properties["parent"] == "tram_vinh_ninh"
    assert MASK in str(down.description)
    assert sorted(r.reason for r in rows if isinstance(r, Rejected)) == ["ignored_alert", "truncated"]
    pulled = [r for r in alertmanager.parse(file("alertmanager/good_api.json"), options, NOW) if isinstance(r, Event)]
    assert [(r.status, r.end_time, r.category) for r in pulled] == [
        ("firing", None, "certificate"),
        ("suppressed", None, "other"),
    ]


def test_severities_of_the_citys_own() -> None:
    own = alertmanager.AlertmanagerOptions(service=SERVICE, severities={"P1": 5}, categories={"SiteDown": "attack"})
    (event,) = [
        r for r in alertmanager.parse(file("alertmanager/partial_webhook.json"), own, NOW) if isinstance(r, Event)
    ]
    assert (event.severity, event.category) == (5, "attack")


async def test_messages_and_what_is_open_are_one_story() -> None:
    """A webhook that was lost is made up for by the pull; a restart goes on from the cursor; a repeat is no news."""
    there: list[dict[str, Any]] = [alert("x") | {"status": {"state": "active"}, "endsAt": "2026-11-21T02:05:00Z"}]
    inbox = Inbox([hook(alert("firing"))])
    options = alertmanager.AlertmanagerOptions(url="http://am.example", poll_s=0.001, service=SERVICE)
    stream = alertmanager.batches(options, context(lambda _: httpx.Response(200, json=there), inbox=inbox), None)
    pulled, heard = await anext(stream), await anext(stream)
    (event,) = [r for r in pulled.records if isinstance(r, Event)]
    assert heard.records == []  # the same, said twice
    assert heard.cursor is not None
    assert (heard.cursor["inbox"], list(heard.cursor["open"])) == (1, [event.id])  # type: ignore[call-overload]  # JSON
    await stream.aclose()
    there.clear()
    again = context(lambda _: httpx.Response(200, json=there), inbox=inbox)
    batch = await poll(alertmanager.batches(options, again, json.loads(json.dumps(heard.cursor))))
    (over,) = [r for r in batch.records if isinstance(r, Event)]
    assert (over.id, over.status, over.end_time, over.severity) == (event.id, "resolved", NOW, 5)
    assert batch.cursor == {"inbox": 1, "open": {}}


async def test_a_message_that_was_cut_is_made_whole_at_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=[])

    inbox = Inbox()
    options = alertmanager.AlertmanagerOptions(url="http://am.example", poll_s=3600, service=SERVICE)
    stream = alertmanager.batches(options, context(answer, inbox=inbox), None)
    await anext(stream)
    inbox.messages.append(hook(alert("firing"), truncated=3))
    heard = await anext(stream)
    assert [r.reason for r in heard.rejected] == ["truncated"]
    await anext(stream)
    assert asked == ["/api/v2/alerts"] * 2
    await stream.aclose()


async def test_without_a_way_to_hear_it_is_down() -> None:
    with pytest.raises(Unreachable, match="neither an intake"):
        await poll(
            alertmanager.batches(alertmanager.AlertmanagerOptions(), context(lambda _: httpx.Response(200)), None)
        )


# -- Uptime Kuma -------------------------------------------------------------------------


def test_kuma_tells_maintenance_from_down_and_no_answer_from_a_quick_one() -> None:
    options = uptime_kuma.UptimeKumaOptions(url="http://k", service=SERVICE)
    rows = list(uptime_kuma.parse(file("uptime_kuma/good_metrics.prom"), options, NOW))
    assert up(rows) == {"kuma:3": "up", "kuma:7": "down", "kuma:Thư điện tử công vụ": "maintenance"}
    assert [r.quality for r in rows if isinstance(r, Observation) and r.result == "maintenance"] == [
        Quality.MAINTENANCE
    ]
    times = {
        r.thing_id: r.result for r in rows if isinstance(r, Observation) and r.observed_property == "response_time"
    }
    assert times == {"kuma:3": 182.0}
    assert sorted(r.reason for r in rows if isinstance(r, Rejected)) == ["no_value", "unused_metric", "unused_metric"]


async def test_kuma_hands_on_only_new_beats_and_knows_names() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        name = "good_heartbeats" if "heartbeat" in request.url.path else "good_page"
        return httpx.Response(200, content=file(f"uptime_kuma/{name}.json"))

    sites = {"Thư điện tử công vụ": {"id": "thu", "agency": "ioc"}, "3": {"id": "dvc"}}
    options = uptime_kuma.UptimeKumaOptions.model_validate(
        {"url": "http://k", "slug": "hue", "issuer": "site", "sites": sites, "service": SERVICE}
    )
    first = await poll(uptime_kuma.batches(options, context(answer), None))
    assert {(r.id, r.name, r.agency) for r in first.records if isinstance(r, Thing)} == {
        ("site:dvc", "Cổng dịch vụ công", None), ("site:7", "Hue-S", None), ("site:thu", "Thư điện tử công vụ", "ioc"),
    }  # fmt: skip
    beats = [r for r in first.records if isinstance(r, Observation) and r.phenomenon_end is None]
    assert len(beats) == 4
    again = await poll(uptime_kuma.batches(options, context(answer), json.loads(json.dumps(first.cursor))))
    assert not [r for r in again.records if isinstance(r, Observation) and r.phenomenon_end is None]


async def test_kuma_shows_its_key() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != "Basic OnVrMV9rZXk=":
            return httpx.Response(401)
        return httpx.Response(200, content=file("uptime_kuma/good_metrics.prom"))

    options = uptime_kuma.UptimeKumaOptions(url="http://k", api_key_env="KEY", service=SERVICE)
    batch = await poll(uptime_kuma.batches(options, context(answer, secret={"KEY": "uk1_key"}.get), None))
    assert len(up(batch.records)) == 3
    with pytest.raises(Refused):
        await poll(uptime_kuma.batches(options, context(answer), None))


# -- Gatus -------------------------------------------------------------------------------


def test_gatus_results_and_outages() -> None:
    options = gatus.GatusOptions(url="http://g", service=SERVICE)
    rows = list(gatus.parse(file("gatus/good_statuses.json"), options, NOW))
    over, lasting = (r for r in rows if isinstance(r, Event))
    assert (over.end_time, over.status) == (datetime(2026, 11, 20, 8, 12, tzinfo=UTC), "resolved")
    assert (lasting.end_time, lasting.status) == (None, "firing")
    first = next(r for r in rows if isinstance(r, Observation))
    assert first.phenomenon_time == datetime(2026, 11, 20, 18, 58, 0, 123456, tzinfo=UTC)
    assert "10.4.7.12" not in repr(rows)


async def test_gatus_pages_go_back_to_what_is_known() -> None:
    def result(n: int) -> dict[str, Any]:
        return {
            "status": 200,
            "duration": 1_000_000,
            "success": True,
            "timestamp": (NOW - timedelta(minutes=n)).isoformat(),
        }

    results, asked = [result(n) for n in range(40, -1, -1)], []

    def answer(request: httpx.Request) -> httpx.Response:
        page, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
        asked.append(page)
        end = len(results) - (page - 1) * size
        own = results[max(end - size, 0) : max(end, 0)]
        return httpx.Response(200, json=[{"name": "A", "group": "", "key": "_a", "results": own, "events": []}])

    options = gatus.GatusOptions(url="http://g", page_size=10, service=SERVICE)
    first = await poll(gatus.batches(options, context(answer), None))
    assert len(up(first.records)) == 1
    assert sum(isinstance(r, Observation) and r.observed_property == "up" for r in first.records) == 41
    assert asked == [1, 2, 3, 4, 5]
    results.append(result(-1))
    asked.clear()
    second = await poll(gatus.batches(options, context(answer), json.loads(json.dumps(first.cursor))))
    assert sum(isinstance(r, Observation) for r in second.records) == 3
    assert len(asked) <= 2


async def test_gatus_servers_that_are_none() -> None:
    options = gatus.GatusOptions(url="http://g", service=SERVICE)
    with pytest.raises(Garbled):
        await poll(gatus.batches(options, context(lambda _: httpx.Response(200, json={"a": 1})), None))
    with pytest.raises(Unreachable):
        await poll(gatus.batches(options, context(lambda _: httpx.Response(502)), None))
