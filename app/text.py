"""Every word of the pages, from ``app/locale/{vi,en}.toml``; numbers and dates come from ``layers.words``.

Vietnamese is the source language: a key that English lacks is a mistake that a test finds, never a blank.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from geodata.errors import VongLauError
from layers.words import Language

LANGUAGES = ("vi", "en")


class NoSuchText(VongLauError):
    """no text is named {key!r} in app/locale/{language}.toml; add it to both languages"""


@dataclass(frozen=True, slots=True)
class Text:
    """The catalogue in one language. ``text("tree.title")`` is a string, ``text.table("tree")`` all under a key."""

    language: Language

    def __call__(self, key: str, /, **fields: object) -> str:
        """The text of a key, its ``{fields}`` filled in. Raises NoSuchText."""
        value = self._find(key)
        if not isinstance(value, str):
            raise NoSuchText(key=key, language=self.language)
        return value.format(**fields) if fields else value

    def table(self, key: str) -> dict[str, Any]:
        """The texts under a key, as a component takes them. Raises NoSuchText."""
        value = self._find(key)
        if not isinstance(value, dict):
            raise NoSuchText(key=key, language=self.language)
        return dict(value)

    def has(self, key: str) -> bool:
        try:
            self._find(key)
        except NoSuchText:
            return False
        return True

    def _find(self, key: str) -> Any:
        node: Any = catalogue(self.language)
        for part in key.split("."):
            if not isinstance(node, Mapping) or part not in node:
                raise NoSuchText(key=key, language=self.language)
            node = node[part]
        return node


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """The tree of one language's texts."""
    path = files("app").joinpath("locale", f"{language if language in LANGUAGES else 'vi'}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def keys(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, text) of every text under a node."""
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from keys(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
