"""A rule: a pure function of frames and limits, with its words. Rules are found by being there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from geodata.errors import UnknownName
from geodata.watch.frames import Frames
from geodata.watch.signs import Sign
from geodata.watch.words import Limits, RuleWords, read

PACKAGE = "geodata.watch.rules"
Check = Callable[[Frames, Limits], Iterable[Sign]]


@dataclass(frozen=True, slots=True)
class Rule:
    """``id`` is FAMILY.NAME. ``services``: what it reads, to know when it must look again; empty: every service."""

    id: str
    check: Check
    services: tuple[str, ...]
    words: RuleWords
    overrides: Mapping[str, float] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The service whose findings these are."""
        return self.services[0] if self.services else "platform"

    def limits(self, at: datetime) -> Limits:
        return self.words.in_force(at, self.overrides)

    def signs(self, frames: Frames) -> list[Sign]:
        return list(self.check(frames, self.limits(frames.at)))

    def with_limits(self, **values: float) -> Rule:
        """The same rule with other values: for a city's own and for back-tests. Raises ConfigInvalid."""
        changed = Rule(self.id, self.check, self.services, self.words, {**self.overrides, **values})
        changed.limits(datetime.now(UTC))  # an unknown name is an error now, not at the first look
        return changed


def rule(*services: str) -> Callable[[Check], Rule]:
    """Makes a function a rule: ``FAMILY.NAME`` from its module and name, its words from ``FAMILY.toml`` beside it."""

    def made(check: Check) -> Rule:
        package, _, family = check.__module__.rpartition(".")
        words = read(package, family)
        if check.__name__ not in words:
            raise UnknownName(kind=f"rule of {family}.toml", name=check.__name__, known=", ".join(words))
        return Rule(f"{family}.{check.__name__}", check, services, words[check.__name__])

    return made


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id."""
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__):
        loaded = importlib.import_module(f"{PACKAGE}.{module.name}")
        found |= {value.id: value for value in vars(loaded).values() if isinstance(value, Rule)}
    return dict(sorted(found.items()))


def chosen_rules(ids: Collection[str]) -> list[Rule] | None:
    """The rules of these ids; None, for all, of none. Raises UnknownName."""
    if unknown := [name for name in ids if name not in rules()]:
        raise UnknownName(kind="rule", name=unknown[0], known=", ".join(rules()))
    return [rules()[name] for name in ids] or None
