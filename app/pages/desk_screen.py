"""The session of the duty desk: what is chosen, what was read last, what a person does about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import panel as pn
import shapely

from app.context import PageContext
from app.inbox import is_left
from app.pages import desk_blocks, desk_deeds, nav
from app.pages import desk_reading as reading
from app.pages.background import Background
from app.pages.desk_map import DeskMap
from app.panels.app_bar import AppBar
from app.panels.desk_case import DeskCase
from app.panels.desk_head import DeskHead
from app.panels.desk_queue import DeskQueue
from app.panels.desk_side import DeskSide
from app.panels.shell import Shell
from app.text import Text
from geodata.errors import VongLauError
from geodata.watch.spoken import named, spoken
from geodata.watch.words import in_language

TURN_S = 5
SLOW_TURNS = 6
"""Ages, sleep and evidence move by time alone."""

WHICH = ("all", "new", "mine")


class DeskScreen:
    """``body`` is set by ``app.pages.desk``; ``start`` begins to read and listen."""

    def __init__(self, context: PageContext, text: Text) -> None:
        self.context, self.text, self.city = context, text, context.city
        self.who = context.user or text("desk.someone")
        self.background = Background()
        now = datetime.now(UTC)
        self.queue = reading.Queue(at=now, shift=now)
        self.case: reading.Case | None = None
        self.chosen: int | None = _number(context.query.get("f"))
        self.which = context.query.get("which", "all") if context.query.get("which") in WHICH else "all"
        self._shown: int | None = None  # the finding the map stands at
        self._due, self._turns, self._drawn = True, 0, 0
        self.map = DeskMap(context, text, self.background)
        self.body: Any = None
        self._blocks()

    def _blocks(self) -> None:
        text = self.text
        own, units = text.table("desk"), {"age": text.table("age")}
        self.bar = AppBar(data=self._bar(0), words=text.table("bar"))
        self.list = DeskQueue(words={**own["queue"], **units})
        self.head = DeskHead(words=own["head"])
        self.middle = DeskCase(words={**own["case"], **units})
        self.side = DeskSide(words={**own["side"], **units})
        self.shell = Shell(words=own["keys"], data={"link": self._link(), "singles": own["singles"]})
        for block in (self.list, self.head, self.middle, self.side):
            block.on("drawn", lambda m: self._again())
        self.list.on("pick", lambda m: self.choose(_number(m.get("id"))))
        self.list.on("which", lambda m: self.sift(str(m.get("which"))))
        self.list.on("handover", lambda m: self.act("handover", {"text": m.get("text")}))
        self.middle.on("note", lambda m: self.act("note", {"text": m.get("text")}, m.get("id")))
        self.side.on("act", lambda m: self.act(str(m.get("what")), m.get("detail"), m.get("id")))
        self.shell.on("key", lambda m: self.press(str(m.get("key"))))

    def start(self) -> None:
        """Read, and follow the database."""
        self.map.show()
        self.context.refresh.subscribe(self.changed)
        self.read()
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.add_periodic_callback(self._turn, TURN_S * 1000)

    # -- reading -------------------------------------------------------------------------------
    def changed(self, versions: Mapping[str, int]) -> None:
        """Findings and acts are the service ``watch``; the map follows the layer that it shows."""
        if "watch" in versions:
            self.read()
        elif self.map.service in versions:
            self._due = True

    def _turn(self) -> None:
        self._turns += 1
        if self._due or self._turns % SLOW_TURNS == 0:
            self._due = False
            self.map.ask()
            self.read()

    def read(self) -> None:
        self.background.run("read", self._read, self._show)

    def _read(self) -> tuple[reading.Queue, reading.Case | None, int | None]:
        """In the session's thread. When the database is away the last picture stays and says since when."""
        chosen = self.chosen
        try:
            queue = reading.queue(self.context.reader, self.city, datetime.now(UTC))
            rows = {int(row["id"]): row for row in reading.records(queue.rows) if is_left(row)}
            if chosen not in rows:
                shown = desk_blocks.chosen_rows(queue, self.which, self.who)
                chosen = int(shown[0]["id"]) if shown else None
            case = reading.case(self.context.reader, rows[chosen], queue.at) if chosen is not None else None
        except VongLauError as error:
            return replace(self.queue, error=str(error)), self.case, self.chosen
        return queue, case, chosen

    def _show(self, found: tuple[reading.Queue, reading.Case | None, int | None]) -> None:
        self.queue, case, chosen = found
        if chosen == self.chosen or self.chosen not in self._ids():  # else another was chosen while this was read
            self.chosen, self.case = chosen, case
        self.refresh_blocks()
        if self.chosen != self._shown and self.case is not None and int(self.case.row["id"]) == self.chosen:
            self._shown = self.chosen
            self._go(self.case.row)

    def _ids(self) -> set[int]:
        return {int(row["id"]) for row in reading.records(self.queue.rows) if is_left(row)}

    def _go(self, row: Mapping[str, Any]) -> None:
        wkb = row["geometry"]
        geometry = shapely.from_wkb(bytes(wkb)) if wkb is not None else None
        said = spoken(str(row["rule"]), row["facts"], self.text.language, self.city.timezone, self.queue.at)
        name = str(in_language(row["facts"].get("name"), self.text.language) or said.title)
        moving = any(rest["kind"] == "Position" for rest in row["rows"])
        path = self.case.evidence.path if self.case is not None else ()
        self.map.go(self._layer(row), geometry, named(name), moving=moving, path=path)

    @staticmethod
    def _layer(row: Mapping[str, Any]) -> str:
        """The layer that shows it: the service's own; of a lost feed the first service that it feeds."""
        told = row["facts"].get("services")
        return str(told[0]) if row["service"] == "platform" and isinstance(told, list) and told else str(row["service"])

    def _again(self) -> None:
        """What was sent while the browser was still drawing a block may be lost: it is sent once more."""
        self._drawn += 1
        self.refresh_blocks()

    def refresh_blocks(self) -> None:
        """Put the present state into every block; equal data sends nothing."""
        drawn = {"drawn": self._drawn, "acts": self.context.may_act()}
        queue, city, text = self.queue, self.city, self.text
        left = desk_blocks.queue_data(queue, city, text, selected=self.chosen, which=self.which, who=self.who)
        middle = desk_blocks.case_data(self.case, queue, city, text)
        self.middle.show(drawn | middle)
        self.head.show(drawn | {k: v for k, v in middle.items() if k not in {"evidence", "log"}})
        self.side.show(drawn | desk_blocks.side_data(self.case, queue, city, text))
        self.list.show(drawn | left)  # last: who sees a row chosen there acts on it with what stands at the side
        self.bar.show(self._bar(left["new"]))
        self.shell.show({"link": self._link(), "singles": text.table("desk.singles")})

    def _bar(self, new: int) -> dict[str, Any]:
        text = self.text
        way = nav.links(text, "desk", {"desk": new})
        city, language = self.city.title(text.language), text.language
        return {"city": city, "timezone": self.city.timezone, "language": language, "nav": way, "search": False}

    def _link(self) -> str:
        parts = [f"f={self.chosen}"] if self.chosen is not None else []
        parts += [f"which={self.which}"] if self.which != "all" else []
        return "?" + "&".join(parts)

    # -- what the user does --------------------------------------------------------------------
    def choose(self, number: int | None) -> None:
        """Open a finding of the queue."""
        if number is None or number == self.chosen:
            return
        row = next((one for one in reading.records(self.queue.rows) if int(one["id"]) == number), None)
        if row is None:
            return
        self.chosen, self.case = number, reading.begun(row, self.queue.at)  # a key pressed now is of this one
        self.refresh_blocks()
        self.background.run("read", self._read, self._show, urgent=True)

    def sift(self, which: str) -> None:
        if which in WHICH and which != self.which:
            self.which = which
            self.refresh_blocks()

    def act(self, what: str, detail: object, number: object = None) -> None:
        """Write a line of the journal; what cannot be understood or stored is told in the live region.

        ``number``: the finding that stood before the hand that did it; None: the chosen one.
        """
        if not self.context.may_act():
            self.list.say({"type": "say", "text": self.text("desk.look_only")})
            return
        wanted = self.chosen if number is None else _number(number)
        rows = reading.records(self.queue.rows)
        finding = None if what == "handover" else next((row for row in rows if int(row["id"]) == wanted), None)
        now = datetime.now(UTC)
        try:
            deed = desk_deeds.deed(what, detail, finding, self.city, now, self.text)
        except VongLauError as error:
            self.list.say({"type": "say", "text": str(error)})
            return
        settings, who = self.context.settings, self.who
        self.background.run(f"act-{what}-{now.timestamp()}", lambda: desk_deeds.store(settings, who, deed), self._acted)

    def _acted(self, error: str | None) -> None:
        if error:
            self.list.say({"type": "say", "text": self.text("desk.not_stored", reason=error)})
        self.read()

    def press(self, name: str) -> None:
        """What a key does."""
        if name in {"queue_next", "next", "queue_previous", "previous"}:
            shown = [int(row["id"]) for row in desk_blocks.chosen_rows(self.queue, self.which, self.who)]
            if shown:
                at = shown.index(self.chosen) if self.chosen in shown else -1
                step = 1 if name in {"queue_next", "next"} else -1
                self.choose(shown[max(0, min(len(shown) - 1, at + step))])
        elif name == "acknowledge":
            self.act("acknowledge", {})


def _number(value: object) -> int | None:
    """A finding's number; a link may hold anything."""
    text = str(value or "")
    return int(text) if text.isdecimal() and len(text) < 16 else None
