"""Recordings of the last days of a simulated city (contracts, section 5), which end where the live city begins."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from sources._spread import spread
from sources.simulator import bindings
from sources.simulator.clock import DAY_S, iso
from sources.simulator.errors import BindingsUnwritable
from sources.simulator.feed import Files, feeds, feeds_of
from sources.simulator.town import Town

LONG = 60.0
"""Days times feeds, from which on other processes are worth their start."""


def record(town: Town, folder: Path, end: float, days: float) -> str:
    """Writes the recordings of the ``days`` before ``end`` (epoch s); what was written, in one line.

    A long past is written on every core. Raises BindingsUnwritable, WorkerKilled.
    """
    start = end - days * DAY_S
    found = feeds_of(town)
    work = partial(_record, town.bare(), folder, start, end)
    written: dict[str, tuple[str, int]] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for files in spread(work, list(found), 1 if days * len(found) < LONG else None):
            written.update(files)
    except OSError as error:
        raise BindingsUnwritable(path=folder, reason=error.strerror or error, option="--history") from error
    sources = [binding for feed in found.values() for binding in feed.sources(town) if binding.id in written]
    rows = [
        {"source": one.model_dump(mode="json", exclude_none=True), "files": [written[one.id][0]]} for one in sources
    ]
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    bindings.write_whole(folder / "recordings.json", text, "--history")
    lines = ", ".join(f"{one.id} {written[one.id][1]}" for one in sources)
    return f"recorded {iso(start)} to {iso(end)}, lines: {lines}"


def _record(town: Town, folder: Path, start: float, end: float, name: str) -> Files:
    """One feed's own."""
    return feeds([name])[name].history(town, folder, start, end)
