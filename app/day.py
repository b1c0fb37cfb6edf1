"""Which day the simulated city has, kept in the run folder so that a restart goes on with the same one."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

CALM = "calm"
LONGEST_S = 48 * 3600.0
"""A scenario that began longer ago is over: the next start begins it anew."""


@dataclass(frozen=True, slots=True)
class Day:
    """``scenario`` is a name or a file that ``vonglau simulate`` knows. The simulator writes ``file`` when the
    scenario begins, ``{"scenario": NAME, "begun": EPOCH}``, and goes by it as long as it is there.
    """

    file: Path
    scenario: str = CALM

    def arguments(self) -> list[str]:
        return ["--scenario", self.scenario, "--begun-file", str(self.file)]

    def begun(self) -> float | None:
        """Epoch s; None when no day of this scenario is kept."""
        try:
            kept = json.loads(self.file.read_text(encoding="utf-8"))
            return float(kept["begun"]) if kept["scenario"] == self.scenario else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def renew(self) -> None:
        """Forget the day that is kept when it is over, is not yet, or was another scenario's."""
        begun = self.begun()
        if begun is None or not 0 <= time.time() - begun < LONGEST_S:
            self.file.unlink(missing_ok=True)

    def stamp(self) -> str:
        """What tells the history of this day from others. A calm past is the same whenever the day began."""
        if self.scenario == CALM:
            return ""
        begun = self.begun()
        return f", {self.scenario} since {begun:.0f}" if begun is not None else f", {self.scenario}"
