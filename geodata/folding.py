"""Vietnamese text folded for comparing: what a person types without marks finds what is written with them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from types import MappingProxyType

_WORD = re.compile(r"[a-z0-9]+")
_DASH = re.compile(r"[–—−’“”…·]")  # part words, but are not ASCII

_FINAL_C = re.compile(r"(?<=[aeiou])c$")  # Đắc Lắc, Krông Pắc: older spelling of the final k of Ê Đê names
_FINAL_Y = re.compile(r"(?<=[bcdghklmnpqrstvxu])y$")  # Mỹ, Mĩ; Quy Nhơn, Qui Nhơn
_EPENTHETIC = re.compile(r"^(s|x)e?re(?=po[ck]$)")  # Sêrêpốk, Xrêpôk, Srêpôk

_OLD_STYLE = MappingProxyType(
    {
        new: old
        for pair in ("oà òa oá óa oả ỏa oã õa oạ ọa", "oè òe oé óe oẻ ỏe oẽ õe oẹ ọe", "uỳ ùy uý úy uỷ ủy uỹ ũy uỵ ụy")
        for new, old in zip(pair.split()[::2], pair.split()[1::2], strict=True)
    }
)
_NEW_STYLE = re.compile(rf"(?<!q)({'|'.join(_OLD_STYLE)})\b")  # hoà, hòa: the same word; quý has only one way


def fold(text: str) -> str:
    """Lower-case ASCII words parted by one space: no tone or vowel marks, đ as d. NFC or NFD, any punctuation."""
    lowered = text.casefold().replace("đ", "d")
    bare = unicodedata.normalize("NFD", _DASH.sub(" ", lowered)).encode("ascii", "ignore").decode("ascii")
    return " ".join(_WORD.findall(bare))


def words(text: str) -> tuple[str, ...]:
    """Folded words with spellings that people mix made one: final c and k, final y and i, Srêpôk and Sêrêpốk."""
    return tuple(_skeleton(word) for word in fold(text).split())


@cache
def _skeleton(word: str) -> str:
    word = _EPENTHETIC.sub("sre", word)
    return _FINAL_Y.sub("i", _FINAL_C.sub("k", word))


def composed(text: str) -> str:
    """NFC, lower case, single spaces, tone marks in the one place: compares with marks, whichever way it was typed."""
    plain = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return _NEW_STYLE.sub(lambda m: _OLD_STYLE[m[0]], plain)


def marked(text: str) -> bool:
    """Whether the text has Vietnamese marks or đ: then marks are meant."""
    return composed(text) != composed(fold(text)) and any(ord(c) > 127 for c in unicodedata.normalize("NFD", text))
