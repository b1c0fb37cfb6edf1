"""Passwords of the database roles of an embedded cluster: made once, kept in a file only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

ADMIN = "vonglau_admin"
ROLES = ("owner", "ingest", "read", "identity", "watch", "desk", "notify")


def load(path: Path) -> Mapping[str, str]:
    """User name to password; made on the first call, mode 0600. A role that is new to an older folder gets one too."""
    users = [ADMIN, *(f"vonglau_{role}" for role in ROLES)]
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if missing := [user for user in users if user not in found]:
        found |= {user: secrets.token_urlsafe(24) for user in missing}
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(found, file, indent=1)
        fresh.replace(path)
    return found
