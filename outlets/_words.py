"""The words around a rule's own, from ``words.toml``; and what must not leave the house in anybody's words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from geodata.records import JSON
from geodata.words import moment

HIDDEN = "•••"
PERSONAL = re.compile(
    r"(?:(?<!\d)0|\+84|(?<!\d)84)(?:[ .-]?\d){9}(?!\d)"  # telephone
    r"|(?<!\d)0\d{11}(?!\d)"  # citizen's number
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # address of mail
    r"|(?<![A-Z0-9-])\d{2}-?[A-Z][A-Z0-9]?[- ]?\d{3}\.?\d{1,2}(?!\d)"  # number plate
)
"""A rule's facts hold no person; a name, a title or a note that somebody typed may."""


@cache
def words() -> Mapping[str, Any]:
    """The whole table."""
    found: Mapping[str, Any] = tomllib.loads(files("outlets").joinpath("words.toml").read_text(encoding="utf-8"))
    return found


def say(part: str, name: str, language: str, **values: object) -> str:
    """One line with its values."""
    return str(words()[part][name][language]).format(**values)


def mark(simulated: bool, language: str) -> str:
    """What stands first in everything that is told of simulated data, else nothing."""
    return f"{words()['simulated'][language]} " if simulated else ""


def hidden(text: str) -> str:
    """The text without telephone numbers, citizens' numbers, addresses of mail and number plates.

    >>> hidden("gọi 0905 123 456")
    'gọi •••'
    """
    return PERSONAL.sub(HIDDEN, text)


def scrubbed(value: JSON) -> JSON:
    """The same of every text inside a value."""
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, list):
        return [scrubbed(entry) for entry in value]
    if isinstance(value, dict):
        return {key: scrubbed(entry) for key, entry in value.items()}
    return value


def at(value: datetime, timezone: str) -> str:
    """HH:mm dd/MM/yyyy in the city's time zone."""
    day, _, clock = moment(value, timezone).partition(" ")
    return f"{clock} {day}"
