"""``make soak``: wall and planner in Chromium for hours under a flood, while servers die and the network goes.

    python -m tests.soak.soak --hours 8 [--cycle-min 10] [--feeds ais,open311,…]

Every cycle one thing happens: the page server, the database or the ingest is killed, or the browser loses
its network for a minute. Every ten seconds each page is asked: does it show a picture (else *blank*), does it say that
the picture is old (*stale, said*), and is it older than two minutes without saying so (*a lie*)? Memory of all
processes goes into the same table. Ends with 1 after a lie, a page that did not come back, or memory that grows.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import click
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.machine import Machine, machine, wait_for
from tests.support.pages import watched

EVERY_S = 10.0
CUT_S = 60.0
LIE_S = 120.0
GROWTH = 1.15
"""Memory of the last quarter over that of the second: the first fills caches."""

STATE = """() => {
  const deep = (root, want) => { for (const e of root.querySelectorAll("*")) {
    if (e.matches(want) && !e.hidden && e.getBoundingClientRect().height > 0) return e
    const found = e.shadowRoot && deep(e.shadowRoot, want); if (found) return found } return null }
  const doc = window.Bokeh?.documents?.at(-1)
  const canvas = deep(document, "canvas")
  const said = Boolean(deep(document, ".band, .vonglau-lost"))
  return {drawn: Boolean(doc && canvas), said, seen: window.soak_patched ?? 0}
}"""
LISTEN = """() => { const doc = window.Bokeh?.documents?.at(-1); if (!doc || doc.soak) return
  doc.soak = true; window.soak_patched = Date.now() / 1000
  doc.on_change(() => { window.soak_patched = Date.now() / 1000 }) }"""


@dataclass
class Watch:
    """One page over the whole run; seconds by what it showed."""

    path: str
    page: Page
    beats: bool
    asked: float = 0
    blank: float = 0
    said: float = 0
    lie: float = 0
    longest: dict[str, float] = field(default_factory=lambda: {"blank": 0.0, "said": 0.0, "lie": 0.0})
    _since: dict[str, float] = field(default_factory=dict)

    def look(self, passed_s: float) -> None:
        try:
            self.page.evaluate(LISTEN)
            state = self.page.evaluate(STATE)
        except Exception:  # noqa: BLE001 (a page that is loading itself again has no answer)
            state = {"drawn": False, "said": False, "seen": 0}
        old = self.beats and time.time() - state["seen"] > LIE_S
        now = {
            "blank": not state["drawn"],
            "said": state["drawn"] and state["said"],
            "lie": state["drawn"] and old and not state["said"],
        }
        self.asked += passed_s
        for name, holds in now.items():
            if holds:
                setattr(self, name, getattr(self, name) + passed_s)
                self._since[name] = self._since.get(name, 0.0) + passed_s
                self.longest[name] = max(self.longest[name], self._since[name])
            else:
                self._since.pop(name, None)

    def row(self) -> str:
        parts = [f"{n} {getattr(self, n):6.0f} s (longest {self.longest[n]:4.0f})" for n in ("blank", "said", "lie")]
        return f"{self.path:<16} asked {self.asked:7.0f} s   " + "   ".join(parts)


def sizes(here: Machine) -> dict[str, float]:
    """MiB: our processes by name, the database together, Chromium together."""
    found: dict[str, float] = {}
    for name in ("serve", "ingest", "simulate"):
        try:
            found[name] = here.child(name).memory_info().rss / 2**20
        except (LookupError, psutil.NoSuchProcess):
            found[name] = float("nan")
    mine = psutil.Process().children(recursive=True)
    found["chromium"] = sum(_own(p) for p in mine if "chrom" in _name(p))
    return found


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def _own(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().uss / 2**20)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def kill(here: Machine, name: str) -> None:
    here.child(name).kill()


def kill_database(here: Machine) -> None:
    servers = [p for p in here.processes() if _name(p) == "postgres"]
    min(servers, key=lambda p: p.create_time()).kill()


def cut(pages: list[Watch]) -> None:
    """The browser has no network for a minute; it is looked at meanwhile."""
    for one in pages:
        one.page.context.set_offline(offline=True)
    looking(pages, CUT_S)
    for one in pages:
        one.page.context.set_offline(offline=False)


def looking(pages: list[Watch], seconds: float) -> None:
    end = time.monotonic() + seconds
    last = time.monotonic()
    while time.monotonic() < end:
        time.sleep(min(EVERY_S, max(0.1, end - time.monotonic())))
        passed, last = time.monotonic() - last, time.monotonic()
        for one in pages:
            one.look(passed)


def troubles(here: Machine, pages: list[Watch]) -> Iterator[tuple[str, Callable[[], None]]]:
    return itertools.cycle(
        (
            ("page server killed", lambda: kill(here, "serve")),
            ("database killed", lambda: kill_database(here)),
            ("network of the browser cut", lambda: cut(pages)),
            ("ingest killed", lambda: kill(here, "ingest")),
        )
    )


def opened(browser: Browser, here: Machine) -> list[Watch]:
    return [
        Watch("/wall", watched(browser, 3840, 2160).open(here.url + "/wall").page, beats=True),
        Watch("/explore", watched(browser).open(here.url + "/explore").page, beats=False),
    ]


def grown(samples: list[dict[str, float]], name: str) -> float:
    """Median of the last quarter over that of the second; 1 where there are too few samples."""
    values = [s[name] for s in samples if s[name] == s[name]]
    if len(values) < 8:
        return 1.0
    quarter = len(values) // 4
    early, late = sorted(values[quarter : 2 * quarter]), sorted(values[-quarter:])
    return late[len(late) // 2] / early[len(early) // 2]


def run(here: Machine, browser: Browser, seconds: float, cycle_s: float) -> bool:
    pages = opened(browser, here)
    samples: list[dict[str, float]] = []
    end = time.monotonic() + seconds
    for what, happen in troubles(here, pages):
        looking(pages, cycle_s)
        samples.append(sizes(here))
        click.echo(time.strftime("%H:%M ") + "  ".join(f"{n} {v:.0f} MiB" for n, v in samples[-1].items()))
        if time.monotonic() >= end:
            break
        click.echo(f"      {what}")
        happen()
        wait_for(here.ready, f"/readyz after: {what}")
    looking(pages, 120)  # whatever came last must have healed
    for one in pages:
        click.echo(one.row())
    rates = {name: grown(samples, name) for name in samples[0]}
    click.echo("growth " + "  ".join(f"{n} ×{rate:.2f}" for n, rate in rates.items()))
    healed = not any(one._since for one in pages)
    return healed and not any(one.lie for one in pages) and max(rates.values()) < GROWTH


@click.command()
@click.option("--hours", default=1.0, show_default=True)
@click.option("--cycle-min", default=10.0, show_default=True, help="Minutes between two troubles.")
@click.option("--feeds", default="", help="Only these feeds of the city; all without it.")
def main(hours: float, cycle_min: float, feeds: str) -> None:
    """Hours of wall and planner under trouble."""
    with machine(ahead=True) as here, sync_playwright() as playwright:
        here.start("--scenario", "flood", "--feeds", feeds)
        chromium = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu"]}
        browser = playwright.chromium.launch(**chromium)  # type: ignore[arg-type]
        good = run(here, browser, hours * 3600, cycle_min * 60)
        browser.close()
    click.echo("held" if good else "did NOT hold")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
