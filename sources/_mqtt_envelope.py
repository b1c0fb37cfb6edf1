"""A message outside its connection: how it is recorded, replayed and kept when it is rejected.

``{"topic": "…", "payload": …}`` with the payload as text (``payload_b64`` for what is no UTF-8) or, in a recording
written by hand, as the JSON it means; ``"retain": true`` for a message that the broker had kept. A list of such is
several messages.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from geodata.records import JSON, Record, Rejected
from sources._mqtt_wire import Message
from sources._values import dumped, loads

KEPT_B = 65_536
ROOM_B = 512
"""Of what is kept, for topic and punctuation."""


def envelope(message: Message) -> bytes:
    """The message as ``opened`` reads it, at most ``KEPT_B``: of a larger one the beginning."""
    head: dict[str, Any] = {"topic": message.topic[:1024]}
    if message.retain:
        head["retain"] = True
    text = _text(message.payload[:KEPT_B])
    body = {"payload": text} if text is not None else {"payload_b64": base64.b64encode(message.payload).decode()}
    whole = json.dumps({**head, **body}, ensure_ascii=False).encode("utf-8", "replace")
    if len(whole) <= KEPT_B and len(message.payload) <= KEPT_B:
        return whole
    cut = base64.b64encode(message.payload[: (KEPT_B - len(head["topic"]) * 6 - ROOM_B) * 3 // 4]).decode()
    return json.dumps({**head, "cut": True, "payload_b64": cut}).encode()


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


def opened(payload: bytes, arrival: datetime) -> Iterator[Message | Rejected]:
    """The messages of a recorded payload. What is none is one Rejected."""
    try:
        body = loads(payload)
    except ValueError as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:KEPT_B], received_at=arrival)
        return
    for entry in body if isinstance(body, list) else [body]:
        try:
            yield _message(entry, arrival)
        except (ValueError, RecursionError) as error:
            kept = json.dumps(entry).encode()[:KEPT_B]
            yield Rejected(reason="garbled", detail=str(error)[:200], payload=kept, received_at=arrival)


def _message(entry: JSON, arrival: datetime) -> Message:
    if not isinstance(entry, Mapping) or not isinstance(topic := entry.get("topic"), str) or not topic:
        raise ValueError("no message: a topic and a payload are needed")
    if isinstance(encoded := entry.get("payload_b64"), str):
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ValueError(f"payload_b64: {error}") from error
    elif "payload" in entry:
        told = entry["payload"]
        raw = told.encode("utf-8", "surrogatepass") if isinstance(told, str) else json.dumps(told).encode()
    else:
        raise ValueError("a message without payload")
    return Message(topic, raw, arrival, retain=entry.get("retain") is True)


def body(payload: bytes) -> JSON:
    """What a payload means: JSON, or the text of a plain value. Raises ValueError for neither."""
    text = _text(payload)
    if text is None:
        raise ValueError("neither JSON nor text: not UTF-8")
    try:
        found = loads(text)
    except ValueError as error:
        if "nested" in str(error) or text.lstrip()[:1] in {"{", "["}:
            raise
        found = text.strip()
    dumped(found)  # refuses what the store cannot keep
    return found


def read(
    messages: Iterator[Message | Rejected] | list[Message],
    made: Callable[[Message], Iterator[Record | Rejected]],
    largest_b: int,
) -> Iterator[Record | Rejected]:
    """The records of each message. One that raises ValueError is ``malformed`` and kept, one too large likewise."""
    for message in messages:
        if isinstance(message, Rejected):
            yield message
        elif message.topic.startswith("$"):
            continue  # the broker's own: statistics, not ours to count
        elif len(message.payload) > largest_b:
            yield rejected(message, f"{len(message.payload)} bytes", "too_large")
        else:
            try:
                dumped(message.topic)
                yield from made(message)
            except (ValueError, RecursionError) as error:
                yield rejected(message, error)


def rejected(message: Message, error: object, reason: str = "malformed") -> Rejected:
    """The message as a rejection that keeps it."""
    return Rejected(reason=reason, detail=str(error)[:200], payload=envelope(message), received_at=message.arrival)


def unused(message: Message, reason: str = "unused_topic") -> Rejected:
    """A message that is fine and not for us: counted, not kept."""
    return Rejected(reason=reason, received_at=message.arrival)
