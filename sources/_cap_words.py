"""What the words of a warning say: the official risk level and the hazard."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from geodata.catalogue import services
from geodata.folding import composed, fold, marked

_LEVEL = re.compile(
    r"(?:cap do )?rui ro thien tai\b[a-z0-9 ]{0,90}?\bcap (?:do )?(?:so )?([1-5])\b(?: (?:den )?(?:cap )?([1-5])\b)?"
)
_NAMED = re.compile(r"^(?:cap do )?(?:rui ro(?: thien tai)?|rrtt|cap do|risk level|disaster risk level|risklevel)$")
LOOKED_AT = 20_000
"""Characters of a text; no bulletin is longer."""

_DIGIT = re.compile(r"\b([1-5])\b")
_MORE = re.compile(r"disaster risk(?: level)?\b[a-z ]{0,20}? ?level ([1-5])\b|disaster risk level ([1-5])\b")
_SAYING = re.compile(r"\b(?:canh bao|du bao|thong bao|bao dong|bao cao)\b")


def risk_level(parameters: Mapping[str, object], words: Iterable[str | None]) -> int | None:
    """The level 1…5 of Decision 18/2021/QĐ-TTg that a parameter or the text names, the highest of several.

    The level is the issuer's: it is read, never worked out. ``gió cấp 8`` and ``báo động 3`` are none.
    """
    found = [
        int(match[1])
        for name, value in parameters.items()
        if _NAMED.match(fold(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)))
        for match in _DIGIT.finditer(fold(str(value)))
    ]
    if found:
        return max(found)
    for text in words:
        # sentences are read one by one: the level of one hazard is not that of the next
        for sentence in re.split(r"[.;\n]", (text or "")[:LOOKED_AT]):
            plain = fold(sentence)
            found += [int(match[2] or match[1]) for match in _LEVEL.finditer(plain)]
            found += [int(match[1] or match[2]) for match in _MORE.finditer(plain)]
    return max(found, default=None)


def hazard(service: str, words: Iterable[str | None]) -> str | None:
    """The service's category that the first telling text names: the longest of its words, then the first.

    Marks count where the text has them: ``cảnh báo`` is no ``bão``.
    """
    for text in words:
        if not text:
            continue
        told = text[:LOOKED_AT]
        with_marks = marked(told)
        plain = f" {_spaced(told) if with_marks else _SAYING.sub(' ', fold(told))} "
        best = max(
            ((len(word), -plain.index(f" {word} "), known) for known, word in _words(service, with_marks)
             if f" {word} " in plain),
            default=None,
        )  # fmt: skip
        if best:
            return best[2]
    return None


@lru_cache(maxsize=16)
def _words(service: str, with_marks: bool) -> tuple[tuple[str, str], ...]:
    known = services().get(service)
    return tuple(
        (entry.id, _spaced(part) if with_marks else fold(part))
        for entry in (known.categories if known else ())
        if entry.id != "other"
        for word in (*entry.codes, entry.title_en, *entry.title_vi.split(","))
        for part in [word.replace("_", " ")]
        if fold(part)
    )


def _spaced(text: str) -> str:
    return " ".join(re.findall(r"\w+", composed(text)))
