"""The clock of the indicators page: live or one past moment, as known now or then; the same link as the planner's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app.panels import typed_time
from app.panels.moment_control import MomentControl
from layers import words

if TYPE_CHECKING:
    from app.text import Text


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked: ``at`` None is live, ``known_at`` None is as known now. Aware UTC, whole seconds."""

    at: datetime | None = None
    known_at: datetime | None = None

    @property
    def live(self) -> bool:
        return self.at is None

    @property
    def as_known(self) -> bool:
        """As known at the moment itself, which is what the planner's ``k=1`` asks."""
        return self.at is not None and self.known_at == self.at

    def query(self) -> Mapping[str, str]:
        """For a link: ``t``, ``k`` as the planner writes them; ``known`` for a moment that is neither now nor then."""
        if self.at is None:
            return {}
        told = {"t": str(int(self.at.timestamp()))}
        if self.as_known:
            told["k"] = "1"
        elif self.known_at is not None:
            told["known"] = str(int(self.known_at.timestamp()))
        return told


LIVE = Moment()


def moment(query: Mapping[str, str], now: datetime) -> Moment:
    """Of a link: ``t``, ``known`` are epoch seconds or ISO times, ``k=1`` is as known at ``t``.

    Raises typed_time.NotAMoment: ``link`` for what cannot be read, ``future`` or ``old``.
    """
    if not query.get("t"):
        return LIVE
    at = _time(query["t"], now)
    known = _time(query["known"], now) if query.get("known") else None
    return Moment(at, at if query.get("k") == "1" and known is None else known)


def _time(text: str, now: datetime) -> datetime:
    try:
        number = text.replace(".", "", 1).isdecimal()
        found = datetime.fromtimestamp(float(text), UTC) if number else datetime.fromisoformat(text)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError, OSError) as error:
        raise typed_time.NotAMoment("link") from error
    if found > now:
        raise typed_time.NotAMoment("future")
    if found < typed_time.OLDEST:
        raise typed_time.NotAMoment("old")
    return found


class Clock:
    """``asked`` is what the page shows; ``changed`` is called when a hand has asked for another moment."""

    def __init__(self, query: Mapping[str, str], timezone: str, text: Text, changed: Callable[[], None]) -> None:
        self.text, self.zone, self._changed = text, ZoneInfo(timezone), changed
        self.asked = LIVE
        self._wrong: str | None = None
        try:
            self.asked = moment(query, datetime.now(UTC))
        except typed_time.NotAMoment as error:
            self._wrong = self._why(error)
        self.control = MomentControl(words={**text.table("time"), **text.table("indicators.time")}, data=self.data())
        on = self.control.on
        on("live", lambda m: self.live())
        on("at", lambda m: self.typed(str(m.get("text", ""))))
        on("ago", lambda m: self.ago(_seconds(m.get("seconds"))))
        on("step", lambda m: self.step(_seconds(m.get("by"))))
        on("known", lambda m: self.known())

    def data(self) -> dict[str, Any]:
        asked = self.asked
        other = asked.known_at is not None and not asked.as_known
        return {
            "timezone": str(self.zone),
            "live": asked.live,
            "at": None if asked.at is None else asked.at.timestamp(),
            "as_known": asked.known_at is not None,
            "known": self.said(asked.known_at) if other else "",
            "wrong": self._wrong,
        }

    def said(self, known_at: datetime | None) -> str:
        """As known at a moment, in words."""
        return self.text("map.past_known", time=words.moment(known_at, self.zone))

    def live(self) -> None:
        self._ask(LIVE)

    def typed(self, text: str) -> None:
        """Go to a moment that was typed; nothing typed is live, what is no moment is said to be none."""
        if not text.strip():
            self.live()
            return
        try:
            self._ask(self._at(typed_time.parse(text, self.zone, datetime.now(UTC))))
        except typed_time.NotAMoment as error:
            self._wrong = self.text(f"time.wrong_{error.args[0]}")
            self._changed()

    def ago(self, seconds: float) -> None:
        """So many seconds before now."""
        if seconds > 0:
            self._go(datetime.now(UTC) - timedelta(seconds=seconds))

    def step(self, seconds: float) -> None:
        """From the moment shown; what would not be past any more is live."""
        now = datetime.now(UTC)
        there = (self.asked.at or now) + timedelta(seconds=seconds)
        if there < now:
            self._go(there)
        elif not self.asked.live:
            self.live()

    def known(self) -> None:
        """As known then, or as known now."""
        asked = self.asked
        if asked.at is not None:
            self._ask(replace(asked, known_at=asked.at if asked.known_at is None else None))

    def _go(self, there: datetime) -> None:
        if there >= typed_time.OLDEST:
            self._ask(self._at(there))

    def _at(self, there: datetime) -> Moment:
        """Another moment, known as the one before it: now, or then."""
        there = there.replace(microsecond=0)
        return Moment(there, there if self.asked.as_known else None)

    def _ask(self, asked: Moment) -> None:
        self._wrong = None
        self.asked = asked
        self._changed()

    def _why(self, error: typed_time.NotAMoment) -> str:
        why = "indicators.time.wrong_link" if error.args[0] == "link" else f"time.wrong_{error.args[0]}"
        return f"{self.text(why)} {self.text('indicators.time.live_now')}"


def _seconds(value: Any) -> float:
    """A number of seconds of a message; nought for what is none or not of this world."""
    found = float(value) if isinstance(value, int | float) else 0.0
    return found if abs(found) <= 366 * 86400 else 0.0
