"""What invented outlets write about the simulated city: a pure function of (seed, hour, storm).

A story happens in a ward and is told by one to three outlets, each in its own words and some minutes later. In a storm
there are as many stories about the flood as ``articles`` times a calm day's, at the height.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from random import Random

from pydantic import BaseModel, ConfigDict

from sources.simulator.clock import LOCAL_OFFSET_S
from sources.simulator.noise import dice
from sources.simulator.report_intake import wards
from sources.simulator.report_kinds import Ward
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town

HOURLY = (1, 0, 0, 0, 1, 3, 6, 8, 8, 8, 7, 6, 4, 4, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2)
"""How calm stories spread over the local day: its sum is 112."""

CALM_A_DAY, TRAVEL_A_DAY = 20.0, 4.0
FIRST_HOUR = 438_000
"""Articles are numbered from this epoch hour (December 2019) on, a hundred an hour."""

CARRIED = (0.75, 0.65, 0.55)
SOONEST_S, LATEST_S = 180.0, 4200.0
MOST_A_HOUR = 24
KEPT_HOURS = 2000


class Kind(BaseModel):
    """A kind of story: three ways to say it, two sentences."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str
    weight: float
    titles: tuple[str, str, str]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlet:
    """``form`` is rss, atom, or odd: RSS with dates as only people read them. ``host`` is of its links; none exists."""

    source: str
    title: str
    host: str
    form: str
    voice: int  # which of the three ways


@dataclass(frozen=True, slots=True)
class Article:
    """Published at ``t`` (epoch s)."""

    number: int
    t: float
    topic: str
    title: str
    text: str

    def link(self, outlet: Outlet) -> str:
        return f"https://{outlet.host}/tin-{self.number}.html"


@cache
def kinds(group: str) -> tuple[Kind, ...]:
    """The kinds of one group: story, flood or travel."""
    text = files("sources.simulator").joinpath("press_texts.toml").read_text(encoding="utf-8")
    return tuple(Kind.model_validate(entry) for entry in tomllib.loads(text)[group])


@dataclass
class Newsroom:
    """All that is written; each outlet takes its share."""

    town: Town
    _hours: dict[tuple[int, bool], tuple[tuple[int, Article], ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def wards(self) -> Sequence[Ward]:
        return wards(self.town.city)

    @cached_property
    def rivers(self) -> Sequence[str]:
        names = {station.river for station in self.town.profile.water}
        return sorted(f"sông {name}" for name in names if not name.startswith(("Phá", "Đầm"))) or ["con sông"]

    def articles(self, outlet: Outlet, start: float, end: float, *, travel: bool = False) -> list[Article]:
        """The outlet's articles with start < t <= end, in order of time."""
        first, last = int((start - LATEST_S - 60) // HOUR_S), int(end // HOUR_S)
        found = [
            article
            for hour in range(first, last + 1)
            for voice, article in self._hour(hour, travel)
            if voice == outlet.voice and start < article.t <= end
        ]
        return sorted(found, key=lambda article: (article.t, article.number))

    def _hour(self, hour: int, travel: bool) -> tuple[tuple[int, Article], ...]:
        """Articles of the stories of one epoch hour, with the voice that tells each."""
        key = (hour, travel)
        if key not in self._hours:
            if len(self._hours) > KEPT_HOURS:
                self._hours.clear()
            self._hours[key] = tuple(self._told(hour, travel))
        return self._hours[key]

    def _told(self, hour: int, travel: bool) -> list[tuple[int, Article]]:
        roll = dice(self.town.seed, "travel" if travel else "press", self.town.city.id, hour)
        share = HOURLY[int((hour * HOUR_S + LOCAL_OFFSET_S) // HOUR_S) % 24] / sum(HOURLY)
        severity = float(self.town.severity(hour * HOUR_S + HOUR_S / 2)[0])
        calm = share * (TRAVEL_A_DAY if travel else CALM_A_DAY) * (1 - severity)
        group = "travel" if travel else "story"
        chosen = [group] * _count(roll, calm)
        storm = self.town.scenario.storm
        if storm is not None and not travel:
            chosen += ["flood"] * _count(roll, storm.articles * CALM_A_DAY / 24 * severity)
        found: list[tuple[int, Article]] = []
        for n, name in enumerate(chosen[:MOST_A_HOUR]):
            found += self._story(roll, hour, n, name)
        return found

    def _story(self, roll: Random, hour: int, n: int, group: str) -> list[tuple[int, Article]]:
        known = kinds(group)
        kind = roll.choices(known, [entry.weight for entry in known])[0]
        ward = roll.choices(self.wards, [entry.weight for entry in self.wards])[0]
        words = {
            "ward": ward.name,
            "Ward": ward.full_name,
            "city": self.town.city.title_vi,
            "street": roll.choice(self.town.profile.streets or ("Lê Lợi",)),
            "river": roll.choice(self.rivers),
            "n": str(roll.randint(2, 9) * 5),
        }
        happened = hour * HOUR_S + roll.uniform(0, HOUR_S)
        carried = [voice for voice, share in enumerate(CARRIED) if roll.random() < share] or [roll.randrange(3)]
        if group == "travel":
            carried = [0]
        text = " ".join(kind.texts).format(**words)
        return [
            (
                voice,
                Article(
                    number=(hour - FIRST_HOUR) * 100 + n * 4 + voice,
                    t=float(int(happened + roll.uniform(SOONEST_S, LATEST_S))),
                    topic=kind.topic,
                    title=_sentence(kind.titles[roll.randrange(3) if group == "travel" else voice].format(**words)),
                    text=_sentence(text),
                ),
            )
            for voice in carried
        ]


def _count(roll: Random, mean: float) -> int:
    """A whole number with that mean."""
    return int(mean) + (roll.random() < mean % 1)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
