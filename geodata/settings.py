"""The one place that reads the environment. Built once, at the start of a command, and handed on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``dsn`` is set for an external server; without it the embedded cluster in ``data`` is used."""

    data: Path
    city: str = "hue"
    dsn: str | None = field(default=None, repr=False)
    login_file: Path | None = None  # users and argon2 hashes; needed to listen beyond loopback
    session_s: float = 600.0  # how long a page's session outlives its socket
    sources: Path | None = None  # the city's sources beside those of its file, which an upgrade leaves alone
    draw_ahead: bool = True  # a server draws its first pages' tiles and compiles kernels before anybody asks
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)  # where sources look up named secrets

    @classmethod
    def from_environ(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        data: Path | None = None,
        city: str | None = None,
        login_file: Path | None = None,
    ) -> Settings:
        """Arguments of the command line win over ``VONGLAU_DATA``, ``VONGLAU_CITY``, ``VONGLAU_DSN``,
        ``VONGLAU_LOGIN_FILE``; ``VONGLAU_SOURCES``, ``VONGLAU_SESSION_S`` and ``VONGLAU_DRAW_AHEAD`` (0: not) are read
        from there only.
        """
        env = os.environ if environ is None else environ
        login, sources = env.get("VONGLAU_LOGIN_FILE"), env.get("VONGLAU_SOURCES")
        return cls(
            data=(data or Path(env.get("VONGLAU_DATA") or default_data(env))).absolute(),
            city=city or env.get("VONGLAU_CITY") or "hue",
            dsn=env.get("VONGLAU_DSN") or None,
            login_file=login_file or (Path(login) if login else None),
            sources=Path(sources).absolute() if sources else None,
            session_s=float(env.get("VONGLAU_SESSION_S") or 600),
            draw_ahead=env.get("VONGLAU_DRAW_AHEAD", "1") != "0",
            environ=dict(env),
        )


def default_data(env: Mapping[str, str]) -> Path:
    """A folder that an unprivileged database user can reach too: never inside root's home."""
    if os.geteuid() == 0:
        return Path("/var/lib/vonglau")
    return Path(env.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "vonglau"
