"""What go2rtc and MediaMTX say of their streams: whether one is there, and how many bytes came in.

go2rtc (source of 2026-03): ``/api/streams``, NAME to {producers, consumers}; an idle producer is only {url}: nobody
watches, which says nothing of the camera. MediaMTX 0.23 to 1.20: ``/v3/paths/list`` in pages, whose fields changed
with 0.23.8, 1.2, 1.3, 1.16 and 1.17. Listings carry credentials: only names and counters leave this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sources._values import loads, text


@dataclass(frozen=True, slots=True)
class Flow:
    """One stream. ``online`` is None when the gateway does not know; ``count`` are bytes received, None without."""

    name: str
    online: bool | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Streams of one answer, how many of its entries were none, and how many pages there are."""

    flows: Sequence[Flow]
    wrong: int = 0
    pages: int = 1


def go2rtc(payload: bytes) -> Page:
    """``/api/streams``. Raises ValueError for what is none."""
    body = loads(payload)
    if not isinstance(body, Mapping):
        raise ValueError("not an object of streams")  # noqa: TRY004 (what is wrong is the payload)
    flows = [
        Flow(name, *_producers(entry)) for key, entry in body.items() if (name := _name(key)) and _is_stream(entry)
    ]
    if body and not flows:
        raise ValueError("no stream in it")
    return Page(flows, len(body) - len(flows))


def is_go2rtc(body: Any) -> bool:
    """Whether JSON looks like ``/api/streams``."""
    return isinstance(body, Mapping) and bool(body) and all(_is_stream(entry) for entry in body.values())


def _is_stream(entry: Any) -> bool:
    return isinstance(entry, Mapping) and "producers" in entry and isinstance(entry["producers"], list | None)


def _producers(entry: Mapping[str, Any]) -> tuple[bool | None, int | None]:
    """A producer with a counter is being read; a bare URL is idle."""
    counts = [count for producer in entry["producers"] or () if (count := _received(producer)) is not None]
    return (True, sum(counts)) if counts else (None, None)


def _received(producer: Any) -> int | None:
    """``bytes_recv`` (``recv`` of 2024), else the sum of the receivers'."""
    if not isinstance(producer, Mapping):
        return None
    for key in ("bytes_recv", "recv"):
        if (count := _count(producer.get(key))) is not None:
            return count
    receivers = producer.get("receivers")
    found = [
        count
        for receiver in (receivers if isinstance(receivers, list) else ())
        if isinstance(receiver, Mapping) and (count := _count(receiver.get("bytes"))) is not None
    ]
    return sum(found) if found else None


def mediamtx(payload: bytes) -> Page:
    """One page of ``/v3/paths/list``, of any version. Raises ValueError for what is none."""
    body = loads(payload)
    items = body.get("items") if isinstance(body, Mapping) else None
    if isinstance(items, Mapping):  # up to 0.22 the items stood under their names
        items = [{"name": name, **(item if isinstance(item, Mapping) else {})} for name, item in items.items()]
    if not isinstance(items, list):
        raise ValueError("not a list of paths")  # noqa: TRY004 (what is wrong is the payload)
    flows = [
        Flow(name, _online(item), _inbound(item))
        for item in items
        if isinstance(item, Mapping) and (name := _name(item.get("name"))) is not None
    ]
    pages = body.get("pageCount") if isinstance(body, Mapping) else None
    return Page(flows, len(items) - len(flows), pages if isinstance(pages, int) and 0 < pages <= 1000 else 1)


def _online(item: Mapping[str, Any]) -> bool | None:
    """``online`` (1.16) beats ``ready`` (0.23.8) beats ``sourceReady`` (0.23.1); ``available`` may be a placeholder.

    A path with an on-demand source that nobody reads is not there and still well: that is not known.
    """
    for key in ("online", "ready", "sourceReady"):
        if isinstance(found := item.get(key), bool):
            return found or (None if item.get("source") is None else False)
    return None


def _inbound(item: Mapping[str, Any]) -> int | None:
    """``inboundBytes`` (1.17), else ``bytesReceived``."""
    for key in ("inboundBytes", "bytesReceived"):
        if (count := _count(item.get(key))) is not None:
            return count
    return None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def _name(value: Any) -> str | None:
    """A stream's name that can be an id."""
    name = text(value)
    if name is None or len(name) > 200 or "\0" in name:
        return None
    try:
        name.encode()
    except UnicodeEncodeError:
        return None
    return name
