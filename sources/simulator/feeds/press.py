"""Three outlets of the city, and the news of its tourism portal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.newsroom import Newsroom, Outlet
from sources.simulator.press_server import Press, PressHandler, written
from sources.simulator.scenario import HOUR_S
from sources.simulator.town import Town

PRESS, TOURISM = "press", "tourism"
POLL_S = 20.0
LOOK_S = HOUR_S
"""The past is looked at so often: what was new since then is one payload."""

OUTLETS = (
    Outlet("simulated_press_vong_lau", "Báo Vọng Lâu (mô phỏng)", "bao-vong-lau.example", "rss", 0),
    Outlet("simulated_press_thap_canh", "Trang tin Tháp Canh (mô phỏng)", "thap-canh.example", "atom", 1),
    Outlet("simulated_press_dai_pho", "Đài Phố Thị (mô phỏng)", "dai-pho-thi.example", "odd", 2),
)
PORTAL = Outlet("simulated_tourism_news", "Cổng du lịch (mô phỏng)", "cong-du-lich.example", "rss", 0)


def outlets(town: Town) -> list[tuple[str, Outlet]]:
    """Services of the city with what is written for them."""
    found = [(PRESS, outlet) for outlet in OUTLETS] if town.runs(PRESS) else []
    return [*found, *([(TOURISM, PORTAL)] if town.runs(TOURISM) else [])]


def bound(town: Town, service: str, outlet: Outlet, port: int = 0) -> SourceBinding:
    titles = (outlet.title, outlet.title.replace("(mô phỏng)", "(simulated)"))
    options = {
        "url": f"http://{LOOPBACK}:{port}/rss",
        "outlet": outlet.title,
        "provinces": list(town.city.province_codes),
        "poll_s": POLL_S,
    }
    if service == TOURISM:
        options["category"] = "news"
    return binding(outlet.source, "rss", service, titles, options=options, owner=outlet.title)


def sources(town: Town) -> list[SourceBinding]:
    return [bound(town, service, outlet) for service, outlet in outlets(town)]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    found = []
    for service, outlet in outlets(town):
        press = Press(outlet, town.part(Newsroom), host.faults, host.now, travel=service == TOURISM)
        routes = [("/rss", PressHandler, {"source": outlet.source, "faults": host.faults, "press": press})]
        found.append(bound(town, service, outlet, await host.http(outlet.source, routes)))
    return found


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    return {
        outlet.source: payloads(folder, outlet.source, _looks(town, service, outlet, start, end))
        for service, outlet in outlets(town)
    }


def _looks(town: Town, service: str, outlet: Outlet, start: float, end: float) -> Iterator[Line]:
    """The articles by the look that first saw them."""
    looks: dict[float, list[int]] = {}
    articles = town.part(Newsroom).articles(outlet, start, end, travel=service == TOURISM)
    for n, article in enumerate(articles):
        looks.setdefault(min(float(np.ceil(article.t / LOOK_S) * LOOK_S), end), []).append(n)
    for look, numbers in looks.items():
        yield look, written(outlet, [articles[n] for n in reversed(numbers)])


FEED = Feed(sources=sources, open=open_, history=history, order=65)
