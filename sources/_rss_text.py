"""Texts and links of articles: HTML as plain words, links without what counts clicks."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sources._values import text

_HIDDEN = (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"))
_BREAK = re.compile(r"<(?:br|p|/p|div|/div|li|/li)\b[^<>]{0,500}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,4000}>")
_COUNTING = re.compile(r"^(?:utm_\w+|fbclid|gclid|zarsrc|_ga|ref|spm)$", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
MAX_TEXT, MAX_URL = 4000, 2000
_MAX_HTML = 200_000


def plain(value: object, longest: int = MAX_TEXT) -> str | None:
    """Words without tags and entities, single blanks, NFC; None for nothing."""
    if not isinstance(value, str):
        return None
    bare = _TAG.sub(" ", _BREAK.sub(" ", _shown(value[:_MAX_HTML])))
    words = " ".join(_CONTROL.sub("", html.unescape(bare)).split())
    return text(words[:longest])


def _shown(value: str) -> str:
    """Without scripts, styles and comments; one without an end hides the rest."""
    for begin, end in _HIDDEN:
        lowered, parts, here = value.lower(), list[str](), 0
        while len(lowered) == len(value) and (start := lowered.find(begin, here)) >= 0:
            parts.append(value[here:start])
            stop = lowered.find(end, start)
            here = len(value) if stop < 0 else stop + len(end)
        value = " ".join([*parts, value[here:]])
    return value


def canonical(link: object) -> str | None:
    """The link without fragment and counters, scheme and host in lower case; None for what is no http link."""
    found = text(_CONTROL.sub("", link)) if isinstance(link, str) else None
    if not found or len(found) > MAX_URL:
        return None
    try:
        parts = urlsplit(found)
        query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _COUNTING.match(pair[0])]
        host = (parts.hostname or "").casefold() + (f":{parts.port}" if parts.port not in {None, 80, 443} else "")
    except ValueError:
        return None
    if parts.scheme.casefold() not in {"http", "https"} or not host:
        return None
    return urlunsplit((parts.scheme.casefold(), host, parts.path or "/", urlencode(query), ""))
