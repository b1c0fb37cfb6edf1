"""The TOML file that stands beside a family of functions: a table for each, by its name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from geodata.catalogue import one_line
from geodata.errors import ConfigInvalid

M = TypeVar("M", bound=BaseModel)


def read(package: str, family: str, model: type[M], missing: str) -> Mapping[str, M]:
    """The tables of ``FAMILY.toml`` in ``package``. ``missing`` is said when there is no such file.

    Raises ConfigInvalid, in one line.
    """
    name = f"{family}.toml"
    try:
        raw = tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))
        return {key: model.model_validate(value) for key, value in raw.items()}
    except FileNotFoundError:
        raise ConfigInvalid(path=name, reason=missing) from None
    except ValidationError as error:
        raise ConfigInvalid(path=name, reason=one_line(error)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(path=name, reason=str(error)) from None
