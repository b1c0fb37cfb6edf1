"""With a login file nobody sees anything without a session: pages, sockets, tiles, metrics, files; the form works."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, expect
from tornado.web import create_signed_value

from app.access import COOKIE, SEAL, cookie_secret
from app.users import Book, Users
from geodata.store.findings import FindingStore
from geodata.watch.course import advance
from geodata.watch.rule import rules
from geodata.watch.signs import Fires
from tests.support.cluster import TestCluster
from tests.support.machine import clean_environment, wait_for
from tests.support.pages import watched
from tests.support.patience import SHOWN_MS
from tests.support.ports import free_port

NAME, PASSWORD = "trực ban", "mật khẩu dài"
pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, slots=True)
class Closed:
    """A running `vonglau serve --login-file`."""

    url: str
    data: Path
    store: str  # of the role watch

    @property
    def users(self) -> Path:
        return self.data / "users.json"

    def cookies(self, name: str = NAME, *, age_days: float = 0.0, sealed: bool = True) -> dict[str, str]:
        """A session as this server would have begun it so long ago."""
        seal = Users(self.users).seal(name) or "nobody"
        made = {COOKIE: name, **({SEAL: seal} if sealed else {})}
        secret, then = cookie_secret(self.data), time.time() - age_days * 86_400
        return {
            key: create_signed_value(secret, key, value, clock=lambda: then).decode() for key, value in made.items()
        }

    def get(self, path: str, **cookies: str) -> httpx.Response:
        return httpx.get(self.url + path, cookies=cookies, trust_env=False, timeout=60)

    def log_in(self, name: str, password: str, target: str = "/explore", **headers: str) -> httpx.Response:
        """What the form does: fetch it with its XSRF token, send it back."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60, headers=headers) as client:
            token = re.search(r'name="_xsrf" value="([^"]+)"', client.get("/login").text)
            assert token is not None
            given = {"_xsrf": token[1], "name": name, "password": password, "next": target}
            return client.post("/login", data=given)


@pytest.fixture(scope="module")
def closed(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    folder, port = tmp_path_factory.mktemp("closed"), free_port()
    users = folder / "users.json"
    Book({NAME: PasswordHasher().hash(PASSWORD)}).write(users)
    with cluster.fresh() as name:
        command = [sys.executable, "-m", "app", "serve", "--data", str(folder), "--port", str(port)]
        command += ["--login-file", str(users), "--allow-origin", "ioc.example"]
        environ = {**clean_environment(), "VONGLAU_DSN": cluster.dsn("desk", name), "VONGLAU_METRICS_TOKEN": "monitor"}
        log = folder / "serve.log"
        with log.open("wb") as words, subprocess.Popen(command, env=environ, stderr=words) as process:
            here = Closed(f"http://localhost:{port}", folder, cluster.dsn("watch", name))
            try:
                wait_for(lambda: answers(here, process), f"/readyz\n{log.read_text()}")
                yield here
            finally:
                process.terminate()
                process.wait(timeout=120)


def answers(closed: Closed, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "serve ended"
    try:
        return closed.get("/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/explore",
        "/explore?lang=en",
        "/wall",
        "/wall/sea",
        "/explore/autoload.js?bokeh-autoload-element=1",
        "/explore/metadata",
    ],
)
def test_a_page_without_a_session_is_not_shown(closed: Closed, path: str) -> None:
    answer = closed.get(path)
    assert answer.status_code in {302, 401, 403}
    assert "token" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/t/basemap/desk/1/0-0/0/3/6/3.png",
        "/t/fishing_vessels/desk/1/0-1/0/3/6/3.png",
        "/metrics",
        "/report?a=w19789",
        "/report.pdf?a=w19789",
        "/report.png?a=w19789",
        "/export?box=107,16,108,17",
        "/assets/tilefix.js",
    ],
)
def test_a_part_of_a_page_without_a_session_is_refused(closed: Closed, path: str) -> None:
    assert closed.get(path).status_code in {302, 403}
    assert closed.get(path, user="forged").status_code in {302, 403}


@pytest.mark.parametrize("page", ["/explore", "/wall", "/wall/sea"])
def test_a_socket_without_a_session_is_refused(closed: Closed, page: str) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    answer = httpx.get(f"{closed.url}{page}/ws", headers={**upgrade, "Sec-WebSocket-Version": "13"}, trust_env=False)
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_a_monitor_is_let_in_by_its_token_and_a_balancer_without_one(closed: Closed) -> None:
    headers = {"Authorization": "Bearer monitor"}
    assert httpx.get(f"{closed.url}/metrics", headers=headers, trust_env=False, timeout=60).status_code == 200
    assert set(closed.get("/readyz").json()) == {"ready", "build", "database", "listening"}


@pytest.mark.parametrize("path", ["/explore?lang=en&t=1", "/wall/sea?lang=vi", "/wall"])
def test_the_way_to_the_form_keeps_where_one_wanted_to_go(closed: Closed, path: str) -> None:
    with httpx.Client(base_url=closed.url, trust_env=False, follow_redirects=True, timeout=60) as client:
        form = client.get(path)
    assert form.url.path == "/login"
    assert form.url.params["next"] == path
    assert ("User name" if "lang=en" in path else "Tên người dùng") in form.text


def test_the_cookie_is_closed_to_scripts_and_other_sites(closed: Closed) -> None:
    answer = closed.log_in(NAME, PASSWORD, "/wall/sea")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/wall/sea")
    for one in answer.headers.get_list("Set-Cookie"):
        for name, cookie in SimpleCookie(one).items():
            closed_to_all = (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
            assert closed_to_all or name == "_xsrf"


def test_behind_https_the_cookie_never_leaves_it(closed: Closed) -> None:
    answer = closed.log_in(NAME, PASSWORD, **{"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.1.2.3"})
    set_ = {name: cookie for one in answer.headers.get_list("Set-Cookie") for name, cookie in SimpleCookie(one).items()}
    assert set_[COOKIE]["secure"] is True
    assert set_[SEAL]["secure"] is True


def test_nobody_is_led_elsewhere(closed: Closed) -> None:
    for target in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        assert closed.log_in(NAME, PASSWORD, target).headers["Location"] == "/explore"


def test_a_form_from_elsewhere_is_refused(closed: Closed) -> None:
    answer = httpx.post(f"{closed.url}/login", data={"name": NAME, "password": PASSWORD}, trust_env=False)
    assert answer.status_code == httpx.codes.FORBIDDEN


def test_wrong_tries_are_told_and_slowed_down(closed: Closed) -> None:
    answers = [closed.log_in("ai đó", "sai") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert "Tên hoặc mật khẩu không đúng." in answers[0].text
    assert "Đợi một phút" in answers[-1].text
    assert all("user=" not in answer.headers.get("Set-Cookie", "") for answer in answers)
    assert closed.log_in(NAME, PASSWORD).status_code == 302  # somebody else is not held up


def test_a_user_logs_in_by_hand_and_lands_where_he_wanted(closed: Closed, chromium: Browser) -> None:
    page = watched(chromium)
    page.page.goto(f"{closed.url}/wall/sea")
    page.page.get_by_label("Tên người dùng").fill(NAME)
    page.page.get_by_label("Mật khẩu").fill("sai")
    page.page.get_by_role("button", name="Đăng nhập").click()
    page.page.get_by_text("Tên hoặc mật khẩu không đúng.").wait_for()
    page.page.get_by_label("Tên người dùng").fill(NAME)
    page.page.get_by_label("Mật khẩu").fill(PASSWORD)
    with page.page.expect_response(lambda r: "/t/basemap/" in r.url, timeout=60_000) as tile:
        page.page.get_by_role("button", name="Đăng nhập").click()
        page.page.wait_for_url(f"{closed.url}/wall/sea")
        page.idle()
    assert tile.value.status == httpx.codes.OK
    assert not page.foreign
    assert not page.errors
    page.page.goto(f"{closed.url}/logout")
    page.page.goto(f"{closed.url}/explore")
    page.page.get_by_label("Mật khẩu").wait_for()
    page.page.context.close()


@pytest.mark.parametrize(
    ("age_days", "status", "renewed"), [(0.1, 200, False), (2, 200, True), (29, 200, True), (31, 302, False)]
)
def test_a_session_that_is_used_goes_on(closed: Closed, age_days: float, status: int, *, renewed: bool) -> None:
    """A wall loads itself anew each night: after a month it would have shown the form to a hall without a keyboard."""
    answer = closed.get("/wall", **closed.cookies(age_days=age_days))
    assert answer.status_code == status
    given = {name for one in answer.headers.get_list("Set-Cookie") for name in SimpleCookie(one)}
    assert ({COOKIE, SEAL} <= given) is renewed
    tile = closed.get("/t/basemap/desk/1/0-0/0/3/6/3.png", **closed.cookies(age_days=age_days))
    assert tile.status_code == (200 if status == 200 else 403)
    assert "Set-Cookie" not in tile.headers, "a tile may be cached"


def test_a_session_without_its_seal_is_none(closed: Closed) -> None:
    assert closed.get("/wall", **closed.cookies(sealed=False)).status_code == 302
    assert closed.get("/wall", **closed.cookies("ai đó")).status_code == 302


@pytest.mark.parametrize("how", ["removed", "new password"])
def test_who_may_not_look_any_more_sees_nothing_more(closed: Closed, chromium: Browser, how: str) -> None:
    """Without a restart: the next request is refused, and a page that stands open is let go of."""
    guest, before = "khách", Book.read(closed.users).users
    Book({**before, guest: PasswordHasher().hash("mật khẩu 1")}).write(closed.users)
    cookies = closed.cookies(guest)
    assert closed.get("/explore", **cookies).status_code == 200
    page = watched(chromium)
    page.page.context.add_cookies([{"name": k, "value": v, "url": closed.url} for k, v in cookies.items()])
    with page.page.expect_websocket() as socket:
        page.page.goto(f"{closed.url}/explore")
    page.idle()
    with socket.value.expect_event("close", timeout=SHOWN_MS):
        changed = {} if how == "removed" else {guest: PasswordHasher().hash("mật khẩu 2")}
        Book({**before, **changed}).write(closed.users)
    assert closed.get("/explore", **cookies).status_code == 302
    assert closed.get("/explore", **closed.cookies()).status_code == 200, "nobody else is held up"
    page.page.context.close()
    Book(before).write(closed.users)


@pytest.mark.parametrize("looks", [True, False], ids=["looks", "acts"])
def test_who_may_only_look_does_nothing_at_the_desk(closed: Closed, chromium: Browser, *, looks: bool) -> None:
    """A wall stands in a hall: whoever plugs a keyboard into it must not acknowledge for the officer on duty."""
    one, now, before = rules()["fishing_vessels.lost_6h"], datetime.now(UTC), Book.read(closed.users)
    with FindingStore(closed.store) as store:
        assert store.turn()
        store.looked(now)
        fires = Fires(key=f"v{looks:d}", since=now - timedelta(hours=7), facts={"name": "Tàu 1"})
        (finding,) = store.apply(advance(one, {}, [fires], now))
        Book({**before.users, "hội trường": "x"}, frozenset({"hội trường"} if looks else ())).write(closed.users)
        page = watched(chromium)
        cookies = closed.cookies("hội trường")
        page.page.context.add_cookies([{"name": k, "value": v, "url": closed.url} for k, v in cookies.items()])
        page.open(f"{closed.url}/desk?f={finding.id}")
        expect(page.page.locator(".ds .sev")).to_be_visible(timeout=SHOWN_MS)
        for control in (".ds .act", ".dc .nt", ".dq .ho"):
            expect(page.page.locator(control)).to_have_count(0 if looks else 1)
        page.page.keyboard.press("x")
        if looks:
            expect(page.page.locator(".ds .look")).to_contain_text("chỉ xem")
            expect(page.page.locator(".dq .said")).to_contain_text("chỉ xem", timeout=SHOWN_MS)
        expect(page.page.locator(".q.sel.new")).to_have_count(1 if looks else 0, timeout=SHOWN_MS)
        assert not page.errors
        page.page.context.close()
    before.write(closed.users)


def test_beyond_this_machine_there_is_no_way_without_a_login(tmp_path: Path) -> None:
    for name in ("serve", "up"):
        command = [sys.executable, "-m", "app", name, "--host", "0.0.0.0", "--data", str(tmp_path / "none")]
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False, timeout=60)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "vonglau user add" in done.stderr
    assert not (tmp_path / "none").exists()
