"""What may be told of a camera's address: nothing that opens it. Text of inventories without the secrets in it."""

from __future__ import annotations

import re

MASK = "***"
_WORD = (
    r"(?:[\w-]{0,40}(?:pass|pwd|secret|token|credential|api_?key|signature)[\w-]{0,40}"
    r"|auth|key|user|username|login|usr)"
)
_USERINFO = re.compile(r"(?<=://)[^\s\"',;<>|]{0,512}@")
_QUERY = re.compile(rf"([?&;]{_WORD}=)[^&\s\"',;<>|]*", re.IGNORECASE)
_JSON = re.compile(rf'("{_WORD}"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}}\]]+)', re.IGNORECASE)
_COLUMN = re.compile(_WORD, re.IGNORECASE)


def redacted(text: str) -> str:
    """The text without user and password in URLs, secret query values and secret JSON members."""
    text = _USERINFO.sub("", text)
    text = _QUERY.sub(rf"\1{MASK}", text)
    return _JSON.sub(rf'\1"{MASK}"', text)


def redacted_bytes(payload: bytes, limit: int = 65536) -> bytes:
    """The beginning of a payload, at most ``limit`` bytes, without what is secret in it."""
    # one byte is one character in Latin-1: what is not UTF-8 is kept as it is. A secret cut in two by the end of the
    # piece would not be known as one, so the piece is cut after it is cleaned.
    return redacted(payload[: limit + 4096].decode("latin-1")).encode("latin-1")[:limit]


def is_secret(column: str) -> bool:
    """Whether a column of a table holds what must not be told."""
    return _COLUMN.fullmatch(column.strip()) is not None
