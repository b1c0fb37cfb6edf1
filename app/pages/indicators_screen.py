"""The session of the indicators page: what is chosen, what was counted, and what each block shows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import panel as pn

from app.context import PageContext
from app.pages import indicators_card, indicators_rows, listed, nav
from app.pages.background import Background
from app.pages.indicators_clock import Clock, Moment
from app.pages.indicators_reading import Reading
from app.panels.app_bar import AppBar
from app.panels.detail import clock_text
from app.panels.indicator_detail import IndicatorDetail
from app.panels.indicator_head import IndicatorHead
from app.panels.indicator_table import IndicatorTable
from app.panels.shell import Shell
from app.text import Text
from geodata.errors import VongLauError
from geodata.indicators.indicator import indicators
from layers import words

TURN_S = 2


class IndicatorsScreen:
    """``body`` is set by ``app.pages.indicators``; ``start`` begins to count."""

    def __init__(self, context: PageContext, text: Text) -> None:
        self.context, self.text, self.city = context, text, context.city
        self.background = Background()
        self.clock = Clock(context.query, self.city.timezone, text, self._moved)
        self.reading = Reading(context, self.asked)
        chosen = context.query.get("i")
        self.chosen: str | None = chosen if chosen in indicators() else None
        self.error: str | None = None
        self._drawn = 0
        self.body: Any = None
        self._blocks()

    def _blocks(self) -> None:
        text = self.text
        units = {"age": text.table("age")}
        own = text.table("indicators")
        bar = {"city": self.city.title(text.language), "timezone": self.city.timezone, "language": text.language,
               "nav": nav.links(text, "indicators"), "search": False}  # fmt: skip
        self.bar = AppBar(data=bar, words=text.table("bar"))
        self.head = IndicatorHead(words=own["head"])
        self.table = IndicatorTable(words={**own["table"], **units}, data={"timezone": self.city.timezone})
        self.detail = IndicatorDetail(words={**own["panel"], **units})
        self.shell = Shell(words=own["keys"], data=self._shell())
        for block in (self.head, self.clock.control, self.table, self.detail):
            block.on("drawn", lambda m: self._again())
        self.head.on("filter", lambda m: self.table.say({"type": "filter", "q": str(m.get("q", ""))}))
        self.head.on("export", lambda m: self.export())
        self.table.on("pick", lambda m: self.choose(str(m["id"])))
        self.detail.on("close", lambda m: self.choose(None))
        self.shell.on("key", lambda m: self.press(str(m.get("key"))))

    def start(self) -> None:
        """Count, and count again while the page is live."""
        self.count()
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.add_periodic_callback(self._turn, TURN_S * 1000)

    @property
    def asked(self) -> Moment:
        return self.clock.asked

    # -- counting --------------------------------------------------------------------------------
    def _turn(self) -> None:
        if self.background.watched and self.reading.due():
            self.count()

    def count(self) -> None:
        self.background.run("count", self._round, self._show)

    def _round(self) -> str | None:
        """In the session's thread. When the database is away what was counted stays, and says since when."""
        try:
            self.reading.round()
        except VongLauError as error:
            return str(error)
        return None

    def _show(self, error: str | None) -> None:
        self.error = error
        self.refresh_blocks()
        if error is None and self.reading.due() and self.background.watched:
            self.background.run("count", self._round, self._show, urgent=True)

    def _moved(self) -> None:
        """Another moment is asked: nothing of the one before may stand under its name."""
        if self.reading.asked != self.asked:
            self.reading, self.error = Reading(self.context, self.asked), None
            self.background.run("count", self._round, self._show, urgent=True)
        self.refresh_blocks()

    def _again(self) -> None:
        """What was sent while the browser was still drawing a block may be lost: it is sent once more."""
        self._drawn += 1
        self.refresh_blocks()

    # -- what the blocks show ----------------------------------------------------------------------
    def refresh_blocks(self) -> None:
        """Put the present state into every block; equal data sends nothing."""
        read, drawn = self.reading.read, {"drawn": self._drawn}
        self.head.show(drawn | self._head())
        self.clock.control.show(drawn | self.clock.data())
        self.table.show(
            drawn
            | {
                "language": self.text.language,
                "timezone": self.city.timezone,
                "groups": indicators_rows.groups(read, self.reading.names, self.text),
                "selected": self.chosen,
                "clock": None if self.asked.at is None else self.asked.at.timestamp(),
                "stale": self.error is not None,
            }
        )
        self.detail.show(drawn | self._card())
        self.shell.show(self._shell())

    def _head(self) -> dict[str, Any]:
        text, read = self.text, self.reading.read
        found = indicators_rows.counts(read.values)
        sentence = self._sentence()
        if self.error is not None:
            seen = read.at or datetime.now(UTC)
            time = clock_text(seen, ZoneInfo(self.city.timezone), datetime.now(UTC))
            sentence = text("indicators.away", time=time)
        return {
            "language": text.language,
            "counts": [{"state": name, "n": n, "word": text(f"indicators.count.{name}")} for name, n in found.items()]
            if read.values
            else [],
            "sentence": sentence,
            "bad": self.error is not None,
            "past": not self.asked.live,
            "simulated": text("simulated") if any(v.figure.simulated for v in read.values.values()) else "",
        }

    def _sentence(self) -> str:
        """What the numbers are of: live, or a past moment, how it is known, and the way back."""
        text, asked, zone = self.text, self.asked, self.city.timezone
        counting = [] if self.reading.whole else [text("indicators.reading")]
        if asked.live:
            return counting[0] if counting else text("indicators.said_live")
        said = text("indicators.said_then", time=words.moment(asked.at, zone))
        if asked.known_at is not None:
            said += ", " + text("indicators.said_known", time=words.moment(asked.known_at, zone))
        return " ".join([f"{said}.", *(f"{one}." for one in counting), text("indicators.said_back")])

    def _card(self) -> dict[str, Any]:
        """The panel's data; empty closes it."""
        if self.chosen is None:
            return {}
        one, read = indicators()[self.chosen], self.reading.read
        known = self.context.live.known.values()
        vi = self.text.language == "vi"
        titles = {s.id: s.title_vi if vi else s.title_en for state in known for s in state.sources}
        past = read.past.get(one.id, ())
        return indicators_card.content(one, read.values.get(one.id), past, self.asked, self.city, titles, self.text)

    def _link(self) -> str:
        parts = {**({"i": self.chosen} if self.chosen else {}), **self.asked.query()}
        return "?" + "&".join(f"{key}={quote(value)}" for key, value in parts.items())

    def _shell(self) -> dict[str, Any]:
        return {"link": self._link(), "singles": self.text.table("indicators.singles")}

    def arrange(self) -> None:
        """The panel takes its room when an indicator is chosen."""
        self.body.css_classes = ["indicators", *(["chosen"] if self.chosen else [])]

    # -- what the user does --------------------------------------------------------------------------
    def choose(self, name: str | None) -> None:
        """Open the panel of an indicator; None closes it."""
        if name == self.chosen or (name is not None and name not in indicators()):
            return
        self.chosen = name
        self.arrange()
        self.refresh_blocks()

    def export(self) -> None:
        """Hand the browser what is counted as a CSV file."""
        at = self.asked.at or self.reading.read.at or datetime.now(UTC)
        when = at.astimezone(ZoneInfo(self.city.timezone))
        name = f"{self.text('indicators.file')}_{self.city.id}_{when:%Y%m%d_%H%M}.csv"
        values: Mapping[str, Any] = self.reading.read.values
        self.head.say({"type": "file", "name": name, "text": indicators_rows.table(values, self.text.language)})

    def press(self, name: str) -> None:
        """What a key does; the table keeps its own while it has the focus."""
        hand = self.clock
        acts: Mapping[str, Callable[[], None]] = {
            "clear": lambda: self.choose(None),
            "export": self.export,
            "live": hand.live,
            "hour_back": lambda: hand.step(-3600),
            "hour_on": lambda: hand.step(3600),
        }
        if name in acts:
            acts[name]()
        else:
            listed.press(self.table, name)
