"""The login page: one form, in Vietnamese and English, with nothing from elsewhere."""

from __future__ import annotations

import asyncio
import html
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

from tornado.web import RequestHandler

from app.access import COOKIE, SEAL, Access
from layers import palette

WORDS = {
    "vi": {
        "title": "Đăng nhập",
        "name": "Tên người dùng",
        "password": "Mật khẩu",
        "enter": "Đăng nhập",
        "wrong": "Tên hoặc mật khẩu không đúng.",
        "slow": "Đã thử sai nhiều lần. Đợi một phút rồi thử lại.",
    },
    "en": {
        "title": "Log in",
        "name": "User name",
        "password": "Password",
        "enter": "Log in",
        "wrong": "Name or password is not right.",
        "slow": "Too many wrong tries. Wait a minute, then try again.",
    },
}


@cache
def template() -> str:
    return files("app").joinpath("assets/login.html").read_text(encoding="utf-8")


def inside(target: str) -> str:
    """A path of this server; anything that leads elsewhere becomes the planner."""
    parts = urlsplit(target)
    safe = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if safe else "/explore"


class LoginHandler(RequestHandler):
    """GET shows the form, POST checks it (XSRF token, throttle, argon2 in a thread) and sets the cookie."""

    access: Access

    def initialize(self, access: Access) -> None:
        self.access = access

    @property
    def wanted(self) -> str:
        """Where the user was on the way to."""
        return inside(self.get_argument("next", "/explore"))

    @property
    def words(self) -> dict[str, str]:
        """In the language asked for, else in that of the page that is wanted."""
        asked = self.get_argument("lang", "") or parse_qs(urlsplit(self.wanted).query).get("lang", ["vi"])[-1]
        return WORDS["en" if asked == "en" else "vi"]

    def show(self, message: str = "") -> None:
        self.set_header("Cache-Control", "no-store")
        text = template()
        values = {
            "css": palette.css(),
            "lang": "en" if self.words is WORDS["en"] else "vi",
            "message": html.escape(message),
            "xsrf": str(self.xsrf_form_html()),
            "next": html.escape(self.wanted, quote=True),
            **self.words,
        }
        for key, value in values.items():
            text = text.replace("{{" + key + "}}", value)
        self.write(text)

    def get(self) -> None:
        self.show()

    async def post(self) -> None:
        self.check_xsrf_cookie()
        name = self.get_body_argument("name", "")[:200]
        key = f"{self.request.remote_ip} {name}"
        if self.access.throttle.blocked(key):
            self.set_status(429)
            self.show(self.words["slow"])
            return
        password = self.get_body_argument("password", "", strip=False)[:1000]
        if not await asyncio.to_thread(self.access.check, name, password):
            self.access.throttle.failed(key)
            self.set_status(401)
            self.show(self.words["wrong"])
            return
        self.access.let_in(self, name)
        self.redirect(self.wanted)


class LogoutHandler(RequestHandler):
    """Forgets the session."""

    def get(self) -> None:
        self.clear_cookie(COOKIE)
        self.clear_cookie(SEAL)
        self.redirect("/login")
