"""Recordings of the last days of a simulated city (contracts, section 5), which end where the live city begins."""

from __future__ import annotations

import json
from pathlib import Path

from sources.simulator import bindings
from sources.simulator.clock import DAY_S, iso
from sources.simulator.errors import BindingsUnwritable
from sources.simulator.feed import feeds_of
from sources.simulator.town import Town


def record(town: Town, folder: Path, end: float, days: float) -> str:
    """Writes the recordings of the ``days`` before ``end`` (epoch s); what was written, in one line.

    Raises BindingsUnwritable.
    """
    start = end - days * DAY_S
    written: list[str] = []
    rows: list[dict[str, object]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for feed in feeds_of(town):
            files = feed.history(town, folder, start, end)
            for binding in feed.sources(town):
                if binding.id in files:
                    name, lines = files[binding.id]
                    rows.append({"source": binding.model_dump(mode="json", exclude_none=True), "files": [name]})
                    written.append(f"{binding.id} {lines}")
    except OSError as error:
        raise BindingsUnwritable(path=folder, reason=error.strerror or error, option="--history") from error
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    bindings.write_whole(folder / "recordings.json", text, "--history")
    return f"recorded {iso(start)} to {iso(end)}, lines: {', '.join(written)}"
