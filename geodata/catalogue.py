"""What a service is: read from ``geodata/services/*.toml``, one file a service, found by name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from geodata.errors import ConfigInvalid, UnknownName
from geodata.records import KINDS

Group = Literal["city_life", "environment", "sea", "assets", "government"]
"""Groups of the layer tree, in this order; services without a source are listed last, in a group of their own."""

Tint = Literal["sea", "people", "environment", "infrastructure"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObservedProperty(_Strict):
    """What a Thing of this service measures. ``unit`` is UCUM; values arriving in another unit are converted."""

    id: str
    title_vi: str
    title_en: str
    unit: str | None = None  # None: the result is a word
    decimals: int = 0
    minimum: float | None = None  # outside: the row is rejected as implausible
    maximum: float | None = None
    words: tuple[str, ...] = ()  # for a word: the vocabulary; empty: any word

    @model_validator(mode="after")
    def _measurable(self) -> ObservedProperty:
        if self.unit is None and (self.minimum is not None or self.maximum is not None):
            raise ValueError(f"{self.id}: a word has no minimum or maximum; a number needs a unit")
        if self.unit is not None and self.words:
            raise ValueError(f"{self.id}: a number has no words")
        if self.minimum is not None and self.maximum is not None and self.minimum >= self.maximum:
            raise ValueError(f"{self.id}: minimum is not below maximum")
        return self

    def title(self, language: str) -> str:
        return self.title_vi if language == "vi" else self.title_en


class Category(_Strict):
    id: str
    title_vi: str
    title_en: str
    codes: tuple[str, ...] = ()  # how sources name it (service_code, ship type), matched case-folded

    def title(self, language: str) -> str:
        return self.title_vi if language == "vi" else self.title_en


class Urgency(Category):
    """A level of urgency. ``due_h`` are working hours from the request to the handled case; a city may set its own."""

    due_h: float | None = Field(default=None, gt=0)


class Legal(_Strict):
    """A legal source: what it is, when it came into force, what it says for this service."""

    ref: str
    issued: date | None = None
    in_force: date | None = None
    about_vi: str
    confirmed: bool = True  # False: believed, not read; shown as such


class Service(_Strict):
    """One service of the city. ``cadence_s`` is the expected interval of its feeds, unless a source says otherwise."""

    id: str
    title_vi: str = Field(max_length=60)
    title_en: str
    short_vi: str = Field(max_length=22)  # as look.md section 6 has it
    short_en: str = Field(max_length=26)
    description_vi: str
    description_en: str
    group: Group
    icon: str  # ligature name in Material Icons
    mark: str  # name of a shape in layers.marks
    tint: Tint
    kinds: tuple[str, ...]
    cadence_s: float = Field(gt=0)
    late_factor: float = Field(default=3.0, gt=1)  # k: older than k × cadence is silent
    personal_data: bool = False
    minimum_cell: int = 1  # counts under it are not published
    retention_days: int | None = None  # None: kept
    observed_properties: tuple[ObservedProperty, ...] = ()
    categories: tuple[Category, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    legal: tuple[Legal, ...] = ()

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(value) - set(KINDS)
        if unknown:
            raise ValueError(f"unknown record kinds {sorted(unknown)}; known: {sorted(KINDS)}")
        return value

    @model_validator(mode="after")
    def _unambiguous(self) -> Service:
        """An id, or a code that a source may send, means one thing."""
        _once("observed_properties", [p.id for p in self.observed_properties])
        for field in ("categories", "urgencies"):
            _once(field, [code for entry in getattr(self, field) for code in _codes(entry)])
        return self

    @cached_property
    def _by_code(self) -> Mapping[str, Category]:
        return {code: entry for entry in self.categories for code in _codes(entry)}

    @cached_property
    def _by_urgency(self) -> Mapping[str, Urgency]:
        return {code: entry for entry in self.urgencies for code in _codes(entry)}

    def category(self, code: str | None) -> Category | None:
        """The category that a source means by an id, a code or a Vietnamese name; None when it is not one of ours."""
        return None if code is None else self._by_code.get(code.strip().casefold())

    def urgency(self, code: str | None) -> Urgency | None:
        """The urgency that a source means, matched as a category is."""
        return None if code is None else self._by_urgency.get(code.strip().casefold())

    def title(self, language: str) -> str:
        return self.title_vi if language == "vi" else self.title_en

    def short(self, language: str) -> str:
        return self.short_vi if language == "vi" else self.short_en

    def observed_property(self, name: str) -> ObservedProperty | None:
        return next((p for p in self.observed_properties if p.id == name), None)


@cache
def services() -> Mapping[str, Service]:
    """Every service by id, in the order of the files' names. Raises ConfigInvalid with file and field."""
    found = {}
    for path in sorted(files("geodata").joinpath("services").iterdir(), key=lambda p: p.name):
        if not path.name.endswith(".toml"):
            continue
        service = parse(text_of(path), str(path))
        if f"{service.id}.toml" != path.name:
            raise ConfigInvalid(path=path, reason=f"id: {service.id!r} is not the file's name")
        found[service.id] = service
    return found


def text_of(path: Traversable) -> str:
    """A catalogue file's text. Raises ConfigInvalid when it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigInvalid(path=path, reason=f"not UTF-8 at byte {error.start}; save the file as UTF-8") from error


def parse(text: str, path: str) -> Service:
    """A service from the text of its file. Raises ConfigInvalid."""
    try:
        return Service.model_validate(tomllib.loads(text))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(path=path, reason=one_line(error)) from error


def service(name: str) -> Service:
    """The service of that id. Raises UnknownName."""
    try:
        return services()[name]
    except KeyError:
        raise UnknownName(kind="service", name=name, known=", ".join(services())) from None


def one_line(error: Exception) -> str:
    """A pydantic or TOML error as one line: field, then what is wrong with it."""
    if isinstance(error, ValidationError):
        found = (f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors(include_url=False))
        return " ".join("; ".join(found).split())
    return " ".join(str(error).split())


def _codes(entry: Category) -> set[str]:
    return {code.casefold() for code in (entry.id, entry.title_vi, *entry.codes)}


def _once(field: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{field}: more than once: {', '.join(twice)}")
