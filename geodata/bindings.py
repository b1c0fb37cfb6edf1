"""The sources of a city: those of its file, and those of files beside it, which an upgrade leaves alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from geodata.catalogue import one_line, service
from geodata.city import City, SourceBinding
from geodata.errors import ConfigInvalid, UnknownName


class _Service(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sources: tuple[SourceBinding, ...]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    services: Mapping[str, _Service]


def bindings(city: City, *files: Path | None) -> tuple[SourceBinding, ...]:
    """The city's sources and those of each file; of two with one id the last file's holds. Raises ConfigInvalid."""
    found = {binding.id: binding for binding in city.bindings()}
    for file in files:
        if file is not None:
            found |= {binding.id: binding for binding in read_bindings(file)}
    return tuple(found.values())


def read_bindings(file: Path) -> tuple[SourceBinding, ...]:
    """Of TOML the tables ``[[services.NAME.sources]]`` as a city's file has them, else a JSON list of SourceBinding.

    Raises ConfigInvalid.
    """
    try:
        content = file.read_bytes()
        if file.suffix == ".toml":
            return _of_tables(content.decode("utf-8"))
        return TypeAdapter(tuple[SourceBinding, ...]).validate_json(content)
    except ValidationError as error:
        raise ConfigInvalid(path=file, reason=one_line(error)) from error
    except OSError as error:
        raise ConfigInvalid(path=file, reason=error.strerror or str(error)) from error
    except (UnknownName, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(path=file, reason=" ".join(str(error).split())) from error


def _of_tables(text: str) -> tuple[SourceBinding, ...]:
    found = _File.model_validate(tomllib.loads(text)).services
    return tuple(
        binding.model_copy(update={"service": service(name).id})
        for name, entry in found.items()
        for binding in entry.sources
    )
