"""Vietnamese text folded for comparing: what a person types without marks finds what is written with them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_WORD = re.compile(r"[a-z0-9]+")

_FINAL_C = re.compile(r"(?<=[aeiou])c$")  # Đắc Lắc, Krông Pắc: older spelling of the final k of Ê Đê names
_FINAL_Y = re.compile(r"(?<=[bcdghklmnpqrstvxu])y$")  # Mỹ, Mĩ; Quy Nhơn, Qui Nhơn
_EPENTHETIC = re.compile(r"^(s|x)e?re(?=po[ck]$)")  # Sêrêpốk, Xrêpôk, Srêpôk


def fold(text: str) -> str:
    """Lower-case ASCII words parted by one space: no tone or vowel marks, đ as d. NFC or NFD, any punctuation."""
    lowered = text.casefold().replace("đ", "d")
    bare = "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    return " ".join(_WORD.findall(bare))


def words(text: str) -> tuple[str, ...]:
    """Folded words with spellings that people mix made one: final c and k, final y and i, Srêpôk and Sêrêpốk."""
    return tuple(_skeleton(word) for word in fold(text).split())


@cache
def _skeleton(word: str) -> str:
    word = _EPENTHETIC.sub("sre", word)
    return _FINAL_Y.sub("i", _FINAL_C.sub("k", word))


def composed(text: str) -> str:
    """NFC, lower case, single spaces: compares with marks, whichever Unicode form was typed."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def marked(text: str) -> bool:
    """Whether the text has Vietnamese marks or đ: then marks are meant."""
    return composed(text) != composed(fold(text)) and any(ord(c) > 127 for c in unicodedata.normalize("NFD", text))
