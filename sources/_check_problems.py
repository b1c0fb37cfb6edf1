"""What a fetch showed that keeps a source from being switched on; each a key that ``_check_words`` puts into words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely
from pydantic import BaseModel
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from geodata.records import Rejected
from sources.base import Options, Source

if TYPE_CHECKING:
    from sources.check import Verdict

SKEW_S = 60.0
"""A clock further off than this shows wrong ages on the map."""

NOTHING = "nothing came within"

METRES = 1000.0
"""No degree is so large: eastings and northings of VN-2000 are."""

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
AFTER = re.compile(r"not on the globe(.*)", re.DOTALL)
BEFORE = re.compile(r"(\S+, \S+) in EPSG:\d+ is not in Viet Nam")
BARE = re.compile(r"not degrees: '(\d{6,7})\b")
"""How adapters and tables tell a place that cannot be, with its numbers."""

PRIVATE = re.compile(r"'[^']*'|\"[^\"]*\"|\S+@\S+|\+?\d(?:[ -]?\d){8,}")
"""What may be of a person in the words of an error: whatever is quoted, addresses, long numbers."""

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


def misplaced(rejected: Iterable[Rejected], error: str | None) -> list[Point]:
    """Places that were refused because they are not on the globe, with the numbers that came as x and y."""
    told = [*(row.detail for row in rejected), error or ""]
    matches = [match for words in told for form in (AFTER, BEFORE, BARE) if (match := form.search(words))]
    found = [[float(number) for number in NUMBER.findall(match[1])[:2]] for match in matches]
    return [Point(pair[0], pair[-1]) for pair in found if pair]


def metres(place: Point) -> bool:
    """Whether the numbers are metres, not degrees."""
    return max(abs(place.x), abs(place.y)) > METRES


def impersonal(text: str | None) -> str | None:
    """An error of a service with personal data, without the values it quotes."""
    return PRIVATE.sub("***", text) if text else text


def secrets(options: BaseModel | None) -> Iterator[str]:
    """Names of the environment variables that the options name, also within a part that has options of its own."""
    for name in type(options).model_fields if options is not None else ():
        value = getattr(options, name)
        if name.endswith("_env") and isinstance(value, str) and value:
            yield value
        elif isinstance(value, BaseModel):
            yield from secrets(value)


def known(secret: Secret, door: Door | None) -> Secret:
    """``secret``, but the token of a door of the simulated city is there: ``vonglau up`` makes one for its own run, and
    shows it to simulator and ingest alone.
    """
    return lambda name: secret(name) or ("made by up" if door is not None and name == door.token_env else None)


def masked(text: str | None, options: Options, secret: Secret) -> str | None:
    """The text without the value of any secret, should a server repeat it to us."""
    for name in secrets(options):
        if text and (value := secret(name)):
            text = text.replace(value, "***")
    return text


def problems(verdict: Verdict, options: Options | None, secret: Secret) -> list[Problem]:
    """What is wrong, what must be mended first coming first."""
    found = [Problem("secret", name) for name in secrets(options) if not secret(name)]
    if verdict.sends_to is not None and (name := verdict.sends_to.token_env) and not secret(name):
        found = [one for one in found if one.about != name] + [Problem("secret", name)]
    places = list(_places(verdict)) if options is not None else []
    if verdict.error is not None and not misplaced((), verdict.error):
        slow = verdict.error.startswith(NOTHING)
        key = "slow" if slow else "error" if verdict.reachable else "unreachable"
        found.append(Problem("options" if options is None else key))
    if verdict.unknown_units:
        found.append(Problem("units", ", ".join(verdict.unknown_units)))
    if verdict.unknown_properties:
        found.append(Problem("properties", ", ".join(verdict.unknown_properties)))
    if abs(verdict.clock_skew_s or 0) > SKEW_S:
        found.append(Problem("clock", f"{verdict.clock_skew_s:+.0f}"))
    return found + places


def _places(verdict: Verdict) -> Iterator[Problem]:
    """One hint at most. A few bad places among good ones are no problem of the source's options."""
    if verdict.inside:
        return
    if verdict.metres:
        yield Problem("vn2000")
    elif verdict.swapped:
        yield Problem("swapped", str(verdict.swapped))
    elif verdict.placed or misplaced((), verdict.error):
        yield Problem("outside", str(max(verdict.placed, 1)))
