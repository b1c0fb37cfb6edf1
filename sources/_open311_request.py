"""One Open311 request to a ServiceRequest: states without loss, personal fields apart.

Sources: GeoReport v2 (wiki.open311.org), its ``extensions=true`` fields in use, FixMyStreet's extended states.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from shapely.geometry import Point

from geodata.records import JSON, Rejected, RequestStatus, ServiceRequest
from sources._open311_body import Fields, listed
from sources._values import dumped, instant, point, text
from sources._vocabulary import urgency

S = RequestStatus
WORDS: Mapping[str, RequestStatus] = {
    **{status.value.replace("_", " "): status for status in RequestStatus},
    # FixMyStreet's extended states
    "investigating": S.IN_PROGRESS,
    "action scheduled": S.IN_PROGRESS,
    "planned": S.IN_PROGRESS,
    "for triage": S.SCREENING,
    "internal referral": S.DISPATCHED,
    "fixed": S.CLOSED,
    "no further action": S.CLOSED,
    "unable to fix": S.CLOSED,
    "not councils responsibility": S.REJECTED,
    "cancelled": S.REJECTED,
    "reopen": S.REOPENED,
    # as cities' own systems write them
    "new": S.SUBMITTED,
    "acknowledged": S.SCREENING,
    "assigned": S.DISPATCHED,
    "mới gửi": S.SUBMITTED,
    "mới tiếp nhận": S.SUBMITTED,
    "kiểm duyệt": S.SCREENING,
    "phân phối": S.DISPATCHED,
    "đã phân phối": S.DISPATCHED,
    "đang xử lý": S.IN_PROGRESS,
    "xin gia hạn": S.EXTENSION,
    "gia hạn": S.EXTENSION,
    "đã xử lý": S.RESOLVED,
    "đã đóng": S.CLOSED,
    "đã công khai": S.CLOSED,
    "từ chối": S.REJECTED,
    "trùng": S.DUPLICATE,
    "mở lại": S.REOPENED,
}
"""State words, case-folded, with blanks for ``_`` and ``-``."""

DETAIL_KEYS = ("detailed_status", "status_detail", "extended_status", "substatus", "external_status_code")
PERSONAL_KEYS = ("first_name", "last_name", "requestor_name", "name", "email", "phone", "device_id", "account_id")
KEPT_KEYS = ("service_notice", "address_id", "zipcode", "token", "detail", "comment_count", "agency_sent_datetime")


class RequestOptions(Protocol):
    """What reading a request needs of the options of Open311."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def statuses(self) -> Mapping[str, RequestStatus]: ...


class BadTime(ValueError):
    """A time of the request cannot be read."""


def folded(word: str) -> str:
    """A state word as ``WORDS`` writes it."""
    return " ".join(unicodedata.normalize("NFC", word).casefold().replace("_", " ").replace("-", " ").split())


def state(words: list[str], statuses: Mapping[str, RequestStatus]) -> tuple[RequestStatus, str | None]:
    """The state that the most telling known word names, and the most telling word itself.

    ``words`` go from the most telling to the least. Unknown words pass through as the source's own; the state is then
    what a less telling word says, else open.
    """
    known = {**WORDS, **{folded(word): status for word, status in statuses.items()}}
    status = next((known[folded(word)] for word in words if folded(word) in known), RequestStatus.OPEN)
    return status, words[0] if words else None


def read(item: Any, options: RequestOptions, received_at: datetime | None) -> Iterator[ServiceRequest | Rejected]:
    """The case, and a Rejected beside it when only its place is wrong. Never raises."""
    if not isinstance(item, Mapping):
        yield Rejected(reason="malformed", detail="not a request", payload=_bytes(item), received_at=received_at)
        return
    number = text(item.get("service_request_id"))
    if number is None or "update_id" in item:
        reason = "no_id" if number is None else "update_without_request"
        yield Rejected(reason=reason, payload=_bytes(item), received_at=received_at)
        return
    try:
        dumped(item)
        case, misplaced = _case(number, dict(item), options, received_at)
    except BadTime as error:
        yield Rejected(reason="bad_time", detail=str(error)[:200], payload=_bytes(item), received_at=received_at)
        return
    except (ValueError, RecursionError) as error:
        yield Rejected(reason="malformed", detail=str(error)[:200], payload=_bytes(item), received_at=received_at)
        return
    yield case
    if misplaced:
        yield Rejected(reason="bad_position", detail=misplaced, payload=_bytes(item), received_at=received_at)


def _case(
    number: str, item: Fields, options: RequestOptions, received_at: datetime | None
) -> tuple[ServiceRequest, str | None]:
    zone = ZoneInfo(options.timezone)
    extended = item.get("extended_attributes")
    more: Fields = {**(extended if isinstance(extended, Mapping) else {}), **item}
    status, source_status = state(_state_words(item, more), options.statuses)
    requested = _time(item, "requested_datetime", zone)
    if requested is None:
        raise BadTime("no requested_datetime")
    updated = _time(item, "updated_datetime", zone) or requested
    geometry, misplaced = _place(item)
    media = [link for entry in listed(item.get("media_url"), "media_url") if (link := text(entry))]
    parent = text(more.get("duplicate_of")) or text(more.get("parent_service_request_id"))
    case = ServiceRequest(
        id=f"{options.issuer}:{number}",
        requested_datetime=requested,
        updated_datetime=updated,
        status=status,
        source_status=source_status,
        service_code=text(item.get("service_code")),
        service_name=text(item.get("service_name")),
        title=text(more.get("title")),
        description=text(item.get("description")),
        status_notes=text(item.get("status_notes")),
        agency=agency(item.get("agency_responsible")),
        address=text(item.get("address")) or text(item.get("address_string")),
        geometry=geometry,
        expected_datetime=_time(item, "expected_datetime", zone),
        closed_datetime=_time(more, "closed_datetime", zone) or (None if status.is_open else updated),
        urgency=urgency(options.service, text(more.get("urgency")) or text(more.get("priority"))),
        channel=text(more.get("channel")) or text(more.get("interface_used")),
        rating=text(more.get("rating")),
        media_url=media[0] if media else None,
        duplicate_of=f"{options.issuer}:{parent}" if parent else None,
        properties=_properties(item, media),
        person=person(more),
        received_at=received_at,
    )
    return case, misplaced


def _state_words(item: Fields, more: Fields) -> list[str]:
    """From the most telling to the least; a status in extended_attributes tells more than the plain one."""
    extended = item.get("extended_attributes")
    inner = extended.get("status") if isinstance(extended, Mapping) else None
    found = [*(more.get(key) for key in DETAIL_KEYS), inner, item.get("status")]
    return [word for value in found if (word := text(value))]


def _place(item: Fields) -> tuple[Point | None, str | None]:
    """The point, or why there is none although one was sent."""
    if not (text(item.get("lat")) or text(item.get("long"))):
        return None, None
    try:
        return point(item.get("long"), item.get("lat")), None
    except ValueError as error:
        return None, str(error)


def _time(item: Mapping[str, Any], key: str, zone: ZoneInfo) -> datetime | None:
    value = text(item.get(key))
    try:
        return instant(value, zone) if value else None
    except ValueError as error:
        raise BadTime(f"{key}: {error}") from error


def agency(value: Any) -> str | None:
    """The specification has a text, FixMyStreet an object of recipients."""
    names = [name for entry in listed(value, "recipient") if (name := text(entry))]
    return ", ".join(names) or None


def person(fields: Mapping[str, Any]) -> dict[str, str]:
    """Who reported, wherever the source puts it. ``-`` is FixMyStreet's absent name."""
    given = {key: found for key in PERSONAL_KEYS if (found := text(fields.get(key))) and found != "-"}
    for entry in listed(fields.get("attributes"), "attribute"):
        code, value = (
            (text(entry.get("code")), text(entry.get("value"))) if isinstance(entry, Mapping) else (None, None)
        )
        if code in PERSONAL_KEYS and value:
            given.setdefault(code, value)
    first, last = given.pop("first_name", None), given.pop("last_name", None)
    whole = given.pop("requestor_name", None) or given.pop("name", None)
    name = whole or " ".join(part for part in (first, last) if part)
    given.pop("name", None)
    return {"name": name, **given} if name else given


def without_person(item: Any) -> Any:
    """The fields without the reporter's, for what is kept beside the case."""
    if isinstance(item, Mapping):
        if text(item.get("code")) in PERSONAL_KEYS:
            return {**item, "value": None}
        return {key: without_person(value) for key, value in item.items() if key not in PERSONAL_KEYS or key == "name"}
    if isinstance(item, list):
        return [without_person(entry) for entry in item]
    return item


def _properties(item: Fields, media: list[str]) -> dict[str, JSON]:
    kept: dict[str, JSON] = {key: item[key] for key in KEPT_KEYS if item.get(key) not in (None, "")}
    for key, singular in (("attributes", "attribute"), ("notes", "note")):
        if entries := [entry for entry in listed(item.get(key), singular) if entry is not None]:
            kept[key] = without_person(entries)
    if extended := item.get("extended_attributes"):
        kept["extended_attributes"] = without_person(
            {key: value for key, value in extended.items() if key not in PERSONAL_KEYS}
            if isinstance(extended, Mapping)
            else extended
        )
    if len(media) > 1:
        kept["media_urls"] = list(media)
    return kept


def _bytes(item: Any) -> bytes:
    """What is kept of a rejected request: never the reporter."""
    try:
        plain = without_person(item)
        if isinstance(plain, dict):
            plain.pop("name", None)
    except RecursionError:
        return b"nested too deeply"
    try:
        return dumped(plain).encode()[:65536]
    except ValueError:
        return repr(plain).encode("utf-8", "backslashreplace")[:65536]


_KEYS = "|".join(key for key in PERSONAL_KEYS if key != "name").encode()
_TOLD = re.compile(rb'("(?:' + _KEYS + rb')"\s*:\s*)(?:"[^"]*"?|[^",}\]]+)|(<(?:' + _KEYS + rb")>)[^<]+")


def redacted(body: bytes) -> bytes:
    """A body that cannot be read, without what stands where a reporter's fields would be."""
    return _TOLD.sub(lambda match: match[1] + b"null" if match[1] else match[2], body)
