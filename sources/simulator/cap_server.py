"""The met office's pages: an Atom and an RSS index, and a file for each bulletin, with ETag and Last-Modified."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http import HTTPStatus
from typing import Any

from sources.simulator.bulletin import Bulletin, stamp, xml
from sources.simulator.clock import DAY_S
from sources.simulator.conditional_http import ConditionalHandler
from sources.simulator.faults import Faults, Kind
from sources.simulator.met_office import MetOffice

PATH = "/cap"
SHOWN_S = 3 * DAY_S
MOST = 100


@dataclass
class Desk:
    """What is on the pages now. A bulletin that a wrong clock has stamped keeps its stamp."""

    source: str
    office: MetOffice
    faults: Faults
    now: Callable[[], float]
    _skews: dict[str, float] = field(default_factory=dict)

    def shown(self) -> list[Bulletin]:
        """The newest first."""
        until = self.faults.held_at(self.source, self.now())
        found = [self._stamped(b) for b in self.office.between(until - SHOWN_S, until)][-MOST:]
        return found[::-1]

    def one(self, identifier: str) -> Bulletin | None:
        return next((b for b in self.shown() if b.identifier == identifier), None)

    def _stamped(self, bulletin: Bulletin) -> Bulletin:
        fault = self.faults.of(self.source)
        if fault is not None and fault.kind is Kind.SKEW and bulletin.sent >= fault.since:
            self._skews.setdefault(bulletin.identifier, fault.seconds)
        if len(self._skews) > 10 * MOST:
            self._skews.clear()
        skew = self._skews.get(bulletin.identifier, 0.0)
        return bulletin.shifted(skew) if skew else bulletin


def routes(desk: Desk) -> list[tuple[str, type[CapHandler], dict[str, object]]]:
    return [(rf"{PATH}/(.+)", CapHandler, {"source": desk.source, "faults": desk.faults, "desk": desk})]


class CapHandler(ConditionalHandler):
    """``index.atom``, ``index.rss``, ``{identifier}.xml``."""

    def initialize(self, source: str, faults: Faults, desk: Desk | None = None, **_: Any) -> None:
        super().initialize(source, faults)
        assert desk is not None
        self.desk = desk

    async def get(self, path: str) -> None:
        office = self.desk.office.cast.office
        if path.startswith("index."):
            shown = await asyncio.to_thread(self.desk.shown)
            if self.faults.is_on(self.source, Kind.DUPLICATES):
                shown = [b for b in shown for _ in range(2)]
            rss = path.endswith("rss")
            body = _rss(shown, office.sender_vi, self._root) if rss else _atom(shown, office.sender_vi, self._root)
            newest = max((b.sent for b in shown), default=0.0)
            await self.send_unless_known(body, "application/rss+xml" if rss else "application/atom+xml", newest)
            return
        found = await asyncio.to_thread(self.desk.one, path.removesuffix(".xml"))
        if found is None:
            await self.send("không có bản tin này", "text/plain", HTTPStatus.NOT_FOUND)
            return
        body = xml(found, office.sender, (office.sender_vi, office.sender_en))
        await self.send_unless_known(body, "application/cap+xml", found.sent)

    @property
    def _root(self) -> str:
        return f"{self.request.protocol}://{self.request.host}{PATH}"


def _atom(shown: Sequence[Bulletin], title: str, root: str) -> str:
    entries = "".join(
        f"<entry><id>urn:cap:{b.identifier}</id><title>{escape(b.vi.headline)}</title><updated>{stamp(b.sent)}</updated>"
        f'<link rel="alternate" type="application/cap+xml" href="{root}/{b.identifier}.xml"/>'
        f"<summary>{escape(b.vi.area)}</summary></entry>\n"
        for b in shown
    )
    updated = stamp(max((b.sent for b in shown), default=0.0))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>{root}/index.atom</id><title>{escape(title)}</title><updated>{updated}</updated>"
        f'<author><name>{escape(title)}</name></author><link rel="self" href="{root}/index.atom"/>\n{entries}</feed>\n'
    )


def _rss(shown: Sequence[Bulletin], title: str, root: str) -> str:
    items = "".join(
        f"<item><title>{escape(b.vi.headline)}</title><link>{root}/{b.identifier}.xml</link>"
        f'<guid isPermaLink="false">{b.identifier}</guid><pubDate>{_rfc822(b.sent)}</pubDate>'
        f"<description>{escape(b.vi.area)}</description></item>\n"
        for b in shown
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>{escape(title)}</title>'
        f"<link>{root}/index.rss</link><description>CAP 1.2</description>\n{items}</channel></rss>\n"
    )


def _rfc822(t: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(t), UTC))
