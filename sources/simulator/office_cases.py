"""Cases of an office, state after state, as rows of its export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sources.simulator.clock import local_day
from sources.simulator.office_sheet import At, Known
from sources.simulator.town import Town

FORM = "%d/%m/%Y %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Step:
    """The state of a case from ``t`` on (epoch s), in the office's word; ``code`` where it has one."""

    t: float
    word: str
    closed: bool = False
    code: str | None = None
    notes: str | None = None

    def coded(self, codes: Mapping[str, str]) -> Step:
        return replace(self, code=codes[self.word])


@dataclass(frozen=True, slots=True)
class Case:
    """``begun`` and ``due`` in epoch s; ``cells`` are those that never change; ``steps`` in the order of time."""

    begun: float
    due: float
    cells: Mapping[str, Any]
    steps: tuple[Step, ...]


def rows_of(case: Case, start: float, end: float) -> Iterator[Known]:
    """The case as it stood after each change with start < t <= end."""
    for step in case.steps:
        if start < step.t <= end:
            yield (
                step.t,
                {
                    **case.cells,
                    "ngay_nhan": At(case.begun, FORM),
                    "han": At(case.due, FORM),
                    "cap_nhat": At(step.t, FORM),
                    "ngay_xong": At(step.t, FORM) if step.closed else None,
                    "ma_trang_thai": step.code,
                    "trang_thai": step.word,
                    "ket_qua": step.notes,
                },
            )


KEPT_DAYS = 120


@dataclass
class Cabinet:
    """The cases of a city by the local day on which they began; ``made`` makes those of one day."""

    town: Town
    made: Callable[[Town, int], Iterable[Case]]
    longest_days: int
    _days: dict[int, tuple[Case, ...]] = field(default_factory=dict)

    def rows(self, start: float, end: float) -> Iterator[Known]:
        """Every change with start < t <= end of the cases that began up to ``longest_days`` before."""
        first, last = local_day(start) - self.longest_days, local_day(end)
        if len(self._days) > KEPT_DAYS:
            self._days = {day: cases for day, cases in self._days.items() if day >= first}
        for day in range(first, last + 1):
            if day not in self._days:
                self._days[day] = tuple(self.made(self.town, day))
            for case in self._days[day]:
                yield from rows_of(case, start, end)
