"""Information security against programs that we did not write: Prometheus, Alertmanager, blackbox exporter."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from geodata.city import SourceBinding
from geodata.records import Event, Observation, Record, Thing
from geodata.store.types import Batch
from geodata.store.writer import Writer
from sources.alertmanager import AlertmanagerOptions
from sources.alertmanager import batches as alert_batches
from sources.base import Context, Garbled, Received, Unreachable
from sources.intake import IntakePlan
from sources.prometheus import PrometheusOptions, batches, parse
from sources.runner import Runner
from tests.conftest import Dsn
from tests.support.patience import HANG_S, in_time
from tests.support.peers import running
from tests.support.ports import free_port

METRICS = """# TYPE probe_success gauge
probe_success{site="so_noi_vu",site_name="Cổng Sở Nội vụ",agency="so_noi_vu"} 1
probe_success{site="so_y_te",site_name="Cổng Sở Y tế",agency="so_y_te",parent="tram_vinh_ninh"} %(health)d
# TYPE probe_duration_seconds gauge
probe_duration_seconds{site="so_noi_vu"} 0.125
probe_duration_seconds{site="so_y_te"} NaN
# TYPE probe_ssl_earliest_cert_expiry gauge
probe_ssl_earliest_cert_expiry{site="so_noi_vu"} 4.1e9
"""

TOKEN = "IOC-t0ken-of-the-webhook"

RULES = """groups:
- name: trang
  interval: 1s
  rules:
  - alert: SiteDown
    expr: probe_success == 0
    labels: {severity: critical, category: availability}
    annotations: {summary: "{{ $labels.site_name }} không truy cập được"}
"""


class Ground(ThreadingHTTPServer):
    """Our exporter, a page to probe, and the receiver of Alertmanager's webhook."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.health = 0
        self.posted: list[bytes] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Ground

    def do_GET(self) -> None:
        body = (METRICS % {"health": self.server.health}).encode()
        kind = "text/plain; version=0.0.4; charset=utf-8"
        if self.path == "/page":
            body, kind = b"<h1>Trang ch\xe1\xbb\xa7</h1>", "text/html; charset=utf-8"
        self.send_response(200 if self.path in {"/metrics", "/page"} else 503)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class Inbox:
    """The webhook's messages as our intake hands them over."""

    ground: Ground
    heard: list[int] = field(default_factory=list)

    async def read(self, after: int, *, wait_s: float) -> list[Received]:
        for _ in range(max(1, int(wait_s / 0.02))):
            if len(self.ground.posted) > after:
                break
            await asyncio.sleep(0.02)
        now = datetime.now(UTC)
        found = [Received(id=n + 1, arrival=now, payload=body) for n, body in enumerate(self.ground.posted)]
        return [message for message in found if message.id > after]


@dataclass
class City:
    ground: Ground
    prometheus: str
    alertmanager: str
    blackbox: str
    intake_port: int


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("peers")
    with ExitStack() as stack:
        ground = Ground()
        stack.callback(ground.server_close)
        stack.callback(ground.shutdown)
        ports = [free_port() for _ in range(3)]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        city = City(ground, urls[0], urls[1], urls[2], free_port())
        stack.enter_context(alertmanager(folder, ports[1], city))
        stack.enter_context(prometheus(folder, ports, ground))
        config = folder / "blackbox.yml"
        config.write_text("modules: {http_2xx: {prober: http, timeout: 2s, http: {preferred_ip_protocol: ip4}}}\n")
        arguments = [f"--config.file={config}", f"--web.listen-address=127.0.0.1:{ports[2]}", "--log.level=error"]
        ready = f"{city.blackbox}/-/healthy"
        stack.enter_context(running("prometheus-blackbox-exporter", *arguments, ready=ready))
        yield city


def alertmanager(folder: Path, port: int, city: City) -> Any:
    config = folder / "alertmanager.yml"
    route: dict[str, Any] = {
        "receiver": "vong_lau",
        "group_by": ["alertname"],
        "group_wait": "0s",
        "group_interval": "1s",
    }
    told = {"url": f"http://{city.ground.at}/in/alerts"}
    intake = {
        "url": f"http://127.0.0.1:{city.intake_port}/in/alerts",
        "http_config": {"authorization": {"credentials": TOKEN}},
    }
    receivers = [{"name": name, "webhook_configs": [hook]} for name, hook in (("vong_lau", told), ("intake", intake))]
    route["routes"] = [{"receiver": "vong_lau", "continue": True}, {"receiver": "intake"}]
    config.write_text(json.dumps({"route": route, "receivers": receivers}))
    return running(
        "prometheus-alertmanager",
        f"--config.file={config}",
        f"--storage.path={folder}/alerts",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
        ready=f"http://127.0.0.1:{port}/-/ready",
    )


def prometheus(folder: Path, ports: list[int], ground: Ground) -> Any:
    (folder / "rules.yml").write_text(RULES)
    config = folder / "prometheus.yml"
    scrapes = [
        {"job_name": "trang", "honor_labels": True, "static_configs": [{"targets": [ground.at]}]},
        {"job_name": "chet", "static_configs": [{"targets": ["127.0.0.1:9"], "labels": {"site": "may_chu_cu"}}]},
    ]
    told = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(folder / "rules.yml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{ports[1]}"]}]}]},
        "scrape_configs": scrapes,
    }
    config.write_text(json.dumps(told))
    return running(
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address=127.0.0.1:{ports[0]}",
        "--log.level=error",
        ready=f"http://127.0.0.1:{ports[0]}/-/ready",
    )


@pytest.fixture
async def context(peers: City) -> AsyncIterator[Context]:
    async with httpx.AsyncClient(timeout=10) as http:
        yield Context(http=http, service="information_security", inbox=Inbox(peers.ground))


async def until(poll: Callable[[], Any], wanted: Callable[[Any], bool], within_s: float = HANG_S) -> Any:
    """The first answer that is as wanted."""
    async with asyncio.timeout(within_s):
        while True:
            found = await poll()
            if wanted(found):
                return found
            await asyncio.sleep(0.1)


async def read(options: PrometheusOptions, context: Context) -> list[Record]:
    fresh = Context(http=context.http, service=context.service)
    return [row async for batch in batches(options, fresh, None) for row in batch.records]


def results(rows: list[Record]) -> dict[tuple[str, str], object]:
    return {(row.thing_id, row.observed_property): row.result for row in rows if isinstance(row, Observation)}


async def test_queries_of_a_real_prometheus(peers: City, context: Context) -> None:
    options = PrometheusOptions(url=peers.prometheus)
    rows = await until(lambda: read(options, context), lambda rows: len(results(rows)) >= 4)
    told = results(rows)
    assert told["site:so_noi_vu", "up"] == "up"
    assert told["site:so_noi_vu", "response_time"] == 0.125
    assert ("site:so_y_te", "response_time") not in told  # NaN
    days = told["site:so_noi_vu", "certificate_days"]
    assert isinstance(days, float)
    assert 20_000 < days < 30_000
    names = {row.id: (row.name, row.agency) for row in rows if isinstance(row, Thing)}
    assert names["site:so_noi_vu"] == ("Cổng Sở Nội vụ", "so_noi_vu")


async def test_the_instant_of_the_scrape_and_a_computed_query(peers: City, context: Context) -> None:
    asked = {
        "queries": [
            {"query": "probe_success", "observed_property": "up", "words": {"1": "up", "0": "down"}, "timed": True},
            {"query": "avg_over_time(probe_duration_seconds[1m])", "observed_property": "response_time", "unit": "s"},
        ]
    }
    options = PrometheusOptions.model_validate({"url": peers.prometheus, **asked})
    rows = await until(
        lambda: read(options, context), lambda rows: ("site:so_noi_vu", "response_time") in results(rows)
    )
    now = datetime.now(UTC)
    found = {(row.thing_id, row.observed_property): row.phenomenon_time for row in rows if isinstance(row, Observation)}
    assert 0 <= (now - found["site:so_noi_vu", "up"]).total_seconds() < 30
    assert found["site:so_noi_vu", "up"] < found["site:so_noi_vu", "response_time"]


async def test_targets_and_alerts_of_a_real_prometheus(peers: City, context: Context) -> None:
    options = PrometheusOptions(url=peers.prometheus, queries=(), alerts=True, targets=True)

    def whole(rows: list[Record]) -> bool:
        return results(rows).get(("site:may_chu_cu", "up")) == "down" and any(isinstance(row, Event) for row in rows)

    peers.ground.health = 0
    rows = await until(lambda: read(options, context), whole)
    (event,) = [row for row in rows if isinstance(row, Event)]
    assert event.title == "Cổng Sở Y tế không truy cập được"
    assert (event.thing_id, event.severity, event.category) == ("site:so_y_te", 5, "availability")
    assert event.properties["parent"] == "tram_vinh_ninh"
    up = [name for (name, _), word in results(rows).items() if word == "up"]
    assert [name for name in up if name.startswith("site:address-")], "a network address is no name"


async def test_what_was_missed_is_asked_again(peers: City, context: Context) -> None:
    options = PrometheusOptions(url=peers.prometheus, poll_s=1, backfill_h=1)
    await until(lambda: read(options, context), lambda rows: len(results(rows)) >= 4)
    past = datetime.fromtimestamp(datetime.now(UTC).timestamp() - 600, UTC)

    async def missed() -> list[Observation]:
        (batch,) = [b async for b in batches(options, context, {"until": past.isoformat(), "open": {}})]
        return [row for row in batch.records if isinstance(row, Observation) and row.observed_property == "up"]

    def steps(ups: list[Observation]) -> int:
        return len({row.phenomenon_time for row in ups if row.phenomenon_time.microsecond == 0})

    ups = await until(missed, lambda ups: steps(ups) >= 2)  # as soon as a few scrapes lie behind
    assert all(row.phenomenon_time > past for row in ups)


async def test_a_wrong_query_is_told_as_prometheus_says_it(peers: City, context: Context) -> None:
    wrong = {"queries": [{"query": "probe_success(", "observed_property": "up"}]}
    with pytest.raises(Garbled, match="bad_data"):
        await read(PrometheusOptions.model_validate({"url": peers.prometheus, **wrong}), context)
    with pytest.raises(Unreachable):
        await read(PrometheusOptions(url="http://127.0.0.1:9"), context)


async def test_text_of_a_real_blackbox_exporter(peers: City, context: Context) -> None:
    site = f"http://{peers.ground.at}/page"
    probes = {"so_noi_vu": site, "so_y_te": f"http://{peers.ground.at}/gone", "cu": "http://127.0.0.1:9/"}
    options = PrometheusOptions(url=f"{peers.blackbox}/probe", mode="text", probes=probes)
    told = results(await read(options, context))
    assert (told["site:so_noi_vu", "up"], told["site:so_noi_vu", "http_status"]) == ("up", "200")
    assert (told["site:so_y_te", "up"], told["site:so_y_te", "http_status"]) == ("down", "503")
    assert told["site:cu", "up"] == "down"
    assert ("site:cu", "http_status") not in told
    body = (await context.http.get(f"{peers.blackbox}/probe", params={"target": site, "module": "http_2xx"})).content
    rows = list(parse(body, options.model_copy(update={"thing": "so_noi_vu"}), datetime.now(UTC)))
    assert results([row for row in rows if isinstance(row, Observation)])["site:so_noi_vu", "up"] == "up"


async def test_alerts_through_a_real_alertmanager(peers: City, context: Context) -> None:
    """Prometheus → Alertmanager → webhook → Events; then resolved; and the pull names the same events."""
    peers.ground.health = 0
    options = AlertmanagerOptions(url=peers.alertmanager, poll_s=1)
    pushed: dict[str, list[Event]] = {}
    async with in_time():
        async for batch in alert_batches(options, context, None):
            for row in events(batch):
                pushed.setdefault(row.id, []).append(row)
            if peers.ground.posted and pushed and peers.ground.health == 0:
                peers.ground.health = 1
            if any(versions[-1].end_time for versions in pushed.values()):
                break
    (identity,) = pushed
    first, last = pushed[identity][0], pushed[identity][-1]
    assert (first.status, first.end_time, first.thing_id) == ("firing", None, "site:so_y_te")
    assert last.status == "resolved"
    assert last.end_time is not None
    assert last.end_time >= first.time
    webhook = json.loads(peers.ground.posted[0])
    told = webhook["alerts"][0]
    assert first.properties["fingerprint"] == told["fingerprint"], "the name of a set of labels is Alertmanager's"
    assert identity.startswith(f"alert:{told['fingerprint']}:")


async def test_a_real_alertmanager_posts_to_our_intake(peers: City, writer: Writer, dsn: Dsn, tmp_path: Path) -> None:
    """Nothing is asked here: the Event in the store came by the webhook alone, with its token."""
    peers.ground.health = 0
    bound = SourceBinding(
        id="alerts",
        protocol="alertmanager",
        service="information_security",
        title_vi="Cảnh báo",
        title_en="Alerts",
        options={"push": True, "push_token_env": "TOKEN"},
    )
    plan = IntakePlan(host="127.0.0.1", port=peers.intake_port, spool=tmp_path / "intake.sqlite")
    runner = Runner(writer, [bound], secret={"TOKEN": TOKEN}.get, intake=plan)
    task = asyncio.create_task(runner.run())

    async def look() -> list[tuple[str, str, int]]:
        def read() -> list[tuple[str, str, int]]:
            with psycopg.connect(dsn("read")) as connection:
                return connection.execute("select title, status, severity from event").fetchall()

        return await asyncio.to_thread(read)

    try:
        found = await until(look, lambda rows: any(status == "firing" for _, status, _ in rows))
        assert ("Cổng Sở Y tế không truy cập được", "firing", 5) in found  # beside one resolved by an earlier test
        peers.ground.health = 1
        await until(look, lambda rows: any(status == "resolved" for _, status, _ in rows))
    finally:
        runner.stop()
        await task


def events(batch: Batch) -> list[Event]:
    return [row for row in batch.records if isinstance(row, Event)]
