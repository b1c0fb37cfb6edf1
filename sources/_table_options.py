"""Options of a table: where it lies, how it is written, what its columns mean. Checked whole at the start."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from geodata.catalogue import services
from geodata.city import cities
from geodata.crs import check
from geodata.errors import VongLauError
from geodata.records import JSON, RequestStatus
from sources._table_fields import FIELDS, REQUIRED, known
from sources._table_presets import PRESETS, merged
from sources._table_values import EPOCHS, strptime_form
from sources.base import Options

STATUSES = tuple(status.value for status in RequestStatus)
Kind = Literal["Thing", "Observation", "Position", "ServiceRequest", "Event", "Feature"]
Name = str | int
"""A column: its header, a JSON path (``a.b[0]``), or its number from 1. ``A | B``: the first that is there; ``A?``: may
be missing."""


def _encoding(name: str | None) -> str | None:
    if name is None:
        return None
    plain = name.casefold().replace("-", "").replace("_", "").replace(" ", "")
    if plain in {"tcvn3", "abc", "vni", "viscii", "vniwindows", "tcvn"}:
        raise ValueError(
            f"{name} is a font's own code, no keeper of it is left: save the file as Unicode (UTF-8) first"
        )
    try:
        return codecs.lookup({"windows1258": "cp1258"}.get(plain, name)).name
    except LookupError:
        raise ValueError(f"no encoding is named {name!r}; usual: utf-8, utf-16, windows-1258") from None


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"no time zone is named {name!r}; usual: Asia/Ho_Chi_Minh") from None
    return name


def _form(form: str | None) -> str | None:
    if form is not None and form not in EPOCHS and "%" not in strptime_form(form):
        raise ValueError(f"{form!r} is no form of time; give dd/MM/yyyy HH:mm, epoch_s, epoch_ms or excel")
    return form


Form = Annotated[str | None, AfterValidator(_form)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Column(_Strict):
    """A column with how to read it. Of several columns the texts are joined by a blank (a day and its hour)."""

    column: Name | tuple[Name, ...]
    as_: Literal["text", "number", "integer", "time", "bool"] = Field(default="text", alias="as")


Spec = Name | tuple[Name, ...] | Column


class Result(_Strict):
    """One observed property of a wide table. Without ``column`` the result is numerator / denominator."""

    observed_property: str
    column: Name | None = None
    unit: str | None = None  # None: the catalogue's
    numerator: Name | None = None
    denominator: Name | None = None
    time: Name | None = None  # None: the row's
    values: Mapping[str, str | float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_a_result(self) -> Result:
        if self.column is None and (self.numerator is None or self.denominator is None):
            raise ValueError(f"{self.observed_property}: give column, or numerator and denominator")
        return self


class Paging(_Strict):
    """How a reply goes on: a link in it, a page's number, or how many rows to leave out."""

    by: Literal["next", "page", "offset"]
    next: str = "next"  # JSON path of the link; the Link header counts too
    parameter: str | None = None  # None: page, offset
    first: int = 1
    size: int = Field(default=1000, ge=1, le=100_000)
    size_parameter: str | None = None  # None: not asked for
    most: int = Field(default=10_000, ge=1)  # pages in one poll


class Since(_Strict):
    """A parameter by which the server is asked for what changed: the newest of ``field`` that was read."""

    parameter: str
    field: str  # a record field of kind time
    form: str = "iso"  # iso, epoch_s, epoch_ms, or dd/MM/yyyy HH:mm in the table's zone
    overlap_s: float = Field(default=300, ge=0)
    history_days: float = Field(default=14, gt=0)


def _has_password(url: str) -> bool:
    """Of a URL that is none nothing is told: what it holds may be a password all the same."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("sql: url is no database URL; as postgresql://user@host:5432/database") from None
    return parsed.password is not None or any(key.casefold() in {"password", "passwd", "pwd"} for key in parsed.query)


class Sql(_Strict):
    """A table, view or query of another database. ``changed`` is a column that only grows; with ``tie``, unique among
    rows of one ``changed``, big tables are read in steps. Without ``changed`` the whole is read at every poll.

    ``url_env`` names the variable that holds the whole URL; or ``url`` is one without a password, which stands in the
    variable ``password_env`` or is the first line of ``password_file``.
    """

    url_env: str | None = None
    url: str | None = None
    password_env: str | None = None
    password_file: str | None = None
    table: str | None = Field(default=None, pattern=r"^[^\s;'\"]+$")
    query: str | None = None
    changed: str | None = None
    tie: str | None = None
    overlap_s: float = Field(default=0, ge=0)  # of a changed column that holds times
    step: int = Field(default=5000, ge=1, le=100_000)
    timeout_s: float = Field(default=60, gt=0)

    @model_validator(mode="after")
    def _names_one(self) -> Sql:
        if (self.table is None) == (self.query is None):
            raise ValueError("sql: give table or query, one of them")
        if self.query is not None and ";" in self.query.rstrip().rstrip(";"):
            raise ValueError("sql: query is more than one statement")
        if self.tie is not None and self.changed is None:
            raise ValueError("sql: tie needs changed")
        return self

    @model_validator(mode="after")
    def _names_one_server(self) -> Sql:
        if (self.url_env is None) == (self.url is None):
            raise ValueError("sql: give url_env or url, one of them")
        keys = [name for name in ("password_env", "password_file") if getattr(self, name) is not None]
        if len(keys) > 1 or (keys and self.url is None):
            raise ValueError("sql: password_env or password_file, one of them, goes with url")
        if self.url is not None and _has_password(self.url):
            raise ValueError("sql: no password in url; name password_env or password_file")
        return self


class TableOptions(Options):
    """One of ``url``, ``path`` (a file, a folder, a pattern with * or **) and ``sql`` says where the table lies.

    ``columns`` maps record fields to columns, ``constants`` to fixed values, ``values`` words of the source to ours
    (``*``: every other word). Without ``kind`` the table speaks our own words: a column ``kind`` and fields as headers.
    """

    url: str | None = None
    path: str | None = None
    sql: Sql | None = None
    params: Mapping[str, str] = Field(default_factory=dict)
    headers: Mapping[str, str] = Field(default_factory=dict)
    token_env: str | None = None
    auth_header: str = "Authorization"  # Authorization gets "Bearer TOKEN", another header the token alone
    paging: Paging | None = None
    since: Since | None = None
    done: str | None = None  # a file is read when NAME plus this ending stands beside it
    settle_s: float = Field(default=1, ge=0)  # a file written to within so long is left for the next poll
    max_mb: float = Field(default=2048, gt=0)  # of a CSV or NDJSON; JSON and spreadsheets: at most 64 on the wire
    poll_s: float = Field(default=300, gt=0)

    format: Literal["csv", "excel", "json", "ndjson"] | None = None  # None: told from the content
    encoding: Annotated[str | None, AfterValidator(_encoding)] = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    rows: str = ""  # JSON path of the array; "": the body itself
    sheet: str | int | None = None  # name, or number from 1; None: the first that has the columns
    header: bool = True  # False: columns are numbers
    fill: tuple[Name, ...] = ()  # columns whose merged cells count for every row beside them
    totals: Literal["skip", "keep"] = "skip"
    decimal: Literal[",", "."] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Ho_Chi_Minh"
    time_format: Form = None
    srid: int = 4326
    inside: Literal["vietnam", "globe"] = "vietnam"
    city: str | None = None  # whose wards and agencies the names are

    preset: Literal["vms"] | None = None
    kind: Kind | tuple[Kind, ...] = ()
    issuer: str = Field(default="table", pattern=r"^[a-z0-9_.-]+$")
    identity: tuple[Name, ...] = ()
    columns: Mapping[str, Spec] = Field(default_factory=dict)
    constants: Mapping[str, JSON] = Field(default_factory=dict)
    values: Mapping[str, Mapping[str, JSON]] = Field(default_factory=dict)
    properties: Mapping[str, Spec] = Field(default_factory=dict)
    person: Mapping[str, Spec] = Field(default_factory=dict)
    observations: tuple[Result, ...] = ()
    units: Mapping[str, str] = Field(default_factory=dict)
    speed_unit: Literal["kn", "km/h", "m/s"] = "kn"
    snapshot: Literal["keep", "close"] = "keep"

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and (preset := PRESETS.get(str(given.get("preset")))):
            return merged(preset, given)
        return given

    @field_validator("srid")
    @classmethod
    def _known_srid(cls, srid: int) -> int:
        try:
            return check(srid)
        except VongLauError as error:
            raise ValueError(str(error)) from error

    @field_validator("city")
    @classmethod
    def _known_city(cls, name: str | None) -> str | None:
        if name is not None and name not in cities():
            raise ValueError(f"no city is named {name!r}; known: {', '.join(cities())}")
        return name

    @property
    def kinds(self) -> tuple[str, ...]:
        """The record kinds that a row gives, in the order of writing; none: each row says its own."""
        given = (self.kind,) if isinstance(self.kind, str) else self.kind
        wanted = {*given, *(("Observation",) if self.observations else ())}
        return tuple(kind for kind in FIELDS if kind in wanted)

    @model_validator(mode="after")
    def _one_place(self) -> TableOptions:
        places = [name for name in ("url", "path", "sql") if getattr(self, name) is not None]
        if len(places) > 1:
            raise ValueError(f"give one of url, path and sql, not {' and '.join(places)}")
        for name in ("paging", "since"):
            if getattr(self, name) is not None and "url" not in places:
                raise ValueError(f"{name} is for a url")
        return self

    @model_validator(mode="after")
    def _fields(self) -> TableOptions:
        fields = known(self.kinds)
        kinds = " and ".join(self.kinds) or "any kind"
        for option in ("columns", "constants", "values"):
            names = set(getattr(self, option)) - set(fields)
            if option == "values":
                names -= set(self.properties)
            for name in sorted(names):
                raise ValueError(f"{option}: {name!r} is no field of {kinds}; fields: {', '.join(fields)}")
        for word in map(str, self.values.get("status", {}).values() if "ServiceRequest" in self.kinds else ()):
            if word not in STATUSES:
                raise ValueError(f"values.status: {word!r} is no state; states: {', '.join(STATUSES)}")
        if self.since is not None and fields.get(self.since.field) != "time":
            raise ValueError(f"since.field: {self.since.field!r} is no field of time")
        if not self.header and (text := [s for s in self.specs() if isinstance(s, str)]):
            raise ValueError(f"header = false: columns are numbers, not {text[0]!r}")
        if any(isinstance(spec, int) and spec < 1 for spec in self.specs()):
            raise ValueError("columns are numbered from 1")
        return self

    @model_validator(mode="after")
    def _complete(self) -> TableOptions:
        given = {*self.columns, *self.constants}
        if self.kinds and not (self.identity or "id" in given):
            raise ValueError("give identity (the columns that name a row) or columns.id")
        for kind in self.kinds:
            for group in REQUIRED[kind]:
                if not given & set(group):
                    raise ValueError(f"{kind} needs columns.{' or columns.'.join(group)}")
        if "Observation" in self.kinds and not self.observations and not {"observed_property", "result"} <= given:
            raise ValueError("Observation needs observations = […], or columns.observed_property and columns.result")
        for one, other in (("lon", "lat"), ("x", "y")):
            if (one in given) != (other in given):
                raise ValueError(f"columns.{one} and columns.{other} go together")
        if self.snapshot == "close" and ("Thing" not in self.kinds or self.since or (self.sql and self.sql.changed)):
            raise ValueError('snapshot = "close" is for a Thing in a table that is read whole')
        return self

    @model_validator(mode="after")
    def _catalogued(self) -> TableOptions:
        entry = services().get(self.service)
        if entry is None:
            return self
        for kind in self.kinds:
            if kind not in entry.kinds:
                raise ValueError(f"service {entry.id} holds {', '.join(entry.kinds)}, no {kind}")
        ids = [known.id for known in entry.observed_properties]
        for result in self.observations:
            if result.observed_property not in ids:
                name = result.observed_property
                raise ValueError(f"observations: {name!r} is no observed property of {entry.id}: {', '.join(ids)}")
        return self

    def specs(self) -> list[Name]:
        """Every column that the mapping names, in the order of the options."""
        found: list[Name] = [*self.identity, *self.fill]
        for spec in (*self.columns.values(), *self.properties.values(), *self.person.values()):
            names = spec.column if isinstance(spec, Column) else spec
            found += names if isinstance(names, tuple) else (names,)
        for result in self.observations:
            more = (result.column, result.numerator, result.denominator, result.time)
            found += [name for name in more if name is not None]
        return list(dict.fromkeys(found))
