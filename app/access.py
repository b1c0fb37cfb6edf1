"""Who may look: a file of users with argon2 hashes, a login page, and the guard of every handler of ours.

Without a login file the server listens on loopback only and everybody on the machine is let in. With one,
everything but the login page itself and ``/readyz`` asks for it: Panel guards its own pages and sockets by the
provider, but not the handlers given to it (measured), so ours inherit ``Guarded``.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bokeh.server.auth_provider import AuthProvider
from bokeh.server.views.doc_handler import DocHandler
from tornado.web import RequestHandler

from app.users import Users
from geodata.errors import UsageError

COOKIE, SEAL = "user", "user_seal"
"""The first one's name is Panel's own: ``pn.state.user`` reads it."""

STAYS_DAYS = 30.0
"""A session that is used goes on: a page that is loaded gives it ``STAYS_DAYS`` more, at most once in
``RENEWED_DAYS``. A wall, which loads itself anew each night, is not asked for a password after a month.
"""

RENEWED_DAYS = 1.0
EVER_DAYS = 36_500.0


class LoginNeeded(UsageError):
    """--host {host} would let others in without a login; make a user with `vonglau user add NAME` first"""


def is_loopback(host: str) -> bool:
    """True when nobody but this machine can reach ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def cookie_secret(data: Path) -> str:
    """The key that signs cookies; made once, kept beside the data, readable by its owner only."""
    path = data / "cookie_secret"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


@dataclass(slots=True)
class Throttle:
    """At most ``limit`` failures in ``window_s`` for one name and address; the memory of it is bounded."""

    limit: int = 5
    window_s: float = 60.0
    size: int = 4096
    failures: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def blocked(self, key: str) -> bool:
        now = time.monotonic()
        recent = [t for t in self.failures.get(key, ()) if now - t < self.window_s]
        return len(recent) >= self.limit

    def failed(self, key: str) -> None:
        now = time.monotonic()
        recent = [t for t in self.failures.pop(key, ()) if now - t < self.window_s]
        self.failures[key] = [*recent, now][-self.limit :]
        while len(self.failures) > self.size:
            self.failures.popitem(last=False)


class Access:
    """The users, the check of a password, and their sessions. ``enabled`` is False without a login file."""

    def __init__(self, login_file: Path | None) -> None:
        self._users = Users(login_file) if login_file else None
        self._hasher = PasswordHasher()
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))
        self.throttle = Throttle()
        self.enabled = login_file is not None

    def check(self, name: str, password: str) -> bool:
        """Takes the same time for an unknown name as for a wrong password."""
        users: Mapping[str, str] = {} if self._users is None else self._users.now().users
        try:
            return self._hasher.verify(users.get(name, self._decoy), password) and name in users
        except (VerificationError, InvalidHashError):
            return False

    def may_act(self, name: str | None) -> bool:
        """Whether that user may write to the journal of the desk; everybody may where there is no login."""
        if self._users is None:
            return True
        book = self._users.now()
        return name in book.users and name not in book.look_only

    def let_in(self, handler: RequestHandler, name: str) -> None:
        """A session of ``STAYS_DAYS`` from now: who it is, and that the password was the one of today."""
        seal = self._users.seal(name) if self._users else None
        secure = handler.request.protocol == "https"
        for cookie, value in ((COOKIE, name), (SEAL, seal or "")):
            handler.set_signed_cookie(
                cookie, value, expires_days=STAYS_DAYS, httponly=True, samesite="Lax", secure=secure
            )

    def who(self, handler: RequestHandler, max_age_days: float = STAYS_DAYS) -> str | None:
        """The user of a session that is no older, while there is such a user with the same password; else None."""
        name, seal = (handler.get_signed_cookie(cookie, max_age_days=max_age_days) for cookie in (COOKIE, SEAL))
        if self._users is None or name is None or seal is None:
            return None
        wanted = self._users.seal(name.decode())
        same = wanted is not None and hmac.compare_digest(seal, wanted.encode())
        return name.decode() if same else None


class Guarded(RequestHandler):
    """A handler behind the login. ``access`` comes with the route."""

    access: Access

    def initialize(self, access: Access) -> None:
        self.access = access

    def get_current_user(self) -> str | None:
        return self.access.who(self)

    def allowed(self) -> bool:
        return not self.access.enabled or self.current_user is not None

    def prepare(self) -> None:
        if not self.allowed():
            self.send_error(403, reason="login needed")


def bearer(request_headers: Mapping[str, str], token: str | None) -> bool:
    """True when the request carries the monitor's token."""
    given = request_headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given, token or "")


def hang_up(connections: Iterable[Any], access: Access) -> None:
    """Ends the sockets of who may not look any more; one may be months old. ``connections`` are Bokeh's."""
    for connection in list(connections):
        socket = connection._socket  # noqa: SLF001 (Bokeh has no name for it)
        if access.who(socket, EVER_DAYS) is None:
            socket.close(4403, "login needed")


class Login(AuthProvider):
    """What Bokeh asks: who is it, and where does one log in. The form itself is a handler among the server's own."""

    def __init__(self, access: Access) -> None:
        self.access = access

    @property
    def get_user(self) -> Any:
        def user(handler: RequestHandler) -> str | None:
            name = self.access.who(handler)
            is_page = isinstance(handler, DocHandler)  # a file is cached, and a socket sends no cookie
            if name is not None and is_page and self.access.who(handler, RENEWED_DAYS) is None:
                self.access.let_in(handler, name)
            return name

        return user

    @property
    def get_user_async(self) -> None:
        return None

    @property
    def login_url(self) -> None:
        return None

    @property
    def get_login_url(self) -> Any:
        """Tornado adds ``next``. Panel's pages put a dot before the path, which leads astray from /wall/sea: climb."""
        from panel.io.server import LoginUrlMixin

        def url(handler: RequestHandler) -> str:
            depth = handler.request.path.count("/") - 1
            if depth < 1 or not isinstance(handler, LoginUrlMixin):
                return "/login"
            return "./" + "../" * (depth - 1) + "login"

        return url

    @property
    def login_handler(self) -> None:
        return None

    @property
    def logout_url(self) -> str:
        return "/logout"

    @property
    def logout_handler(self) -> None:
        return None
