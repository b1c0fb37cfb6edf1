"""What a fetch showed that keeps a source from being switched on; each a key that ``_check_words`` puts into words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely
from shapely.geometry.base import BaseGeometry

from geodata.store.types import Batch
from sources.base import Options, Source

if TYPE_CHECKING:
    from sources.check import Verdict

SKEW_S = 60.0
"""A clock further off than this shows wrong ages on the map."""

METRES = re.compile(r"\d{6,7}(?:\.\d+)?")
"""A number of the size of a VN-2000 easting or northing in the detail of a rejected place."""

Secret = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Problem:
    """``key`` of the words, ``about`` what it concerns: names of units, of options, counts."""

    key: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a sender posts: over HTTP below the intake, or at a TCP ``port``; ``token_env`` names its token."""

    port: int | None
    token_env: str | None


def door(source: Source[Options], options: Options) -> Door | None:
    """How the source is sent things; None for one that we ask. Raises OSError for a certificate that is not there."""
    receiver = source.receiver(options)
    return Door(receiver.port, receiver.token_env) if receiver is not None else None


def waits_only(options: Options) -> bool:
    """Whether a source that is sent things has no address at which it could be asked."""
    return not any(getattr(options, name, None) for name in ("url", "mqtt_url", "path"))


def swapped(place: BaseGeometry) -> BaseGeometry:
    """The place with longitude and latitude exchanged."""
    turned: BaseGeometry = shapely.transform(place, lambda xy: xy[:, ::-1])
    return turned


def secrets(options: Options | None) -> Iterator[str]:
    """Names of the environment variables that the options name."""
    for name in type(options).model_fields if options is not None else ():
        if name.endswith("_env") and isinstance(value := getattr(options, name), str) and value:
            yield value


def masked(text: str | None, options: Options, secret: Secret) -> str | None:
    """The text without the value of any secret, should a server repeat it to us."""
    for name in secrets(options):
        if text and (value := secret(name)):
            text = text.replace(value, "***")
    return text


def problems(verdict: Verdict, batches: Iterable[Batch], options: Options | None, secret: Secret) -> list[Problem]:
    """What is wrong, what must be mended first coming first."""
    found = [Problem("secret", name) for name in secrets(options) if not secret(name)]
    if verdict.sends_to is not None and (name := verdict.sends_to.token_env) and not secret(name):
        found = [one for one in found if one.about != name] + [Problem("secret", name)]
    if verdict.error is not None:
        key = "options" if options is None else "error" if verdict.reachable else "unreachable"
        found.append(Problem(key))
    if verdict.unknown_units:
        found.append(Problem("units", ", ".join(verdict.unknown_units)))
    if verdict.unknown_properties:
        found.append(Problem("properties", ", ".join(verdict.unknown_properties)))
    if abs(verdict.clock_skew_s or 0) > SKEW_S:
        found.append(Problem("clock", f"{verdict.clock_skew_s:+.0f}"))
    if options is not None:
        found += _places(verdict, batches)
    return found


def _places(verdict: Verdict, batches: Iterable[Batch]) -> Iterator[Problem]:
    if verdict.inside or (verdict.records and not verdict.placed and not _metres(batches)):
        return
    if _metres(batches):
        yield Problem("vn2000")
    elif verdict.swapped:
        yield Problem("swapped", f"{verdict.swapped}/{verdict.placed}")
    elif verdict.placed:
        yield Problem("outside", str(verdict.placed))


def _metres(batches: Iterable[Batch]) -> bool:
    """Whether places were rejected whose numbers are metres, not degrees."""
    details = [row.detail for batch in batches for row in batch.rejected if row.reason in {"bad_position", "bad_place"}]
    return any(METRES.search(detail) for detail in details)
