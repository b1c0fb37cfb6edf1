"""The bulletins of a met office: a pure function of (seed, instant, storm).

On a calm day there is now and then a warning of wind, rain or a thunderstorm, and once a month an exercise. A storm is
warned of at fixed hours, every three, each hazard a story of its own: first an Alert, Updates when the level changes
and every six hours, at the end a Cancel or the end of its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np

from sources.simulator import met_words as words
from sources.simulator.bulletin import Bulletin, Triple, Words, Zone
from sources.simulator.clock import DAY_S, LOCAL, local_day, local_midnight
from sources.simulator.met_cast import MetCast, River
from sources.simulator.noise import dice
from sources.simulator.scenario import HOUR_S
from sources.simulator.series import water_level_m

SLOT_S = 3 * HOUR_S
HOLDS_S = 9 * HOUR_S
REPEAT_SLOTS = 2
LOOK_S = 6 * HOUR_S
"""So far ahead the office foresees the storm."""

DAYS_AFTER = 6
"""Rivers may stay above their alarms so long after the storm."""

CALM_SEVERITY = 0.02
THUNDER, WIND, SHOWER = 0.16, 0.14, 0.08
"""Chances of a calm day, in the wet months twice as much rain."""

Draft = Callable[[int, float], Bulletin]
"""Level and sent to a bulletin without name, kind of message and references."""


@dataclass(frozen=True)
class MetOffice:
    """Hands out bulletins by the time at which they were sent."""

    cast: MetCast
    _days: dict[int, tuple[Bulletin, ...]] = field(default_factory=dict, repr=False)

    def between(self, start: float, end: float) -> list[Bulletin]:
        """Bulletins with start < sent <= end (epoch s), in order of time."""
        found = [b for day in range(local_day(start) - 1, local_day(end) + 1) for b in self._day(day)]
        return sorted(
            (b for b in (*found, *self._storm) if start < b.sent <= end), key=lambda b: (b.sent, b.identifier)
        )

    def _day(self, day: int) -> tuple[Bulletin, ...]:
        if day not in self._days:
            if len(self._days) > 64:
                self._days.clear()
            self._days[day] = tuple(self._calm(day))
        return self._days[day]

    def _calm(self, day: int) -> Iterator[Bulletin]:
        """The stories that begin on a local day, each with all its messages."""
        town, office = self.cast.town, self.cast.office
        roll = dice(town.seed, "warnings", office.code, day)
        chances = [roll.random() for _ in range(3)]
        hours = [roll.uniform(11, 18), roll.uniform(4, 10), roll.uniform(5, 20)]
        name, place = self.cast.wards[roll.randrange(len(self.cast.wards))]
        local = datetime.fromtimestamp(local_midnight(day) + 12 * HOUR_S, LOCAL)
        wet = 2.0 if local.month in {9, 10, 11, 12} else 1.0
        cancelled = roll.random() < 0.4
        if local.day == 1 + dice(town.seed, "exercise", local.year, local.month).randrange(28):
            yield from self._exercise(local_midnight(day) + 9 * HOUR_S)
        sent = [float(int(local_midnight(day) + hour * HOUR_S)) for hour in hours]
        if any(float(town.severity(t + ahead * HOUR_S)[0]) > CALM_SEVERITY for t in sent for ahead in (-12, 0, 6, 12)):
            return
        if chances[0] < THUNDER:
            yield self._thunder(name, place, sent[0])
        if chances[1] < WIND:
            yield from self._told("BIEN", sent[1], 10 * HOUR_S, lambda t: self._sea(1, t), cancelled)
        if chances[2] < SHOWER * wet:
            yield from self._told("MUA", sent[2], 8 * HOUR_S, lambda t: self._rain(1, t), not cancelled)

    def _name(self, story: str, first: float, number: int) -> str:
        day = datetime.fromtimestamp(first, LOCAL)
        return f"VN.{self.cast.office.code}.{day:%Y%m%d%H%M}.{story}.{number:02d}"

    def _told(
        self, story: str, sent: float, after: float, draft: Callable[[float], Bulletin], cancelled: bool
    ) -> Iterator[Bulletin]:
        """An Alert, an Update, and a Cancel when it ends early."""
        first = replace(draft(sent), identifier=self._name(story, sent, 1))
        yield first
        second = replace(
            draft(sent + after / 2), identifier=self._name(story, sent, 2), msg_type="Update",
            references=((first.identifier, first.sent),),
        )  # fmt: skip
        yield second
        if cancelled:
            both = ((first.identifier, first.sent), (second.identifier, second.sent))
            yield replace(
                draft(sent + after), identifier=self._name(story, sent, 3), msg_type="Cancel", references=both,
                note="Hình thế nguy hiểm đã kết thúc",
            )  # fmt: skip

    def _exercise(self, sent: float) -> Iterator[Bulletin]:
        vi, en = words.exercise(self.cast.office)
        zone = Zone(units=(self.cast.office.province,))
        first = Bulletin(
            identifier=self._name("DIENTAP", sent, 1), sent=sent, kind="XALU", status="Exercise", severity="Moderate",
            response="None", onset=sent, expires=sent + 3 * HOUR_S, vi=vi, en=en, zone=zone,
        )  # fmt: skip
        yield first
        yield replace(
            first, identifier=self._name("DIENTAP", sent, 2), sent=sent + 2 * HOUR_S, msg_type="Cancel",
            references=((first.identifier, sent),), note="Kết thúc diễn tập",
        )  # fmt: skip

    def _thunder(self, name: str, place: tuple[float, float], sent: float) -> Bulletin:
        vi, en = words.thunder(name, sent)
        return Bulletin(
            identifier=self._name("DONG", sent, 1), sent=sent, kind="DONG", urgency="Immediate", level=1,
            response="Shelter", onset=sent, expires=sent + 3 * HOUR_S, vi=vi, en=en, zone=Zone(circle=(*place, 12)),
        )  # fmt: skip

    def _rain(self, level: int, sent: float) -> Bulletin:
        office = self.cast.office
        return self._draft(
            "MUA",
            level,
            sent,
            words.rain(office, level, sent),
            words.rain_en(office, level),
            Zone(units=(office.province,)),
        )

    def _sea(self, level: int, sent: float, *, shelter: bool = False) -> Bulletin:
        office = self.cast.office
        vi, en = words.sea(office, level, shelter), words.sea_en(office, level, shelter)
        return self._draft("BIEN", level, sent, vi, en, Zone(rings=(office.sea,)), "Shelter" if shelter else "Avoid")

    def _slopes(self, level: int, sent: float) -> Bulletin:
        office = self.cast.office
        vi, en = words.landslide(office, level, sent), words.landslide_en(office, level)
        return self._draft("SATLO", level, sent, vi, en, Zone(units=tuple(self.cast.codes(office.slopes))), "Evacuate")

    def _flood(self, river: River, alarm: int, sent: float) -> Bulletin:
        gauge = self.cast.gauges[river.id]
        now_m, peak_m = self._level(river, sent), max(self._level(river, sent + h * HOUR_S) for h in (0, 3, 6))
        ring = self.cast.banks.get(river.id)
        zone = Zone(rings=(ring,) if ring else (), units=tuple(self.cast.codes(river.wards)))
        vi = words.flood(river, gauge.name, alarm, now_m, max(now_m, peak_m), sent)
        return self._draft("LU", alarm, sent, vi, words.flood_en(river, alarm, max(now_m, peak_m)), zone,
                           "Evacuate" if alarm > 2 else "Prepare")  # fmt: skip

    def _draft(
        self,
        kind: str,
        level: int,
        sent: float,
        vi: Words,
        en: Words,
        zone: Zone,
        response: str = "Prepare",
    ) -> Bulletin:
        return Bulletin(
            identifier="", sent=sent, kind=kind, severity=words.SEVERITIES[level], level=level, response=response,
            onset=sent + HOUR_S, expires=sent + HOLDS_S, vi=vi, en=en, zone=zone,
        )  # fmt: skip

    def _level(self, river: River, t: float) -> float:
        """Metres at the river's gauge, as the hydrology of the city has it."""
        town = self.cast.town
        return float(water_level_m(town.seed, self.cast.gauges[river.id], np.array([t]), town.spell)[0])

    @cached_property
    def _storm(self) -> tuple[Bulletin, ...]:
        """Every bulletin of the scenario's storm, in order of its stories."""
        spell = self.cast.town.spell
        if spell is None:
            return ()
        first = spell.begun + spell.storm.starts_h * HOUR_S - 9 * HOUR_S
        last = spell.begun + spell.storm.ends_h * HOUR_S + DAYS_AFTER * DAY_S
        slots = np.arange(np.ceil(first / SLOT_S), last // SLOT_S) * SLOT_S + 1800
        ahead = self._most(slots, 0, 6)
        slopes = _levels(self._most(slots, -6, 3), (0.35, 0.6, 0.85))
        waves = _levels(self._most(slots, -2, 9), (0.1, 0.3, 0.75))
        found = [
            *self._story("MUALON", slots, _levels(ahead, (0.05, 0.45, 0.8)), self._rain, cancels=True),
            *self._story("SATLO", slots, slopes, self._slopes, cancels=False),
            *self._story("TAUTHUYEN", slots, waves, self._shelter, cancels=True),
        ]
        for river in self.cast.office.rivers:
            draft = self._of(river)
            found += self._story(f"LU{river.id}", slots, self._alarms(river, slots), draft, cancels=True)
        return tuple(found)

    def _shelter(self, level: int, sent: float) -> Bulletin:
        return self._sea(level, sent, shelter=level > 1)

    def _of(self, river: River) -> Draft:
        return lambda alarm, sent: self._flood(river, alarm, sent)

    def _most(self, slots: np.ndarray, begin_h: int, end_h: int) -> np.ndarray:
        """The highest severity from so many hours before to so many after each slot."""
        hours = np.arange(begin_h, end_h + 1) * HOUR_S
        grid = self.cast.town.severity((slots[:, None] + hours[None, :]).ravel())
        return np.asarray(grid.reshape(len(slots), len(hours)).max(axis=1))

    def _alarms(self, river: River, slots: np.ndarray) -> list[int]:
        """The alarm level 0…3 that the river reaches within the office's foresight."""
        town, gauge = self.cast.town, self.cast.gauges[river.id]
        hours = np.arange(0, LOOK_S + 1, HOUR_S)
        grid = water_level_m(town.seed, gauge, (slots[:, None] + hours[None, :]).ravel(), town.spell)
        peaks = grid.reshape(len(slots), len(hours)).max(axis=1)
        marks = [(n, mark) for n, mark in enumerate((gauge.bd1, gauge.bd2, gauge.bd3), 1) if mark is not None]
        return [max((n for n, mark in marks if peak >= mark), default=0) for peak in peaks.tolist()]

    def _story(
        self, story: str, slots: np.ndarray, levels: Sequence[int], draft: Draft, *, cancels: bool
    ) -> Iterator[Bulletin]:
        """One hazard from its first warning to its end; a second wave is a new story."""
        told: list[Triple] = []
        before, age, first = 0, 0, 0.0
        for slot, level in zip(slots.tolist(), levels, strict=True):
            age += 1
            if level and not before:
                told, first, kind = [], slot, "Alert"
            elif level and (level != before or age >= REPEAT_SLOTS):
                kind = "Update"
            elif before and not level and cancels:
                kind = "Cancel"
            else:
                before = level
                continue
            made = draft(level or before, slot)
            name = self._name(story, first, len(told) + 1)
            note = "Tình hình đã trở lại bình thường" if kind == "Cancel" else None
            yield replace(made, identifier=name, msg_type=kind, references=tuple(told[-3:]), note=note)
            told.append((name, slot))
            before, age = level, 0


def _levels(values: Iterable[float], steps: tuple[float, float, float]) -> list[int]:
    return [sum(value >= step for step in steps) for value in values]
