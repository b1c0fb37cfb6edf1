"""The session of the sources page: what is chosen, what was read last, and what each block shows of it.

Reading happens in the session's thread. A change in the database marks the page as due; it is read at the next turn, at
most every three seconds, so a city that never rests costs as much as one that speaks now and then.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import panel as pn

from app.context import PageContext
from app.pages import listed, nav, sources_bindings, sources_card, sources_rows
from app.pages import sources_reading as reading
from app.pages import sources_words as say
from app.pages.background import Background
from app.pages.sources_cause import common
from app.panels.app_bar import AppBar
from app.panels.detail import clock_text
from app.panels.shell import Shell
from app.panels.source_detail import SourceDetail
from app.panels.source_head import SourceHead
from app.panels.source_table import SourceTable
from app.text import Text
from geodata.errors import VongLauError

TURN_S = 3
SLOW_TURNS = 5
"""States change by time alone too: a feed grows late without a word."""

STORY_TURNS = 4


class SourcesScreen:
    """``body`` is set by ``app.pages.sources``; ``start`` begins to read and listen."""

    def __init__(self, context: PageContext, text: Text) -> None:
        self.context, self.text, self.city = context, text, context.city
        self.background = Background()
        self.ledger = reading.Ledger(at=datetime.now(UTC))
        self.chosen: str | None = context.query.get("source") or None
        self.story: reading.Story | None = None
        self._due, self._turns, self._story_due, self._drawn = True, 0, True, 0
        self.body: Any = None
        self._blocks()

    def _blocks(self) -> None:
        text = self.text
        units = {"age": text.table("age")}
        own = text.table("sources")
        self.bar = AppBar(data=self._bar_data(), words=text.table("bar"))
        self.head = SourceHead(words=own["head"])
        self.table = SourceTable(words={**own["table"], **units}, data={"timezone": self.city.timezone})
        self.detail = SourceDetail(words={**own["panel"], **units})
        self.shell = Shell(words=own["keys"], data={"link": self._link()})
        for block in (self.head, self.table, self.detail):
            block.on("drawn", lambda m: self._again())
        self.head.on("filter", lambda m: self.table.say({"type": "filter", "q": str(m.get("q", ""))}))
        self.table.on("pick", lambda m: self.choose(str(m["id"])))
        self.detail.on("close", lambda m: self.choose(None))
        self.shell.on("key", lambda m: self.press(str(m.get("key"))))

    def start(self) -> None:
        """Read, and follow the database."""
        self.context.refresh.subscribe(self.changed)
        self.read()
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.add_periodic_callback(self._turn, TURN_S * 1000)

    # -- reading -------------------------------------------------------------------------------
    def changed(self, versions: Mapping[str, int]) -> None:
        """Rows or a feed's state changed; which service it was does not matter, one statement reads them all."""
        self._due = True

    def _turn(self) -> None:
        self._turns += 1
        if self._turns % STORY_TURNS == 0:
            self._story_due = True
        if self._due or self._turns % SLOW_TURNS == 0:
            self.read()

    def read(self) -> None:
        self._due = False
        self.background.run("read", self._read, self._show)

    def _read(self) -> tuple[reading.Ledger, reading.Story | None, str | None]:
        """In the session's thread. When the database is away the last picture stays and says since when."""
        chosen = self.chosen
        try:
            ledger = reading.read(self.context.reader, self.city)
        except VongLauError as error:
            return replace(self.ledger, error=str(error)), self.story, chosen
        story = self.story
        if ledger.find(chosen) is None:
            story = None
        elif self._story_due:
            self._story_due = False
            with suppress(VongLauError):  # the states were read: the panel keeps what it showed
                story = reading.story_of(self.context.reader, self.city, str(chosen))
        return ledger, story, chosen

    def _show(self, found: tuple[reading.Ledger, reading.Story | None, str | None]) -> None:
        self.ledger, story, chosen = found
        if chosen == self.chosen:
            self.story = story
        self.refresh_blocks()

    def _again(self) -> None:
        """What was sent while the browser was still drawing a block may be lost: it is sent once more."""
        self._drawn += 1
        self.refresh_blocks()

    # -- what the blocks show ------------------------------------------------------------------
    def refresh_blocks(self) -> None:
        """Put the present state into every block; equal data sends nothing."""
        ledger, text, city = self.ledger, self.text, self.city
        bindings = sources_bindings.bindings(self.context.settings, city)
        read = bool(ledger.services)
        drawn = {"drawn": self._drawn}
        self.head.show(drawn | (self._head(bindings) if read or ledger.error else {"language": text.language}))
        self.table.show(
            drawn
            | {
                "language": text.language,
                "timezone": city.timezone,
                "groups": sources_rows.groups(city, ledger, text) if read else [],
                "selected": self.chosen,
                "read": read or ledger.error is not None,
                "stale": ledger.error is not None,
            }
        )
        self.detail.show(drawn | self._card(bindings))
        self.shell.show({"link": self._link()})

    def _head(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        ledger, text, city = self.ledger, self.text, self.city
        found = sources_rows.counts(city, ledger)
        cause = common(ledger.sources, sources_bindings.owned(bindings))
        sentence = say.cause(cause, city.timezone, ledger.at, text)
        if ledger.error is not None:
            time = clock_text(ledger.at, ZoneInfo(city.timezone), datetime.now(UTC))
            sentence = text("sources.away", time=time) if ledger.services else text("sources.away_never")
        return {
            "language": text.language,
            "counts": [{"state": name, "n": n, "word": text(f"sources.state.{name}")} for name, n in found.items()]
            if ledger.services
            else [],
            "sentence": sentence,
            "bad": cause.kind != "calm" or ledger.error is not None,
            "simulated": text("simulated") if any(s.simulated for s in ledger.sources) else "",
        }

    def _card(self, bindings: Mapping[str, Any]) -> dict[str, Any]:
        """The panel's data; empty closes it."""
        if self.chosen is None or not self.ledger.services:
            return {}
        if self.chosen == sources_rows.PLATFORM:
            return sources_card.of_ledger(self.ledger, self.city, self.text)
        source = self.ledger.find(self.chosen)
        if source is None:
            return {"id": self.chosen, "gone": self.text("sources.gone", id=self.chosen[:80])}
        own = sources_bindings.own(self.context.settings, self.city)
        file = sources_bindings.file_of(self.context.settings.data, self.city)
        subject = sources_card.Subject(
            source=source,
            binding=bindings.get(source.id),
            file=None if source.id in own or source.id not in bindings else file,
            ledger=self.ledger,
            story=self.story,
            city=self.city,
        )
        return sources_card.content(subject, self.text)

    def _bar_data(self) -> dict[str, Any]:
        city, language, way = self.city.title(self.text.language), self.text.language, nav.links(self.text, "sources")
        return {"city": city, "timezone": self.city.timezone, "language": language, "nav": way, "search": False}

    def _link(self) -> str:
        return "?" if self.chosen is None else f"?source={quote(self.chosen, safe='')}"

    def arrange(self) -> None:
        """The panel takes its room when a source is chosen."""
        self.body.css_classes = ["sources", *(["chosen"] if self.chosen else [])]

    # -- what the user does --------------------------------------------------------------------
    def choose(self, name: str | None) -> None:
        """Open the panel of a source; None closes it. A service without a source has nothing to open."""
        if name == self.chosen or (name is not None and name.startswith("service:")):
            return
        self.chosen, self.story, self._story_due = name, None, True
        self.arrange()
        self.refresh_blocks()
        self.read()

    def press(self, name: str) -> None:
        """What a key does; the table keeps its own while it has the focus."""
        if name == "clear":
            self.choose(None)
        else:
            listed.press(self.table, name)
