"""The planner's clock: live or past, play and step, the window, and the histogram of the layer in focus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import panel as pn

from app.panels import typed_time
from app.panels.detail import clock_text
from app.panels.time_control import TimeControl, bins, faster
from app.state import LONGEST

if TYPE_CHECKING:
    from app.pages.planner import Planner

DAY = timedelta(hours=24)
PLAY_FROM = timedelta(hours=6)
"""Play from live begins so long ago."""

BUCKETS = 48


class ClockHand:
    """Belongs to one ``Planner``; moves ``planner.state.head`` and ``window``."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.playing, self.speed = False, 300
        self._player: Any = None
        self._bins: Sequence[Mapping[str, float]] = ()
        self._wrong: str | None = None
        self.control = TimeControl(words=planner.text.table("time"), data=self.data())
        on = self.control.on
        on("range", self.set_range)
        on("live", lambda m: self.go_live())
        on("play", lambda m: self.play())
        on("step", lambda m: self.step(timedelta(seconds=float(m.get("by", 300)))))
        on("speed", lambda m: self._faster())
        on("known", lambda m: planner.change(as_known=not planner.state.as_known))
        on("at", lambda m: self.typed(str(m.get("text", "")), beside=False))
        on("window", lambda m: self.set_window(float(m.get("seconds") or 0)))
        on("beside", lambda m: self.compare(m.get("text"), m.get("back")))

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """What the control spans: a day, or the window when that is longer, with the head in it."""
        wide = max(DAY, self.planner.state.window)
        head = self.planner.state.end(now)
        end = now if head > now - wide else head + wide / 4
        return end - wide, end

    def data(self) -> dict[str, Any]:
        state, now = self.planner.state, datetime.now(UTC)
        start, end = self.span(now)
        return {
            "language": self.planner.text.language,
            "timezone": self.planner.city.timezone,
            "live": state.live,
            "playing": self.playing,
            "speed": self.speed,
            "as_known": state.as_known,
            "head": state.end(now).timestamp(),
            "window": state.window.total_seconds(),
            "from": start.timestamp(),
            "to": end.timestamp(),
            "bins": list(self._bins),
            "wrong": self._wrong,
            "beside": None if state.beside is None else state.beside.timestamp(),
        }

    def note(self, moment: datetime) -> str | None:
        """What the map says of a clock that stands in the past."""
        planner = self.planner
        if planner.state.live:
            return None
        key = "map.past_known" if planner.state.as_known else "map.past"
        return planner.text(key, time=clock_text(moment, ZoneInfo(planner.city.timezone), datetime.now(UTC)))

    def show(self) -> None:
        self.control.show(self.data())

    def count(self) -> None:
        """Read the histogram of the layer in focus."""
        planner, focus = self.planner, self.planner.state.focus
        if focus is None or focus not in planner.city.services:
            self._bins = ()
            self.show()
            return
        start, end = self.span(datetime.now(UTC))
        reader = planner.context.reader

        def work() -> Sequence[dict[str, float]]:
            rows = reader.query("counts_by_time", service=focus, start=start, end=end, buckets=BUCKETS, known_at=None)
            return bins(rows["start"], rows["n"])

        planner.background.run("histogram", work, self._counted)

    def _counted(self, found: Sequence[Mapping[str, float]]) -> None:
        self._bins = found
        self.show()

    def set_range(self, message: Mapping[str, Any]) -> None:
        head, state = message.get("head"), self.planner.state
        window = timedelta(seconds=max(300.0, float(message.get("window") or 0)))
        moment = None if head is None else datetime.fromtimestamp(float(head), UTC)
        live = moment is None or moment >= datetime.now(UTC)
        self.planner.change(head=None if live else moment, window=window, as_known=state.as_known and not live)

    def typed(self, text: str, *, beside: bool) -> None:
        """Go to a moment that was typed, or put it beside; one that cannot be read is said to be none."""
        now, zone = datetime.now(UTC), ZoneInfo(self.planner.city.timezone)
        try:
            moment = typed_time.parse(text, zone, now)
        except typed_time.NotAMoment as error:
            self._wrong = self.planner.text(f"time.wrong_{error.args[0]}")
            self.show()
            return
        self._wrong = None
        if beside:
            self.planner.beside.set(moment)
        else:
            self.stop()
            self.planner.change(head=moment)

    def set_window(self, seconds: float) -> None:
        """Another width of the window, its end kept."""
        if 300 <= seconds <= LONGEST.total_seconds():
            self.planner.change(window=timedelta(seconds=seconds))

    def compare(self, text: Any, back: Any) -> None:
        """Put another moment beside: typed, or so many seconds before the map's; neither ends the comparison."""
        if isinstance(text, str) and text.strip():
            self.typed(text, beside=True)
        elif isinstance(back, int | float) and back > 0:
            self.planner.beside.set(self.planner.state.end(datetime.now(UTC)) - timedelta(seconds=float(back)))
        else:
            self.planner.beside.set(None)

    def go_live(self) -> None:
        self.stop()
        self.planner.change(head=None, as_known=False)

    def step(self, by: timedelta) -> None:
        now, state = datetime.now(UTC), self.planner.state
        head = state.end(now) + by
        live = head >= now
        if live:
            self.stop()
        self.planner.change(head=None if live else head, as_known=state.as_known and not live)

    def play(self) -> None:
        """Run the map's clock from where it is; from live, over the last hours once more."""
        if self.playing:
            self.stop()
            return
        if self.planner.state.live:
            self.planner.change(head=datetime.now(UTC) - min(self.planner.state.window, PLAY_FROM))
        self.playing = True
        self._player = pn.state.add_periodic_callback(lambda: self.step(timedelta(seconds=self.speed)), 1000)
        self.show()

    def stop(self) -> None:
        self.playing = False
        if self._player is not None:
            self._player.stop()
            self._player = None
        self.show()

    def _faster(self) -> None:
        self.speed = faster(self.speed)
        self.show()
