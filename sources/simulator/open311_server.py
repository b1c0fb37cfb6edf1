"""An Open311 GeoReport v2 server (wiki.open311.org) over the city's reports: XML and JSON, with ``extensions``.

Read only. A reply holds the first 1,000 requests of a window of at most 90 days, as the specification allows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape

from sources.simulator.clock import LOCAL
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import FaultyHandler
from sources.simulator.report_kinds import Kind as ReportKind
from sources.simulator.report_life import CLOSED, CLOSING, Office, Report, Stage

PATH = "/open311"
JSONValue = Mapping[str, Any] | Sequence[Any]
LARGEST_REPLY = 1000
LONGEST_S = 90 * 86400.0
ASKED_MORE = "chieu_sang"
"""The one service with a definition: street lighting wants the number of the pole."""


class Refused(Exception):
    """An answer with an error body: HTTP status and the text of the specification's ``description``."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


def local_iso(t: float) -> str:
    """W3C date and time with the zone of Viet Nam, as the city's system writes it."""
    return datetime.fromtimestamp(int(t), UTC).astimezone(LOCAL).isoformat()


def request(report: Report, stage: Stage, *, extensions: bool, skew_s: float = 0.0) -> dict[str, Any]:
    """One request as it stands at ``stage``. The reporter is in the fields in which GeoReport takes him in."""
    intake = report.intake

    def at(t: float | None) -> str | None:
        return None if t is None else local_iso(t + skew_s)

    body: dict[str, Any] = {
        "service_request_id": str(intake.number),
        "status": "closed" if stage.word in CLOSING else "open",
        "status_notes": stage.notes,
        "service_name": intake.kind.name,
        "service_code": intake.kind.code,
        "description": intake.text,
        "agency_responsible": stage.agency,
        "service_notice": None,
        "requested_datetime": at(intake.requested),
        "updated_datetime": at(stage.t),
        "expected_datetime": at(stage.deadline),
        "address": intake.address,
        "address_id": intake.ward.code,
        "zipcode": None,
        "lat": round(intake.place[1], 6),
        "long": round(intake.place[0], 6),
        "media_url": None,
    }
    if extensions:
        body |= {"first_name": intake.first_name, "last_name": intake.last_name, "phone": intake.phone}
        details = {
            "title": intake.title,
            "detailed_status": stage.word,
            "urgency": intake.urgency,
            "channel": intake.channel,
            "rating": stage.rating,
            "duplicate_of": None if stage.duplicate_of is None else str(stage.duplicate_of),
            "closed_datetime": at(stage.t) if stage.word == CLOSED else None,
        }
        body["extended_attributes"] = {name: value for name, value in details.items() if value is not None}
    return body


@dataclass(frozen=True, slots=True)
class Desk311:
    """What the handlers answer from."""

    source: str
    office: Office
    kinds: Sequence[ReportKind]
    title: str
    faults: Faults
    clock: Callable[[], float]

    def now(self) -> float:
        return self.faults.held_at(self.source, self.clock())

    def requests(self, arguments: Mapping[str, str]) -> list[dict[str, Any]]:
        """The requests that a query asks for, oldest first. Raises Refused."""
        now, skew = self.now(), self.faults.skew_s(self.source)
        extensions = arguments.get("extensions") == "true"
        copies = 2 if self.faults.is_on(self.source, Kind.DUPLICATES) else 1
        limit, skip = _paging(arguments)
        found = islice(self._wanted(arguments, now, skew), skip, skip + limit)
        return [
            request(report, stage, extensions=extensions, skew_s=skew) for report, stage in found for _ in range(copies)
        ][:LARGEST_REPLY]

    def _wanted(self, arguments: Mapping[str, str], now: float, skew_s: float) -> Iterator[tuple[Report, Stage]]:
        if numbers := arguments.get("service_request_id"):
            for number in numbers.split(","):
                report = self.office.report(int(number), now) if number.strip().isdigit() else None
                if report is not None and (stage := report.at(now)) is not None:
                    yield report, stage
            return
        start, end = _window(arguments, now)
        codes = set(filter(None, arguments.get("service_code", "").split(",")))
        statuses = set(filter(None, arguments.get("status", "").split(",")))
        if statuses - {"open", "closed"}:
            raise Refused(400, "status must be open or closed")
        self.office.forget_before(now)
        for report in self.office.reports(start - skew_s, end - skew_s, now):
            stage = report.at(now)
            if stage is None or (codes and report.intake.kind.code not in codes):
                continue
            if not statuses or ("closed" if stage.word in CLOSING else "open") in statuses:
                yield report, stage


def _paging(arguments: Mapping[str, str]) -> tuple[int, int]:
    try:
        size = min(int(arguments.get("page_size", LARGEST_REPLY)), LARGEST_REPLY)
        page = int(arguments.get("page", 1))
    except ValueError:
        raise Refused(400, "page and page_size must be whole numbers") from None
    if size < 1 or page < 1:
        raise Refused(400, "page and page_size must be positive")
    return size, (page - 1) * size


def _window(arguments: Mapping[str, str], now: float) -> tuple[float, float]:
    """Epoch s; without dates the last 90 days, as the specification says. Raises Refused."""
    try:
        times = {
            name: datetime.fromisoformat(arguments[name]).timestamp() if arguments.get(name) else None
            for name in ("start_date", "end_date")
        }
    except ValueError:
        raise Refused(400, "start_date and end_date must be W3C dates with a zone") from None
    start, end = times["start_date"], times["end_date"]
    end = end if end is not None else now if start is None else min(now, start + LONGEST_S)
    start = start if start is not None else end - LONGEST_S
    if end - start > LONGEST_S + 1:
        raise Refused(400, "start_date and end_date must not be more than 90 days apart")
    return start, end


class _Answer(FaultyHandler):
    """Common to all paths: JSON or XML by the ending of the path."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.desk: Desk311 = own["desk"]

    async def answer(self, make: Callable[[], JSONValue], form: str, outer: str, inner: str) -> None:
        status = 200
        try:
            body = make()
        except Refused as refused:
            status, outer, inner = refused.status, "errors", "error"
            body = [{"code": refused.status, "description": str(refused)}]
        if form == "json":
            await self.send(json.dumps(body, ensure_ascii=False), "application/json", status)
        else:
            await self.send(xml(body, outer, inner), "text/xml", status)


class Discovery(_Answer):
    async def get(self, form: str) -> None:
        root = f"{self.request.protocol}://{self.request.host}{PATH}/v2"
        formats = {"json": ["application/json", "text/xml"], "xml": ["text/xml", "application/json"]}[form]
        body = {
            "changeset": "2026-07-01 00:00",
            "contact": f"{self.desk.title} (mô phỏng)",
            "key_service": "Chỉ đọc, không cần khóa.",
            "endpoints": [
                {
                    "specification": "http://wiki.open311.org/GeoReport_v2",
                    "url": root,
                    "changeset": "2026-07-01 00:00",
                    "type": "production",
                    "formats": formats,
                }
            ],
        }
        await self.answer(lambda: body, form, "discovery", "")


class Services(_Answer):
    async def get(self, form: str) -> None:
        rows = [
            {
                "service_code": kind.code,
                "service_name": kind.name,
                "description": f"Phản ánh về {kind.name[:1].lower()}{kind.name[1:]}",
                "metadata": kind.code == ASKED_MORE if form == "json" else str(kind.code == ASKED_MORE).lower(),
                "type": "realtime",
                "keywords": ", ".join(kind.name.lower().split(", ")),
                "group": "Phản ánh hiện trường",
            }
            for kind in self.desk.kinds
        ]
        await self.answer(lambda: rows, form, "services", "service")


class Definition(_Answer):
    async def get(self, code: str, form: str) -> None:
        def make() -> JSONValue:
            if code != ASKED_MORE:
                raise Refused(404, "no definition for this service_code")
            pole = {
                "variable": "true",
                "code": "POLE",
                "datatype": "string",
                "required": "false",
                "datatype_description": "",
                "order": 1,
                "description": "Số trụ đèn",
            }
            return {"service_code": code, "attributes": [pole]}

        await self.answer(make, form, "service_definition", "")


class Requests(_Answer):
    async def get(self, form: str) -> None:
        arguments = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        await self.answer(lambda: self.desk.requests(arguments), form, "service_requests", "request")

    async def post(self, form: str) -> None:
        def refuse() -> JSONValue:
            raise Refused(403, "api_key is missing; this server is read only")

        await self.answer(refuse, form, "", "")


class OneRequest(_Answer):
    async def get(self, number: str, form: str) -> None:
        arguments = {name: self.get_query_argument(name) for name in self.request.query_arguments}

        def make() -> JSONValue:
            found = self.desk.requests({**arguments, "service_request_id": number})
            if not found:
                raise Refused(404, "no request has this service_request_id")
            return found[:1]

        await self.answer(make, form, "service_requests", "request")


def routes(desk: Desk311) -> list[tuple[str, type[_Answer], dict[str, object]]]:
    """URL patterns with their handlers, for a tornado application."""
    own: dict[str, object] = {"source": desk.source, "faults": desk.faults, "desk": desk}
    form = r"\.(json|xml)"
    return [
        (rf"{PATH}/discovery{form}", Discovery, own),
        (rf"{PATH}/v2/services{form}", Services, own),
        (rf"{PATH}/v2/services/([\w-]+){form}", Definition, own),
        (rf"{PATH}/v2/requests{form}", Requests, own),
        (rf"{PATH}/v2/requests/(\w+){form}", OneRequest, own),
    ]


SINGULAR = {"endpoints": "endpoint", "formats": "format", "attributes": "attribute"}


def xml(body: JSONValue, outer: str, inner: str) -> str:
    """The XML twin of a JSON body: lists get their singular elements back."""
    if isinstance(body, Mapping):
        inside = _element(outer, body)
    else:
        inside = f"<{outer}>{''.join(_element(inner, item) for item in body)}</{outer}>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n{inside}\n'


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        text = "".join(_element(key, item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        text = "".join(_element(SINGULAR.get(name, name), item) for item in value)
    else:
        text = "" if value is None else escape(str(value))
    return f"<{name}>{text}</{name}>"


def snapshot(pairs: Sequence[tuple[Report, Stage]]) -> str:
    """A reply as recorded: the requests as they stood, with extensions."""
    return json.dumps([request(report, stage, extensions=True) for report, stage in pairs], ensure_ascii=False)
