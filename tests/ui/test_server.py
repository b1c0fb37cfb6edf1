"""Promises of the server to a page: nothing from elsewhere, back after a restart, nothing left behind, live in time."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_token_payload
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PageError

from tests.support.machine import Machine, machine, wait_for
from tests.support.pages import watched
from tests.support.patience import HANG_S, SHOWN_MS

PAGES = ("/explore", "/wall")
DAY_S = 86_400
HELD = 4
"""Documents of ended sessions that may wait for the next one: two of each page."""

SOCKETS = """() => {
  window.sockets = []
  const Real = window.WebSocket
  window.WebSocket = class extends Real {
    constructor(url, protocols) {
      super(window.nobody ?? url, window.other ? ["bokeh", window.other] : protocols)
      sockets.push(this)
      this.addEventListener("close", () => window.half && this.onmessage({data: window.half}))
    }
  }
}"""

REPORTS = "[role=treeitem]:has-text('Phản ánh hiện trường')"
JOINING = "sockets.length > sessions && sockets.at(-1).readyState === WebSocket.CONNECTING"
TELL = """() => { window.before = true
  const [root] = Bokeh.documents.at(-1).roots()
  root.tags = [...root.tags, 'told'] }"""
OPEN = "sockets.length > sessions && sockets.at(-1).readyState === WebSocket.OPEN"
BACK = f"""() => (window.sessions === undefined || {OPEN})
  && Bokeh.documents.at(-1)?.roots().length > 0 && Bokeh.index.roots.length > 0"""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_no_host_but_localhost(running: Machine, chromium: Browser, path: str) -> None:
    page = watched(chromium).open(running.url + path)
    page.tiles_loaded()
    assert not page.foreign
    assert not page.errors
    page.page.context.close()


@pytest.fixture
def own() -> Iterator[Machine]:
    """A machine of the test's own, to be killed at will."""
    with machine() as one:
        one.start("--history", "0")
        yield one


def test_after_a_restart_of_the_server_the_pages_come_back_by_themselves(own: Machine, chromium: Browser) -> None:
    """Also when it died in the middle of a message: BokehJS goes on with its half, fails, and gives up for ever."""
    pages = [watched(chromium) for _ in PAGES]
    for page, path in zip(pages, PAGES, strict=True):
        page.page.add_init_script(f"({SOCKETS})()")
        page.open(own.url + path)
        page.page.evaluate(
            "() => sockets.at(-1).onmessage({data: JSON.stringify({msgid: 'half', msgtype: 'PATCH-DOC'})})"
        )
        page.page.evaluate("() => { window.sessions = sockets.length }")
    own.child("serve").kill()
    planner = pages[0].page
    expect(planner.locator(".vonglau-lost")).to_be_visible()
    wait_for(own.ready, "/readyz after the kill")
    expect(planner.locator(".vonglau-lost")).to_be_hidden()
    planner.wait_for_function(
        "() => window.sessions === undefined"
    )  # a new session knows nothing of this page: a new page
    expect(planner.locator(REPORTS)).to_be_visible()
    for page in pages:
        page.page.wait_for_function(BACK)
        page.tiles_came_whole(3 * SHOWN_MS)  # all of them at once, of a server that has only just begun
        assert not page.foreign  # the reconnected session must not fetch its styles from elsewhere
        page.page.context.close()


def metric(machine: Machine, name: str) -> float:
    text = httpx.get(f"{machine.url}/metrics", trust_env=False, timeout=30).text
    found = re.search(rf"^vonglau_{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def round_of_sessions(running: Machine, chromium: Browser, pages: int) -> tuple[float, float]:
    """Open and close so many pages one after the other; documents and resident bytes once the sessions have ended."""
    for number in range(pages):
        page = watched(chromium).open(running.url + PAGES[number % 2])
        page.page.context.close()
    wait_for(lambda: metric(running, "documents_alive") <= HELD, "documents to be forgotten", 150)
    return metric(running, "documents_alive"), metric(running, "resident_memory_bytes")


def test_sessions_that_ended_leave_nothing_behind(running: Machine, chromium: Browser) -> None:
    """Panel keeps the last page of each kind until another takes its place: a constant, whatever the number."""
    _, first = round_of_sessions(running, chromium, 4)
    documents, second = round_of_sessions(running, chromium, 6)
    assert documents <= HELD
    assert second < first * 1.1


def test_the_token_of_a_page_outlives_any_outage(running: Machine) -> None:
    """A page whose token has expired can never reconnect (bokeh#14416), and the default is five minutes."""
    page = httpx.get(f"{running.url}/explore", trust_env=False, timeout=60).text
    token = re.search(r'"token":"([^"]+)"', page)
    assert token is not None
    left_s = get_token_payload(token[1])["session_expiry"] - time.time()
    assert 29 * DAY_S < left_s <= 30 * DAY_S


TEXT, CLOSE = 0x81, 0x88
"""First bytes of whole frames of a web socket (RFC 6455, 5.2)."""


def dated(machine: Machine, path: str, left_s: int) -> str:
    """The token of a page of now as if it had been made so long ago that only ``left_s`` are left of its life."""
    page = httpx.get(machine.url + path, trust_env=False, timeout=HANG_S).text
    found = re.search(r'"token":"([^"]+)"', page)
    assert found is not None
    payload = get_token_payload(found[1])
    del payload["session_expiry"]
    return str(generate_jwt_token(generate_session_id(), extra_payload=payload, expiration=left_s))


def first_frame(machine: Machine, path: str, token: str) -> bytes:
    """What the server says first to a web socket that shows this token: its ACK, or that it closes."""
    ask = (
        f"GET {path}/ws HTTP/1.1\r\nHost: localhost:{machine.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: bokeh, {token}\r\n\r\n"
    )
    said = b""
    with socket.create_connection(("127.0.0.1", machine.port), HANG_S) as wire:
        wire.sendall(ask.encode())
        while not (frame := said.partition(b"\r\n\r\n")[2]) or (frame[0] == TEXT and b"}" not in frame):
            more = wire.recv(65536)
            assert more, said
            said += more
    return frame


@pytest.mark.parametrize("path", PAGES)
def test_a_token_of_two_hours_ago_opens_a_socket_and_one_of_last_month_does_not(running: Machine, path: str) -> None:
    """What a page shows that reconnects, its session long gone: no life of a token is shorter than an outage."""
    told = first_frame(running, path, dated(running, path, 30 * DAY_S - 2 * 3600))
    assert told[0] == TEXT
    assert b'"ACK"' in told
    assert first_frame(running, path, dated(running, path, -1))[0] == CLOSE


def later(tab: Page, what: str) -> bool:
    """Whether this holds after a second of the page's clock."""
    tab.clock.run_for(1_000)
    return bool(tab.evaluate(f"() => {what}"))


@pytest.mark.parametrize("path", ["/explore", "/desk"])
def test_a_short_cut_is_mended_and_nothing_is_loaded_again(running: Machine, chromium: Browser, path: str) -> None:
    page = watched(chromium)
    tab = page.page
    tab.clock.install()
    tab.add_init_script(f"({SOCKETS})()")
    page.open(running.url + path)
    tab.evaluate("() => { window.before = true; window.sessions = sockets.length; sockets.at(-1).close() }")
    tab.clock.run_for(3_000)
    tab.wait_for_function(f"() => {OPEN}")
    for _ in range(30):  # longer than a page that is still lost would wait
        tab.clock.run_for(3_000)
    expect(tab.locator(".vonglau-lost")).to_be_hidden()
    assert tab.evaluate("() => window.before")
    assert tab.evaluate("() => Bokeh.documents.map(doc => doc.roots().length > 0)") == [True]
    assert not page.errors
    tab.context.close()


BAND = "Boolean(document.querySelector('.vonglau-lost:not([hidden])'))"


def test_a_line_that_is_cut_without_a_word_is_said_too(running: Machine, chromium: Browser) -> None:
    """The socket stays open, as it does for many minutes when a cable is pulled."""
    page = watched(chromium)
    tab = page.page
    tab.clock.install()
    page.open(running.url + "/explore")
    tab.evaluate("() => { window.before = true }")
    tab.route("**/readyz", lambda route: route.abort())
    wait_for(lambda: later(tab, BAND), "the band")
    expect(tab.locator(".vonglau-lost")).to_contain_text("Mất kết nối máy chủ từ")
    tab.unroute("**/readyz")
    wait_for(lambda: not later(tab, BAND), "the band to go")
    assert tab.evaluate("() => window.before")
    tab.context.close()


def test_what_is_done_while_a_page_is_being_joined_breaks_nothing(running: Machine, chromium: Browser) -> None:
    page = watched(chromium)
    tab = page.page
    tab.clock.install()
    tab.add_init_script(f"({SOCKETS})()")
    page.open(running.url + "/explore")
    with socket.create_server(("127.0.0.1", 0)) as nobody:  # takes the connection and says nothing
        tab.evaluate("port => { window.nobody = `ws://127.0.0.1:${port}` }", nobody.getsockname()[1])
        tab.evaluate("() => { window.sessions = sockets.length; sockets.at(-1).close() }")
        wait_for(lambda: later(tab, JOINING), "the page to ask for its session")
        tab.evaluate(TELL)
        tab.evaluate("() => { delete window.nobody }")
    wait_for(
        lambda: later(tab, f"{OPEN} && Bokeh.documents.at(-1).roots()[0]?.tags.includes('told') === false"),
        "what the server has",
    )
    tab.clock.run_for(3_000)
    expect(tab.locator(".vonglau-lost")).to_be_hidden()
    assert tab.evaluate("() => window.before"), "the session lives: nothing is loaded again"
    expect(tab.locator(REPORTS)).to_be_visible()
    assert not page.errors
    tab.context.close()


@pytest.mark.parametrize(
    ("path", "band"), [("/wall", ".band"), ("/explore", ".vonglau-lost"), ("/desk", ".vonglau-lost")]
)
def test_a_page_whose_token_has_expired_loads_itself_again(
    running: Machine, chromium: Browser, path: str, band: str
) -> None:
    page = watched(chromium)
    tab = page.page
    tab.clock.install()
    tab.add_init_script(f"({SOCKETS})()")
    page.open(running.url + path)
    expect(tab.locator(band)).to_be_hidden()
    no_chance = "token => { window.before = true; window.other = token; Math.random = () => 0 }"
    tab.evaluate(no_chance, dated(running, path, -1))
    tab.evaluate("() => sockets.forEach(socket => socket.close())")

    def pass_by(ms: int) -> bool:
        """Whether the page has loaded itself again; what it tells a socket that is not yet open ends the call, too."""
        with suppress(PageError):
            tab.clock.fast_forward(ms)
        with suppress(PageError):  # on its way
            return bool(tab.evaluate("() => window.before === undefined"))
        return False

    pass_by(3_000)
    expect(tab.locator(band)).to_be_visible()
    wait_for(lambda: pass_by(6_000), "the page to load itself again")  # it asks for its session for a minute and more
    page.idle()
    expect(tab.locator(band)).to_be_hidden()
    tab.context.close()


def test_a_burst_of_tiles_is_answered_with_pictures(running: Machine) -> None:
    """Thirty at once, none of them drawn before: late or stale, never an error."""
    now, z = int(time.time()), 12
    paths = [f"/t/basemap/wall/1/0-0/0/{z}/{3260 + n % 8}/{1850 + n // 8}.png" for n in range(20)]
    paths += [f"/t/fishing_vessels/wall/9/{now - 7200}-{now}/0/9/{405 + n % 5}/{230 + n // 5}.png" for n in range(10)]
    with ThreadPoolExecutor(30) as many, httpx.Client(base_url=running.url, trust_env=False, timeout=120) as client:
        answers = list(many.map(client.get, paths))
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.content.startswith(b"\x89PNG") for answer in answers)


def test_readyz_and_metrics_say_what_a_monitor_needs(running: Machine) -> None:
    report = httpx.get(f"{running.url}/readyz", trust_env=False).json()
    assert report["ready"] is True
    assert set(report) == {"ready", "build", "database", "listening"}
    text = httpx.get(f"{running.url}/metrics", trust_env=False, timeout=30).text
    for name in (
        "database_up",
        "event_loop_lag_seconds",
        "sessions",
        "resident_memory_bytes",
        "source_up",
        "rows_total",
    ):
        assert f"vonglau_{name}" in text


def test_tiles_are_images_with_a_long_life_and_bad_ones_are_not_found(running: Machine) -> None:
    now = int(time.time())
    good = f"{running.url}/t/basemap/desk/1/0-0/0/10/817/464.png"
    answer = httpx.get(good, trust_env=False, timeout=60)
    assert answer.status_code == 200
    assert answer.content.startswith(b"\x89PNG")
    assert "immutable" in answer.headers["Cache-Control"]
    for bad in ("nope/desk/1/0-0/0/10/1/1", "basemap/desk/1/0-0/0/3/9/1", "basemap/neon/1/0-0/0/3/1/1"):
        assert httpx.get(f"{running.url}/t/{bad}.png", trust_env=False).status_code == 404
    density = f"{running.url}/t/fishing_vessels/desk/7/{now - 86400}-{now}/0/9/409/232.png"
    assert httpx.get(density, trust_env=False, timeout=60).content.startswith(b"\x89PNG")
