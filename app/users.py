"""Who may log in, and who of them may act: a file of names and argon2 hashes, read again whenever it changes."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from geodata.errors import ConfigInvalid

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Book:
    """What the file holds: name to argon2 hash, and who of them may look but not act."""

    users: Mapping[str, str] = field(default_factory=dict)
    look_only: frozenset[str] = frozenset()

    @classmethod
    def read(cls, path: Path) -> Book:
        """Raises ConfigInvalid."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            users = {str(name): str(hashed) for name, hashed in found["users"].items()}
            return cls(users, frozenset(str(name) for name in found.get("look_only", ())))
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ConfigInvalid(path=path, reason=f"not a file of users: {error}") from error

    def write(self, path: Path) -> None:
        """Readable by its owner only; whole or not at all, for a server may be reading it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        told = {"users": dict(self.users), "look_only": sorted(self.look_only & self.users.keys())}
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(told, file, ensure_ascii=False, indent=1)
            with suppress(OSError):  # written by root it stays the server's, which could not read it otherwise
                os.fchown(descriptor, path.stat().st_uid, path.stat().st_gid)
        part.replace(path)


class Users:
    """The file as it is now. Raises ConfigInvalid when it cannot be read at first.

    One that cannot be read later leaves those that were known, and says so once: a slip of an editor locks nobody out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._seen()
        self._known = Book.read(path)

    def _seen(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def now(self) -> Book:
        """What it holds at this moment."""
        stamp = self._seen()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._known = Book.read(self._path)
            except ConfigInvalid as error:
                log.warning("%s; the users are those of before", error)
        return self._known

    def seal(self, name: str) -> str | None:
        """What a session of that user must hold: another after a new password, None when there is no such user."""
        hashed = self.now().users.get(name)
        return None if hashed is None else hashlib.sha256(hashed.encode()).hexdigest()[:32]
