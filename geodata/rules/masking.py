"""Free text of a source as anyone may read it: telephone numbers, number plates and identity numbers are masked.

Names of people cannot be told from other words by a rule: a text that may hold them is not shown at all.
"""

from __future__ import annotations

import re

DOT = "•"
_PHONE = re.compile(r"(?<![\d.,/])(?:\+?84|0)[ .-]?\d(?:[ .-]?\d){7,9}(?![\d/])")
"""A Vietnamese number with its trunk zero or country code: 9 to 11 digits, as people write it."""

_PLATE = re.compile(
    r"(?<![\w])(\d{2}[ .-]?(?:[A-ZĐ]{2}|[A-ZĐ]\d?))[ .-]{0,3}(\d{3}[ .]?\d{2}|\d{4})(?![\d\w])", re.IGNORECASE
)
"""Plates of Circular 79/2024/TT-BCA and older ones: province, series, four or five digits."""

_IDENTITY = re.compile(r"(?<![\d.,/-])(?:\d{12}|\d{9})(?![\d.,/-])")
"""Citizen identity numbers have 12 digits, those before 9."""


def masked(text: str) -> str:
    """The text with what points at a person dotted out.

    >>> masked("gọi 0905 123 417, xe 75A-123.45")
    'gọi 09•• ••• 417, xe 75A-•••••'
    """
    out = _PHONE.sub(_phone, text)
    out = _PLATE.sub(lambda found: f"{found[1]}-{DOT * 5}", out)
    return _IDENTITY.sub(lambda found: DOT * len(found[0]), out)


def _phone(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return f"{digits[:2]}{DOT * 2} {DOT * 3} {digits[-3:]}"
