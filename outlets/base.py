"""What an outlet is. A kind is a class in a module of this package; it is found by being there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from geodata.catalogue import one_line
from geodata.city import City
from geodata.errors import ConfigInvalid, UnknownName, VongLauError
from geodata.outlet import News, OutletBinding
from geodata.store.deliveries import Earlier
from geodata.watch.rule import rules
from outlets.message import Sendable

ALL_NEWS: tuple[News, ...] = get_args(News)
SEND_S = 30.0
"""Longest that one message may take; then the outlet counts as away."""

Secret = Callable[[str], str | None]
"""Value of a named environment variable, None where it is not set."""


class Options(BaseModel):
    """Options of a kind: strict, so that a misspelt one is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Away(VongLauError):
    """{reason}"""

    def __init__(self, reason: str, *, retry_s: float | None = None) -> None:
        super().__init__(reason=reason)
        self.retry_s = retry_s


class Refused(VongLauError):
    """{reason}"""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class Needless(VongLauError):
    """{reason}"""

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


O = TypeVar("O", bound=Options)


class Outlet(ABC, Generic[O]):
    """One way out. ``default_on``: the news it tells unless the city says otherwise; ``tellable``: those it can tell.

    ``per_minute``: beyond it a digest takes the place of messages, 0: never. ``tells_past``: whether a finding that
    opened and ended while the outlet was away is told of at all. ``never``: services that it must not tell of.
    ``to_agencies``: whether an agency can have an address of this kind. ``renew``: so long after its last word about an
    open finding the outlet says again that it is open; None: what was said stands.
    """

    kind: ClassVar[str]
    options_of: ClassVar[type[Options]]
    default_on: ClassVar[tuple[News, ...]] = ("opened", "level_raised", "reopened", "closed", "assigned")
    tellable: ClassVar[tuple[News, ...]] = ALL_NEWS
    per_minute: ClassVar[int] = 20
    tells_past: ClassVar[bool] = True
    never: ClassVar[frozenset[str]] = frozenset()
    to_agencies: ClassVar[bool] = False
    renew: timedelta | None = None

    def __init__(self, name: str, options: O, secret: Secret, city: City) -> None:
        self.name, self.options, self.city, self._secret = name, options, city, secret

    @abstractmethod
    async def send(self, message: Sendable, to: str | None, earlier: Sequence[Earlier]) -> str | None:
        """Hands one message over: a note, where something is worth one. ``to``: an agency's own address.

        ``earlier``: what the receiver has, or may have, of the same finding. Raises Away (try again), Refused (this
        message never), Needless (there is nothing to say). Sent twice it has the same ``key``.
        """

    async def beat(self) -> None:
        """Called between messages, at least every few seconds while nothing is wrong. Raises Away."""
        return

    async def close(self) -> None:
        """Lets go of what is open. Never raises."""
        return

    def secret(self, name: str | None) -> str | None:
        """The value of that variable; None where no name is given. Raises Away where it is not set."""
        if name is None:
            return None
        value = self._secret(name)
        if not value:
            raise Away(f"the environment has no {name}")
        return value


@cache
def kinds() -> Mapping[str, type[Outlet[Any]]]:
    """Every kind of outlet by its name."""
    found: dict[str, type[Outlet[Any]]] = {}
    for module in pkgutil.iter_modules(importlib.import_module("outlets").__path__):
        if module.ispkg or module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"outlets.{module.name}")
        for _, value in inspect.getmembers(loaded, inspect.isclass):
            if issubclass(value, Outlet) and value.__module__ == loaded.__name__ and not inspect.isabstract(value):
                found[value.kind] = value
    return found


def made(name: str, binding: OutletBinding, secret: Secret, city: City) -> Outlet[Any]:
    """The outlet of a binding. Raises UnknownName, ConfigInvalid: one line that never tells a value."""
    try:
        kind = kinds()[binding.kind]
    except KeyError:
        raise UnknownName(kind="kind of outlet", name=binding.kind, known=", ".join(kinds())) from None
    try:
        outlet = kind(name, kind.options_of.model_validate(binding.options), secret, city)
    except ValidationError as error:
        raise ConfigInvalid(path=f"outlets.{name}", reason=one_line(error)) from None
    _known(name, "services", binding.services, [*city.services, "platform"])
    _known(name, "rules", binding.rules, list(rules()))
    _known(name, "agencies", binding.agencies, [agency.id for agency in city.agencies])
    if binding.agency_addresses and not kind.to_agencies:
        raise ConfigInvalid(
            path=f"outlets.{name}", reason=f"agency_addresses: no agency has an address of {binding.kind}"
        )
    if unknown := set(binding.on or ()) - set(kind.tellable):
        raise ConfigInvalid(path=f"outlets.{name}", reason=f"{binding.kind} cannot tell {', '.join(sorted(unknown))}")
    return outlet


def _known(name: str, field: str, asked: Sequence[str], known: Sequence[str]) -> None:
    """A filter that nothing ever passes is a mistake: better told now than in a night of silence."""
    if bad := [one for one in asked if not any(fnmatchcase(entry, one) for entry in known)]:
        raise ConfigInvalid(path=f"outlets.{name}.{field}", reason=f"there is no {', '.join(bad)}")
