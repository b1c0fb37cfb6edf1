"""The one port at which other systems send things to this machine's ingest, and the token that they must show."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
TOKEN = "VONGLAU_INTAKE_TOKEN"  # noqa: S105 (the name of an environment variable)


def kept_port(file: Path) -> int:
    """A free loopback port: that of the last run when it is still free, for senders remember it."""
    port = 0
    with suppress(OSError, ValueError):
        port = int(file.read_text(encoding="ascii"))
    found = _free(port) or _free(0)
    file.write_text(f"{found}\n", encoding="ascii")
    return found


def _free(port: int) -> int:
    """The port if nobody listens there (0: any), else 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            return 0
        found: int = probe.getsockname()[1]
        return found


def token() -> Mapping[str, str]:
    """The environment that children find the token in: the operator's own, else one made for this run.

    It stands on no command line and in no file.
    """
    return {TOKEN: os.environ.get(TOKEN) or secrets.token_urlsafe(32)}
