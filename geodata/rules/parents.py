"""Which thing hangs on which: by the property that names the thing above, with or without the source's own prefix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

NAMED = ("upstream", "cap_tren", "parent", "refUpstream", "gateway")
"""Properties that sources name it by."""


def parents(things: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Thing to the thing above it; of (id, properties). What is named and not known is no parent."""
    told = {str(key): more if isinstance(more, Mapping) else {} for key, more in things}
    short = {key.rpartition(":")[2]: key for key in told}
    found = {}
    for key, more in told.items():
        name = next((str(more[n]).strip() for n in NAMED if more.get(n) is not None and str(more[n]).strip()), "")
        parent = name if name in told else short.get(name)
        if parent is not None and parent != key:
            found[key] = parent
    return found
