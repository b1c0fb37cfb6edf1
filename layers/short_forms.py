"""Short forms of Vietnamese names of places and offices, as citizens write them; for lines that are too narrow."""

from __future__ import annotations

import re

FORMS = (
    (r"\b[Pp]hường (?=[A-ZĐ])", "P. "),
    (r"\b[Ủủ]y ban [Nn]hân dân\b", "UBND"),
    (r"\b[Tt]hành phố (?=[A-ZĐ])", "TP. "),
    (r"\b[Qq]uốc lộ (?=\d)", "QL"),
    (r"\b[Tt]ỉnh lộ (?=\d)", "TL"),
    (r" \((?:mô phỏng|simulated)\)", ""),
)
"""Short forms that a citizen knows (look.md 6); that data are simulated is said once, in the bar."""

PARTS = re.compile(r" (?:tại|at|thuộc) | [–—-] |, | \(")


def brief(text: str) -> str:
    """The text in short forms.

    >>> brief("Ủy ban nhân dân phường Vỹ Dạ")
    'UBND P. Vỹ Dạ'
    """
    for long, short in FORMS:
        text = re.sub(long, short, text)
    return text


def first_told(text: str) -> str:
    """What stands before the first "tại", dash, comma or bracket."""
    return PARTS.split(text, maxsplit=1)[0].strip()
