"""What the camera probe hands over, until enough is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geodata.records import Observation, Record, Rejected, Thing
from sources._camera_options import CameraOptions
from sources.base import Context
from sources.camera import SOURCE
from sources.http import client
from tests.support.patience import HANG_S

QUICK: dict[str, Any] = {
    "probe_s": 0.4,
    "recheck_s": 0.1,
    "timeout_s": 20.0,
    "connect_s": 20.0,
    "thresholds": {"confirm_s": 0.05, "frozen_s": 1.0, "still_s": 600},
}


@dataclass
class Heard:
    """What the probe handed over."""

    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def states(self) -> dict[str, str]:
        rows = [row for row in self.records if isinstance(row, Observation) and row.observed_property == "status"]
        return {row.thing_id: str(row.result) for row in rows}

    def looks(self, thing: str) -> int:
        rows = (row for row in self.records if isinstance(row, Observation) and row.observed_property == "status")
        return sum(row.thing_id == thing for row in rows)

    @property
    def things(self) -> dict[str, Thing]:
        found: dict[str, Thing] = {}
        for row in self.records:
            if isinstance(row, Thing) and (row.id not in found or row.name):
                found[row.id] = row
        return found


async def listen(
    options: CameraOptions, context: Context, until: Callable[[Heard], bool], within_s: float = HANG_S
) -> Heard:
    """Reads until so much is heard. Raises SourceError, TimeoutError."""
    heard = Heard()
    batches = SOURCE.batches(options, context, None)
    try:
        async with asyncio.timeout(within_s):
            async for batch in batches:
                heard.records += batch.records
                heard.rejected += batch.rejected
                if until(heard):
                    return heard
    finally:
        await batches.aclose()  # type: ignore[attr-defined]  # an asynchronous generator
    raise AssertionError("the probe ended")


@asynccontextmanager
async def context(folder: Path | None = None, **secrets: str) -> AsyncIterator[Context]:
    async with client(trust_env=False, timeout=10) as http_:
        yield Context(http=http_, service="cameras", secret=secrets.get, folder=folder)
