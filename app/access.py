"""Who may look: a file of users with argon2 hashes, a login page, and the guard of every handler of ours.

Without a login file the server listens on loopback only and everybody on the machine is let in. With one,
everything but the login page itself and ``/readyz`` asks for it: Panel guards its own pages and sockets by the
provider, but not the handlers given to it (measured), so ours inherit ``Guarded``.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bokeh.server.auth_provider import AuthProvider
from tornado.web import RequestHandler

from geodata.errors import ConfigInvalid, UsageError

COOKIE = "user"
"""The cookie's name is Panel's own: ``pn.state.user`` reads it."""


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


def write_users(path: Path, users: Mapping[str, str]) -> None:
    """Name to argon2 hash, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"users": dict(users)}, file, ensure_ascii=False, indent=1)


def read_users(path: Path) -> dict[str, str]:
    """Name to argon2 hash. Raises ConfigInvalid."""
    try:
        users = json.loads(path.read_text(encoding="utf-8"))["users"]
        return {str(name): str(hashed) for name, hashed in users.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ConfigInvalid(path=path, reason=f"not a file of users: {error}") from error


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
    """The users, and the check of a password. ``enabled`` is False without a login file."""

    def __init__(self, login_file: Path | None) -> None:
        self._users = read_users(login_file) if login_file else {}
        self._hasher = PasswordHasher()
        self._decoy = self._hasher.hash(secrets.token_urlsafe(16))
        self.throttle = Throttle()
        self.enabled = login_file is not None

    def check(self, name: str, password: str) -> bool:
        """Takes the same time for an unknown name as for a wrong password."""
        try:
            return self._hasher.verify(self._users.get(name, self._decoy), password) and name in self._users
        except (VerificationError, InvalidHashError):
            return False


class Guarded(RequestHandler):
    """A handler behind the login. ``access`` comes with the route."""

    access: Access

    def initialize(self, access: Access) -> None:
        self.access = access

    def get_current_user(self) -> str | None:
        user = self.get_signed_cookie(COOKIE)
        return user.decode() if user else None

    def allowed(self) -> bool:
        return not self.access.enabled or self.current_user is not None

    def prepare(self) -> None:
        if not self.allowed():
            self.send_error(403, reason="login needed")


def bearer(request_headers: Mapping[str, str], token: str | None) -> bool:
    """True when the request carries the monitor's token."""
    given = request_headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given, token or "")


class Login(AuthProvider):
    """What Bokeh asks: who is it, and where does one log in. The form itself is a handler among the server's own."""

    @property
    def get_user(self) -> Any:
        def user(handler: RequestHandler) -> str | None:
            signed = handler.get_signed_cookie(COOKIE)
            return signed.decode() if signed else None

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
