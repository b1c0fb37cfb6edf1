"""A context broker (NGSI-LD 1.6): entities by query, subscriptions, and notifications posted to their endpoints.

Kept in memory and forgotten at the end, as by a broker without a database: subscribers must look after their own.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx

from sources.simulator.clock import iso
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import FaultyHandler
from sources.simulator.noise import key

PATH = "/ngsi-ld/v1"
MAX_LIMIT = 1000
POST_S = 5.0
TERM = re.compile(r"^([\w.]+)(==|!=|>=|<=|>|<)(.+)$")
SYSTEM = ("createdAt", "modifiedAt")

Entity = dict[str, Any]

log = logging.getLogger("vonglau.simulate")


@dataclass(slots=True)
class Subscription:
    """As the client sent it, and how its notifications went."""

    body: dict[str, Any]
    sent: int = 0
    failed: int = 0

    def status(self, now: float) -> str:
        ends = self.body.get("expiresAt")
        if ends and datetime.fromisoformat(str(ends)).timestamp() < now:
            return "expired"
        return "active" if self.body.get("isActive", True) else "paused"

    def wants(self, entity: Entity) -> bool:
        listed = self.body.get("entities") or []
        return any(_matches(one, entity) for one in listed) if listed else True

    def shown(self, now: float) -> dict[str, Any]:
        told = {**self.body["notification"], "timesSent": self.sent, "timesFailed": self.failed}
        return {**self.body, "notification": told, "status": self.status(now)}


def _matches(wanted: Mapping[str, Any], entity: Entity) -> bool:
    return wanted.get("type") in {None, entity["type"]} and wanted.get("id") in {None, entity["id"]}


@dataclass(slots=True)
class ContextBroker:
    """``entities(t)`` are all entities with their system attributes as of ``t``, epoch s."""

    source: str
    entities: Callable[[float], Sequence[Entity]]
    faults: Faults
    now: Callable[[], float]
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    _notified: int = 0

    def select(self, arguments: Mapping[str, str]) -> list[Entity]:
        """By ``type``, ``id`` and ``q`` (terms joined by ``;``). Raises ValueError for a query that is none."""
        if not any(arguments.get(name) for name in ("type", "id", "q")):
            raise ValueError("one of type, id, q is needed")
        types, ids = _listed(arguments.get("type")), _listed(arguments.get("id"))
        terms = [_term(text) for text in (arguments.get("q") or "").split(";") if text]
        found = self.entities(self.faults.held_at(self.source, self.now()))
        return [
            entity
            for entity in found
            if (not types or entity["type"] in types)
            and (not ids or entity["id"] in ids)
            and all(term(entity) for term in terms)
        ]

    async def notify(self, http: httpx.AsyncClient, entities: Sequence[Entity]) -> None:
        """Post to every active subscription what it asked for; what an endpoint does not take is lost."""
        for subscription in list(self.subscriptions.values()):
            wanted = [entity for entity in entities if subscription.wants(entity)]
            if wanted and subscription.status(self.now()) == "active":
                self._notified += 1
                body = self.notification(subscription, wanted, self._notified)
                await self._post(http, subscription, body.encode())

    def notification(self, subscription: Subscription, entities: Sequence[Entity], number: int) -> str:
        told = subscription.body["notification"]
        form, system = told.get("format", "normalized"), bool(told.get("sysAttrs"))
        body = {
            "id": f"urn:ngsi-ld:Notification:{key(self.source, number):016x}",
            "type": "Notification",
            "subscriptionId": subscription.body["id"],
            "notifiedAt": iso(self.now()),
            "data": [represented(entity, form, system=system) for entity in entities],
        }
        return json.dumps(body, ensure_ascii=False)

    async def _post(self, http: httpx.AsyncClient, subscription: Subscription, body: bytes) -> None:
        told = subscription.body["notification"]["endpoint"]
        headers = {"Content-Type": "application/json"}
        headers |= {str(pair["key"]): str(pair["value"]) for pair in told.get("receiverInfo", ())}
        if self.faults.is_on(self.source, Kind.GARBAGE):
            body = body[: len(body) // 2] + b"\xff\xfe\x00{<"
        for _ in range(2 if self.faults.is_on(self.source, Kind.DUPLICATES) else 1):
            try:
                reply = await http.post(told["uri"], content=body, headers=headers, timeout=POST_S)
                subscription.sent += reply.is_success
                subscription.failed += not reply.is_success
            except httpx.HTTPError:
                subscription.failed += 1


def represented(entity: Entity, form: str, *, system: bool) -> Entity:
    """``normalized``, ``concise`` or ``keyValues`` (also called ``simplified``)."""
    own = entity if system else {name: value for name, value in entity.items() if name not in SYSTEM}
    if form == "normalized":
        return own if system else {name: _without_system(value) for name, value in own.items()}
    if form == "concise":
        return {name: _concise(value) for name, value in own.items()}
    return {name: _plain(value) for name, value in own.items()}


def _without_system(value: Any) -> Any:
    return {k: v for k, v in value.items() if k not in SYSTEM} if isinstance(value, dict) else value


def _concise(value: Any) -> Any:
    if not isinstance(value, dict) or "type" not in value:
        return value
    rest = {k: v for k, v in value.items() if k != "type" and k not in SYSTEM}
    return rest["value"] if set(rest) == {"value"} and not isinstance(rest["value"], dict) else rest


def _plain(value: Any) -> Any:
    return value.get("value", value.get("object", value)) if isinstance(value, dict) else value


def _listed(text: str | None) -> set[str]:
    return set(text.split(",")) if text else set()


def _term(text: str) -> Callable[[Entity], bool]:
    """One comparison of ``q``. Raises ValueError."""
    found = TERM.match(text.strip("()"))
    if found is None:
        raise ValueError(f"not a query: {text[:60]}")
    name, sign, raw = found.groups()
    wanted = raw.strip('"')

    def holds(entity: Entity) -> bool:
        value = _plain(entity.get(name))
        if value is None:
            return False
        try:
            a: Any = float(value)
            b: Any = float(wanted)
        except (TypeError, ValueError):
            a, b = str(value), wanted
        tests = {"==": a == b, "!=": a != b, ">": a > b, "<": a < b, ">=": a >= b, "<=": a <= b}
        return bool(tests[sign])

    return holds


class BrokerHandler(FaultyHandler):
    """Requests of clients. Errors have the body of RFC 7807, as the specification has it."""

    def initialize(self, source: str, faults: Faults, **more: Any) -> None:
        super().initialize(source, faults)
        self.broker: ContextBroker = more["broker"]

    async def reply(self, body: Any, status: int = HTTPStatus.OK) -> None:
        await self.send(json.dumps(body, ensure_ascii=False), "application/json", status)

    async def problem(self, status: int, kind: str, title: str) -> None:
        await self.reply({"type": f"https://uri.etsi.org/ngsi-ld/errors/{kind}", "title": title}, status)

    def argument(self, name: str) -> str:
        return str(self.get_query_argument(name, ""))

    def given(self) -> dict[str, Any]:
        """The request's JSON object. Raises ValueError."""
        found = json.loads(self.request.body)
        if not isinstance(found, dict):
            raise ValueError("not an object")  # noqa: TRY004 (it is the request that is wrong)
        return found


class EntitiesHandler(BrokerHandler):
    async def get(self, number: str = "") -> None:
        arguments = {name: self.argument(name) for name in ("type", "id", "q")}
        try:
            found = self.broker.select({"id": number} if number else arguments)
            limit, offset = int(self.argument("limit") or 20), int(self.argument("offset") or 0)
        except ValueError as error:
            await self.problem(HTTPStatus.BAD_REQUEST, "BadRequestData", str(error))
            return
        options = self.argument("options").split(",")
        form = next((name for name in ("concise", "keyValues") if name in options), "normalized")
        shown = [represented(entity, form, system="sysAttrs" in options) for entity in found]
        if number:
            if not shown:
                await self.problem(HTTPStatus.NOT_FOUND, "ResourceNotFound", number)
                return
            await self.reply(shown[0])
            return
        if self.argument("count") == "true":
            self.set_header("NGSILD-Results-Count", str(len(shown)))
        await self.reply(shown[offset : offset + min(limit, MAX_LIMIT)])


class TypesHandler(BrokerHandler):
    async def get(self) -> None:
        names = sorted({entity["type"] for entity in self.broker.entities(self.broker.now())})
        await self.reply({"id": "urn:ngsi-ld:EntityTypeList:1", "type": "EntityTypeList", "typeList": names})


class SubscriptionsHandler(BrokerHandler):
    async def get(self, number: str = "") -> None:
        held, now = self.broker.subscriptions, self.broker.now()
        if number and number not in held:
            await self.problem(HTTPStatus.NOT_FOUND, "ResourceNotFound", number)
            return
        await self.reply(held[number].shown(now) if number else [one.shown(now) for one in held.values()])

    async def post(self, _: str = "") -> None:
        try:
            body = checked(self.given())
        except ValueError as error:
            await self.problem(HTTPStatus.BAD_REQUEST, "BadRequestData", str(error))
            return
        number = str(body.get("id") or f"urn:ngsi-ld:Subscription:{key(self.source, len(self.broker.subscriptions)):x}")
        if number in self.broker.subscriptions:
            await self.problem(HTTPStatus.CONFLICT, "AlreadyExists", number)
            return
        self.broker.subscriptions[number] = Subscription({**body, "id": number})
        self.set_status(HTTPStatus.CREATED)
        self.set_header("Location", f"{PATH}/subscriptions/{number}")
        await self.finish()

    async def patch(self, number: str = "") -> None:
        held = self.broker.subscriptions.get(number)
        if held is None:
            await self.problem(HTTPStatus.NOT_FOUND, "ResourceNotFound", number)
            return
        try:
            held.body = {**checked({**held.body, **self.given()}), "id": number}
        except ValueError as error:
            await self.problem(HTTPStatus.BAD_REQUEST, "BadRequestData", str(error))
            return
        self.set_status(HTTPStatus.NO_CONTENT)
        await self.finish()

    async def delete(self, number: str = "") -> None:
        known = self.broker.subscriptions.pop(number, None)
        self.set_status(HTTPStatus.NO_CONTENT if known else HTTPStatus.NOT_FOUND)
        await self.finish()


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """A subscription that the specification allows. Raises ValueError."""
    if body.get("type") != "Subscription":
        raise ValueError("type is not Subscription")
    if not body.get("entities") and not body.get("watchedAttributes"):
        raise ValueError("entities or watchedAttributes is needed")
    told = body.get("notification")
    if not isinstance(told, dict) or not isinstance(told.get("endpoint"), dict) or not told["endpoint"].get("uri"):
        raise ValueError("notification.endpoint.uri is needed")
    ends = body.get("expiresAt")
    if ends and datetime.fromisoformat(str(ends)) < datetime.now(UTC):
        raise ValueError("expiresAt is in the past")
    return body


def routes(broker: ContextBroker) -> list[Any]:
    own = {"source": broker.source, "faults": broker.faults, "broker": broker}
    return [
        (rf"{PATH}/entities/?()", EntitiesHandler, own),
        (rf"{PATH}/entities/([^/]+)", EntitiesHandler, own),
        (rf"{PATH}/types/?", TypesHandler, own),
        (rf"{PATH}/subscriptions/?()", SubscriptionsHandler, own),
        (rf"{PATH}/subscriptions/([^/]+)", SubscriptionsHandler, own),
    ]
