"""A feed's bytes as entries, by feedparser, after our own look at them: no DTD, no entity, no file, no network.

feedparser expands internal entities and opens what looks like the name of a file; so bodies that declare entities are
refused here and it is given a stream.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.entities import name2codepoint
from typing import Any

import feedparser

Entry = Mapping[str, Any]
MAX_BYTES = 8 << 20
MAX_ENTRIES = 1000
MAX_DEPTH = 60

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_PROLOG = re.compile(r"^\s*<\?xml[^>]{0,300}\?>", re.DOTALL)
_BARE_DOCTYPE = re.compile(r"<!DOCTYPE\s[^\[<>]*>", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?(rss|RDF|feed|channel|entry|item)[\s>/]", re.IGNORECASE)
_FIRST = re.compile(r"<([A-Za-z_][\w.:-]{0,60})")
_HTML_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,20});")
_XML_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_TAG = re.compile(r"<(/?)[A-Za-z_][^<>]*?(/?)>")


@dataclass(frozen=True, slots=True)
class FeedBody:
    """``fault`` says why not all of the feed could be read."""

    title: str | None
    link: str | None
    entries: Sequence[Entry]
    fault: str | None = None


def read(body: bytes) -> FeedBody:
    """Raises ValueError for what is no feed, declares entities, is too long, or is nested too deeply."""
    text = _safe(_decoded(body))
    found = feedparser.parse(io.BytesIO(text.encode()), sanitize_html=False, resolve_relative_uris=False)
    channel = found.get("feed") or {}
    entries = [dict(entry) for entry in found.get("entries") or []]  # plain: its own kind warns of its past
    fault = None
    if found.get("bozo") and not isinstance(
        found.get("bozo_exception"), feedparser.CharacterEncodingOverride | feedparser.NonXMLContentType
    ):
        fault = str(found.get("bozo_exception"))[:160]
    if not entries and (fault or not found.get("version")):
        raise ValueError(f"not a feed: {fault or 'no version of RSS or Atom'}")
    if len(entries) > MAX_ENTRIES:
        entries, fault = entries[:MAX_ENTRIES], f"more than {MAX_ENTRIES} entries"
    return FeedBody(channel.get("title"), channel.get("link"), entries, fault)


def _decoded(body: bytes) -> str:
    """Text by its byte order mark, else as declared, else UTF-8. Raises ValueError."""
    if not body.strip():
        raise ValueError("an empty body")
    if len(body) > MAX_BYTES:
        raise ValueError(f"a feed of more than {MAX_BYTES >> 20} MB")
    names = [name for mark, name in _BOMS if body.startswith(mark)]
    if declared := _DECLARED.match(body):
        names.append(declared[1].decode("ascii"))
    for name in (*names, "utf-8", "windows-1258"):
        try:
            return codecs.lookup(name).decode(body)[0]
        except (LookupError, ValueError, TypeError, AttributeError):
            continue
    return body.decode("utf-8", "replace")


def _safe(text: str) -> str:
    """The text as XML in UTF-8 that declares nothing. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("not a text")  # noqa: TRY004 (an encoding that decodes to bytes)
    text = _BARE_DOCTYPE.sub("", _PROLOG.sub("", text), count=1)
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE) and not _only_in_cdata(text):
        raise ValueError("a feed with a DTD or entities")
    first = _FIRST.search(text)
    root = _ROOT.match(text, first.start()) if first else None
    if root is None:
        raise ValueError(f"not RSS or Atom but {'<' + first[1] + '>' if first else 'no XML'}")
    _check_depth(text)
    return _HTML_ENTITY.sub(_letter, text.replace("\0", ""))


def _only_in_cdata(text: str) -> bool:
    """Whether the declarations stand in quoted HTML, where nobody reads them."""
    pieces = text.split("<![CDATA[")
    outside = [pieces[0], *(piece.partition("]]>")[2] for piece in pieces[1:])]
    return not any(re.search(r"<!(?:DOCTYPE|ENTITY)", piece, re.IGNORECASE) for piece in outside)


def _letter(match: re.Match[str]) -> str:
    """HTML's names for letters, which XML does not know and many feeds write."""
    name = match[1]
    return chr(name2codepoint[name]) if name in name2codepoint and name not in _XML_ENTITIES else match[0]


def _check_depth(text: str) -> None:
    """The library calls itself for each level of some documents."""
    depth = 0
    for match in _TAG.finditer(text):
        depth += -1 if match[1] else 0 if match[2] else 1
        if depth > MAX_DEPTH and "<![CDATA[" not in text:
            raise ValueError("nested too deeply")
        if depth > 50 * MAX_DEPTH:
            raise ValueError("nested too deeply")
