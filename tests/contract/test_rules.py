"""Every rule, found by being there: words in both languages, limits with their law, silence on an empty city."""

from __future__ import annotations

import inspect
import sys

import pytest

from geodata.catalogue import services
from geodata.city import cities
from geodata.watch.procedure import procedures
from geodata.watch.rule import Rule, rules
from tests.support.watching import sources, still

EVERY = [pytest.param(rule, id=rule.id) for rule in rules().values()]


@pytest.mark.parametrize("rule", EVERY)
def test_its_words_are_whole(rule: Rule) -> None:
    words = rule.words
    for text in (words.title, words.subject, words.definition, *words.facts.values()):
        assert text.vi
        assert text.en
    assert all(limit.law for limit in words.limits)
    assert set(rule.services) <= set(services())
    assert words.reopen_s <= 2 * 86400, "the watch remembers two days of closed findings"
    assert words.procedure in procedures(), "who gets a finding is told what to do about it"


@pytest.mark.parametrize("rule", EVERY)
def test_a_limit_is_read_by_its_rule_or_says_that_it_is_fixed(rule: Rule) -> None:
    """A value that a city may set and that changes nothing would be a lie."""
    source = inspect.getsource(sys.modules[rule.check.__module__])
    wrong = [limit.name for limit in rule.words.limits if limit.fixed == (f'"{limit.name}"' in source)]
    assert not wrong


@pytest.mark.parametrize("rule", EVERY)
def test_of_nothing_it_says_nothing(rule: Rule) -> None:
    assert rule.signs(still(0, {}, sources())) == []


def test_the_limits_of_cities_are_limits_of_rules() -> None:
    for city in cities().values():
        for name in city.rules:
            rules()[name].with_limits(**city.limits(name))
