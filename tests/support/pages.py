"""What the page tests ask of a page in Chromium."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.support.patience import SHOWN_MS

OWN = {"localhost", "127.0.0.1"}
IDLE = "() => window.Bokeh && Bokeh.documents.length > 0 && Bokeh.documents[0].is_idle"

# the sources of all tile renderers in sight, found by walking the views; what a wall turned away asks for none
SOURCES = """(() => {
  const sources = new Set(), seen = new Set()
  const walk = view => {
    if (!view || !view.model || seen.has(view) || view.model.visible === false) return
    seen.add(view)
    if (view.model.type === "Figure" && view.el?.checkVisibility() === false) return
    if (view.model.tile_source?.tiles) sources.add(view.model.tile_source)
    // layouts, figures and Panel's components keep their children each in its own way
    for (const children of [view.child_views, view._child_views?.values(), view.renderer_views?.values()])
      for (const child of children ?? []) walk(child)
  }
  for (const view of Bokeh.index) walk(view)
  return [...sources]
})()"""

# [loaded, all]
TILES = f"""() => {{
  const tiles = {SOURCES}.flatMap(source => [...source.tiles.values()])
  return [tiles.filter(tile => tile.loaded).length, tiles.length]
}}"""

# whether every source was seen whole since first asked: densities change with the minute, a wall turns its scenes:
# on a busy machine there may be no moment at which all of them are whole
CAME_WHOLE = f"""() => {{
  const whole = window.__whole ??= new WeakSet(), sources = {SOURCES}
  for (const source of sources) {{
    const tiles = [...source.tiles.values()]
    if (tiles.length > 0 && tiles.every(tile => tile.loaded)) whole.add(source)
  }}
  return sources.length > 0 && sources.every(source => whole.has(source))
}}"""

# what has not come: of each source how many are loaded, given up and under way, and the addresses of some
MISSING = f"""() => {SOURCES}.map(source => {{
  const tiles = [...source.tiles.values()], open = tiles.filter(tile => !tile.loaded)
  const ended = open.filter(tile => tile.finished).length
  return {{url: source.url, loaded: tiles.length - open.length, ended, asked: open.length - ended,
           some: open.slice(0, 3).map(tile => [tile.img?.src, tile.img?.naturalWidth])}}
}})"""

# whether any data source of the page holds a mark of this id
HAS_ID = """id => Bokeh.documents.some(doc => [...doc._all_models.values()].some(model =>
  model.type === "ColumnDataSource" && model.data && model.data.id && [...model.data.id].includes(id)))"""


class Watched:
    """A page with all that it asked for and all that it complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.failed: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda r: self.requests.append(r.url))
        page.on("websocket", lambda w: self.requests.append(w.url))
        page.on("requestfailed", lambda r: self.failed.append(r.url))
        page.on("pageerror", lambda e: self.errors.append(str(e)))

    def open(self, url: str) -> Watched:
        self.page.goto(url)
        self.idle()
        return self

    def idle(self, timeout_ms: int = SHOWN_MS) -> None:
        self.page.wait_for_function(IDLE, timeout=timeout_ms)

    def tiles_loaded(self, timeout_ms: int = SHOWN_MS) -> None:
        self.page.wait_for_function(
            f"() => {{ const [l, a] = ({TILES})(); return a > 0 && l == a }}", timeout=timeout_ms
        )

    def tiles_came_whole(self, timeout_ms: int = SHOWN_MS) -> None:
        """No source of tiles keeps a hole; they need not all be whole at the same moment."""
        try:
            self.page.wait_for_function(CAME_WHOLE, timeout=timeout_ms)
        except PlaywrightTimeout as error:
            missing = self.page.evaluate(MISSING)
            raise AssertionError(f"{self.page.url}: {missing}, failed {self.failed[-5:]}") from error

    @property
    def foreign(self) -> Sequence[str]:
        """Requests that left this machine."""
        return [u for u in self.requests if urlsplit(u).scheme in {"http", "https", "ws", "wss"}
                and urlsplit(u).hostname not in OWN]  # fmt: skip


def watched(browser: Browser, width: int = 1920, height: int = 1080) -> Watched:
    """A new page in its own context, as patient as the tests are."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(SHOWN_MS)
    return Watched(context.new_page())
