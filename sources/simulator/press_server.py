"""The outlets' feeds: RSS 2.0, Atom, and RSS with dates as Vietnamese sites write them; ETag and Last-Modified."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from sources.simulator.clock import LOCAL
from sources.simulator.conditional_http import ConditionalHandler
from sources.simulator.faults import Faults, Kind
from sources.simulator.newsroom import Article, Newsroom, Outlet
from sources.simulator.scenario import HOUR_S

SHOWN_S = 48 * HOUR_S
MOST = 50
WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")


@dataclass
class Press:
    """One outlet's page now. An article that a wrong clock has dated keeps its date."""

    outlet: Outlet
    room: Newsroom
    faults: Faults
    now: Callable[[], float]
    travel: bool = False
    _skews: dict[int, float] = field(default_factory=dict)

    def shown(self) -> list[Article]:
        """The newest first."""
        source = self.outlet.source
        until = self.faults.held_at(source, self.now())
        found = self.room.articles(self.outlet, until - SHOWN_S, until, travel=self.travel)[-MOST:]
        fault = self.faults.of(source)
        if fault is not None and fault.kind is Kind.SKEW:
            self._skews |= {
                a.number: fault.seconds for a in found if a.t >= fault.since and a.number not in self._skews
            }
        self._skews = {a.number: self._skews[a.number] for a in found if a.number in self._skews}
        dated = [replace(a, t=a.t + self._skews[a.number]) if a.number in self._skews else a for a in found]
        return dated[::-1]

    def page(self) -> tuple[str, float]:
        """The feed and the instant of its last change."""
        shown = self.shown()
        changed = max((article.t for article in shown), default=0.0)
        if self.faults.is_on(self.outlet.source, Kind.DUPLICATES):
            shown = [article for article in shown for _ in range(2)]
        return written(self.outlet, shown), changed


class PressHandler(ConditionalHandler):
    def initialize(self, source: str, faults: Faults, press: Press | None = None, **_: Any) -> None:
        super().initialize(source, faults)
        assert press is not None
        self.press = press

    async def get(self) -> None:
        body, changed = await asyncio.to_thread(self.press.page)
        kind = "application/atom+xml" if self.press.outlet.form == "atom" else "application/rss+xml"
        await self.send_unless_known(body, kind, changed)


def written(outlet: Outlet, articles: Sequence[Article]) -> str:
    """The feed of these articles, newest first."""
    return _atom(outlet, articles) if outlet.form == "atom" else _rss(outlet, articles)


def _rss(outlet: Outlet, articles: Sequence[Article]) -> str:
    odd = outlet.form == "odd"
    items = "".join(
        f"<item><title><![CDATA[{a.title}]]></title><link>{a.link(outlet)}?utm_source=rss</link>"
        + (f'<guid isPermaLink="false">{a.number}</guid>' if odd else f"<guid>{a.link(outlet)}</guid>")
        + f"<pubDate>{odd_date(a.t, a.number) if odd else _rfc822(a.t)}</pubDate>"
        f"<category>{escape(a.topic)}</category><description><![CDATA[<p>{a.text}</p>]]></description></item>\n"
        for a in articles
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>{escape(outlet.title)}</title>'
        f"<link>https://{outlet.host}/</link><description>{escape(outlet.title)}</description><language>vi</language>\n"
        f"{items}</channel></rss>\n"
    )


def _atom(outlet: Outlet, articles: Sequence[Article]) -> str:
    def stamp(t: float) -> str:
        return datetime.fromtimestamp(t, LOCAL).isoformat()

    entries = "".join(
        f"<entry><id>tag:{outlet.host},2026:{a.number}</id><title>{escape(a.title)}</title>"
        f'<link rel="alternate" href="{a.link(outlet)}"/>'
        f"<published>{stamp(a.t)}</published><updated>{stamp(a.t)}</updated>"
        f'<category term="{escape(a.topic)}"/><summary>{escape(a.text)}</summary></entry>\n'
        for a in articles
    )
    updated = stamp(max((a.t for a in articles), default=0.0))
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><id>https://{outlet.host}/</id>'
        f"<title>{escape(outlet.title)}</title><updated>{updated}</updated>"
        f'<author><name>{escape(outlet.title)}</name></author><link href="https://{outlet.host}/"/>\n{entries}</feed>\n'
    )


def _rfc822(t: float) -> str:
    return format_datetime(datetime.fromtimestamp(t, LOCAL))


def odd_date(t: float, number: int) -> str:
    """Local time as one of seven that libraries read wrong or not at all."""
    local = datetime.fromtimestamp(t, LOCAL)
    day, clock = local.strftime("%d/%m/%Y"), local.strftime("%H:%M:%S")
    return (
        f"{WEEKDAYS[local.weekday()]}, {day}, {clock} (GMT+7)",
        f"{day} {clock}",
        local.strftime("%Y-%m-%d %H:%M:%S"),
        local.strftime("%Y-%m-%dT%H:%M:%S"),
        local.strftime("%a, %d %b %Y %H:%M:%S") + " ICT",
        f"{local.month}/{local.day}/{local.year} {local.strftime('%I:%M:%S %p')}",
        f"{local.day} tháng {local.month}, {local.year} {clock}",
    )[number // 4 % 7]
