"""Once a day: delete what may not be kept any longer. Also across restarts, and never in the first busy minutes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.supervise import run_once

log = logging.getLogger(__name__)

DAY_S = 86_400.0
LOOK_S = 600.0
NICE = 15


@dataclass(frozen=True, slots=True)
class Tidy:
    """``marker`` is touched when ``vonglau db prune`` went well; ``common`` are the options that name the store."""

    marker: Path
    common: Sequence[str]
    look_s: float = LOOK_S

    async def run(self) -> None:
        """Until cancelled. What fails is one line, however often, and is tried again at the next look."""
        failed = False
        while True:
            await asyncio.sleep(self.look_s)
            if not self.due():
                continue
            done = await self._once()
            if not done and not failed:
                log.warning("what is past its retention could not be deleted; it is tried again")
            failed = not done

    async def _once(self) -> bool:
        """Whether it went well; a full disk or a machine without memory for another process ends nothing else."""
        try:
            if await run_once(["db", "prune", *self.common], nice=NICE):
                return False
            self.marker.touch()
        except OSError:
            return False
        return True

    def due(self) -> bool:
        """Whether the last time was a day ago, or lies ahead: a clock may have been set back."""
        try:
            ago = time.time() - self.marker.stat().st_mtime
        except OSError:
            return True
        return not 0 <= ago < DAY_S
