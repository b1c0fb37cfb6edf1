"""Open311 bodies, XML or JSON, as plain dictionaries. Raises ValueError for a body that is neither."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sources._values import loads, text

Fields = dict[str, Any]
MAX_DEPTH = 20

_LEADING_ZERO = re.compile(r'"(?:[^"\\]|\\.)*"|(?<![\w.+-])0\d+(?![\w.])')
"""A JSON string, or a number such as 006, which the specification's own samples write and JSON forbids."""

WRAPPERS = ("service_requests", "requests", "request", "service_request_updates", "request_updates", "request_update")


def decode(body: bytes) -> Any:
    """The body as dictionaries, lists and texts; an XML root is left out, an empty element is None."""
    if not body.strip():
        raise ValueError("an empty body")
    if body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        return _xml(body)
    try:
        return loads(body)
    except ValueError:
        return loads(_LEADING_ZERO.sub(_quoted, body.decode("utf-8-sig", "surrogateescape")))


def _quoted(match: re.Match[str]) -> str:
    found = match[0]
    return found if found.startswith('"') else f'"{found}"'


def _xml(body: bytes) -> Any:
    try:
        return _element(fromstring(body, forbid_dtd=True), 0)
    except (ParseError, DefusedXmlException, LookupError) as error:
        raise ValueError(f"not XML: {str(error)[:120] or type(error).__name__}") from error


def _element(element: Element, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if not len(element):
        return (element.text or "").strip() or None
    found: Fields = {}
    for child in element:
        name, value = str(child.tag).rpartition("}")[2], _element(child, depth + 1)
        if name in found:
            known = found[name]
            found[name] = [*known, value] if isinstance(known, list) and not isinstance(value, list) else [known, value]
        else:
            found[name] = value
    return found


def listed(value: Any, singular: str) -> list[Any]:
    """A list, however it is written: JSON's plain list, XML's wrapped elements, one alone, none."""
    if isinstance(value, Mapping) and singular in value:
        value = value[singular]
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def entries(body: Any) -> list[Any]:
    """The requests or updates of a body: a list, one alone, or inside one or two wrappers."""
    for _ in range(2):
        if isinstance(body, Mapping):
            wrapper = next((name for name in WRAPPERS if name in body), None)
            if wrapper is None:
                break
            body = body[wrapper]
    if isinstance(body, Mapping):
        return [body]
    if body is None:
        return []
    return list(body) if isinstance(body, list) else [body]


def error_text(body: bytes) -> str | None:
    """The descriptions of an error body, an array of {code, description}; None when it is not one."""
    try:
        decoded = decode(body)
    except ValueError:
        return None
    if isinstance(decoded, Mapping) and "errors" in decoded:
        decoded = decoded["errors"]
    found = [
        words
        for entry in listed(decoded, "error")
        if isinstance(entry, Mapping) and (words := text(entry.get("description")))
    ]
    return " ".join("; ".join(found).split())[:200] or None
