"""Checklists (quy trình) of incidents: ``geodata/watch/procedures/ID.toml``, one file a kind of incident."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, ValidationError

from geodata.catalogue import one_line
from geodata.errors import ConfigInvalid
from geodata.watch.words import Words

FOLDER = "procedures"


class Step(BaseModel):
    """One thing to do. ``note``: who, how, until when."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    title: Words
    note: Words | None = None


class Procedure(BaseModel):
    """``basis``: the regulation it comes from, or that it is ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: Words
    basis: Words
    steps: Sequence[Step]


@cache
def procedures() -> Mapping[str, Procedure]:
    """Every procedure by its id. Raises ConfigInvalid."""
    found = {}
    for entry in sorted(files("geodata.watch").joinpath(FOLDER).iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            try:
                raw = tomllib.loads(entry.read_text(encoding="utf-8"))
                found[entry.name.removesuffix(".toml")] = Procedure.model_validate(raw)
            except (tomllib.TOMLDecodeError, ValidationError) as error:
                reason = one_line(error) if isinstance(error, ValidationError) else str(error)
                raise ConfigInvalid(path=entry.name, reason=reason) from None
    return found
