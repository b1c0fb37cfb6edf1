"""What a camera's looks add up to: live, frozen, dark, unreachable, or nothing that can be said. Pure; no clock.

Every time here is in seconds of one steady clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sources._camera_frame import Frame, changed, masked
from sources._camera_options import Thresholds

Status = Literal["live", "frozen", "dark", "unreachable"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture came; ``age_s`` is how old it was by the stream's own word."""

    frame: Frame
    age_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stale:
    """The stream is there and has stood still for ``age_s``."""

    age_s: float


@dataclass(frozen=True, slots=True)
class Flowing:
    """Bytes come in, and no picture was asked for."""


@dataclass(frozen=True, slots=True)
class Failed:
    """No picture, and it is the camera's side. ``reason`` is a word without an address."""

    reason: str


@dataclass(frozen=True, slots=True)
class Blind:
    """We could not look: nothing is said about the camera."""

    reason: str


Look = Seen | Stale | Flowing | Failed | Blind


@dataclass(slots=True)
class Watch:
    """One camera over time. ``status`` is what is believed, None before anything is; ``restless`` when the last look
    said otherwise; ``fresh_at`` when the newest picture was new.
    """

    limits: Thresholds
    status: Status | None = None
    since: float = 0.0
    restless: bool = False
    fresh_at: float | None = None
    _wanted: tuple[Status, float, int] | None = None
    _same: tuple[bytes, float, int] | None = None
    _still: tuple[NDArray[np.uint8], float] | None = field(default=None, repr=False)

    @property
    def is_there(self) -> bool:
        """Whether it is believed to answer."""
        return self.status not in {None, "unreachable"}

    @property
    def doubted_at(self) -> float | None:
        """Since when the looks say something else than ``status``."""
        return self._wanted[1] if self._wanted else None

    def look(self, look: Look, now: float, *, night: bool = False, held: bool = False) -> bool:
        """Takes one look; whether ``status`` changed. ``held``: not before one knows whose side fails."""
        if isinstance(look, Blind):
            return False
        verdict = self._verdict(look, now, night)
        if verdict == self.status:
            self._wanted, self.restless = None, False
            return False
        wanted, first, count = self._wanted or (verdict, now, 0)
        if wanted != verdict:
            first, count = now, 0
        self._wanted = (verdict, first, count + 1)
        if held or not self._believed(verdict, now - first, count + 1, look):
            self.restless = True
            return False
        self.status, self.since = verdict, now
        self._wanted, self.restless = None, False
        return True

    def forget_doubts(self) -> None:
        """What was only suspected is dropped: it was our side that failed."""
        self._wanted, self.restless = None, False

    def age_s(self, now: float) -> float | None:
        """How old the newest picture is; None when there was none."""
        return None if self.fresh_at is None else max(0.0, now - self.fresh_at)

    def _believed(self, verdict: Status, over_s: float, count: int, look: Look) -> bool:
        if self.status is None and verdict == "live":
            return True
        if verdict == "frozen" and isinstance(look, Seen):  # took its time already
            return True
        return count >= self.limits.confirm and (over_s >= self.limits.confirm_s or self.limits.confirm == 1)

    def _verdict(self, look: Look, now: float, night: bool) -> Status:
        if isinstance(look, Failed):
            return "unreachable"
        if isinstance(look, Stale):
            if self.fresh_at is None:
                self.fresh_at = now - look.age_s
            return "frozen"
        if not isinstance(look, Seen):
            self.fresh_at = now
            return "live"
        frozen, new = self._frozen(look, now, night)
        if is_dark(look.frame, night, self.limits):
            return "dark"
        if frozen or (self.status == "frozen" and not new):
            return "frozen"
        return "live"

    def _frozen(self, look: Seen, now: float, night: bool) -> tuple[bool, bool]:
        """Whether the picture has stood still for long enough, and whether this one is new. Sets ``fresh_at``."""
        limits, frame = self.limits, look.frame
        luma = masked(frame.luma, limits.ignore)
        before = self._still
        share, most = changed(before[0], luma, limits.noise_level) if before else (1.0, 255)
        digest, since, count = self._same or (b"", now, 0)
        # the parts that count for nothing aside, the same pixels are the same picture whatever the file says
        if digest == frame.digest or (before is not None and most == 0):
            self._same = (frame.digest, since, count + 1)
        else:
            self._same = (frame.digest, now, 1)
        if before is None or share > limits.still_share or (night and most > 0):
            self._still = (luma, now)
        _, since, count = self._same
        exact = count >= limits.frozen_probes and now - since >= limits.frozen_s
        assert self._still is not None
        alike = not night and now - self._still[1] >= limits.still_s
        frozen = exact or alike
        if alike and not exact:
            self.fresh_at = self._still[1]
        elif count == 1 and not frozen:
            self.fresh_at = now - max(0.0, look.age_s)
        return frozen, count == 1 and self._still[1] == now


def is_dark(frame: Frame, night: bool, limits: Thresholds) -> bool:
    """Whether there is nothing to see in the picture; by night less light is asked for."""
    mean, deviation = (
        (limits.dark_mean_night, limits.dark_std_night) if night else (limits.dark_mean_day, limits.dark_std_day)
    )
    return frame.mean < mean and frame.deviation < deviation


def sun_elevation_deg(time: datetime, lon: float, lat: float) -> float:
    """Elevation of the sun's centre over the horizon, to about half a degree (NOAA's low-accuracy formulae)."""
    utc_h = time.hour + time.minute / 60 + time.second / 3600
    year = 2 * math.pi / 365 * (time.timetuple().tm_yday - 1 + (utc_h - 12) / 24)
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(year)
        - 0.032077 * math.sin(year)
        - 0.014615 * math.cos(2 * year)
        - 0.040849 * math.sin(2 * year)
    )
    declination = (
        0.006918
        - 0.399912 * math.cos(year)
        + 0.070257 * math.sin(year)
        - 0.006758 * math.cos(2 * year)
        + 0.000907 * math.sin(2 * year)
    )
    hour_angle = math.radians((utc_h * 60 + equation_min + 4 * lon) / 4 - 180)
    phi = math.radians(lat)
    sine = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))
