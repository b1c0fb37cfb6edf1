"""HLS playlists (RFC 8216): which segment is newest, and since when nothing came after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

import m3u8

STALE_TARGETS = 3.0
STALE_LEAST_S = 10.0
MAX_PLAYLIST_B = 1 << 20


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest segment of a media playlist. ``state`` changes whenever the playlist goes on; ``span`` is a byte range
    (first, length) of ``url``; ``begin`` the URL of what stands before every segment (fMP4).
    """

    url: str
    state: tuple[int, str]
    target_s: float
    duration_s: float
    ended: bool = False
    sealed: bool = False  # encrypted: we cannot look
    span: tuple[int, int] | None = None
    begin: str | None = None
    time: datetime | None = None  # of the segment's beginning

    @property
    def stale_s(self) -> float:
        """So long without a change, and the stream stands still."""
        return max(STALE_LEAST_S, STALE_TARGETS * self.target_s)


def variant(text: str, url: str) -> str | None:
    """Of a master playlist the media playlist that costs least; None for a media playlist. Raises ValueError."""
    found = _read(text)
    if not found.is_variant:
        return None
    choices = [(entry.stream_info.bandwidth or 0, entry.uri) for entry in found.playlists if entry.uri]
    if not choices:
        raise ValueError("a master playlist without streams")
    return urljoin(url, str(min(choices)[1]))


def newest(text: str, url: str) -> Newest:
    """The newest segment of a media playlist read from ``url``. Raises ValueError."""
    found = _read(text)
    segments = [segment for segment in found.segments if segment.uri]
    if not segments:
        raise ValueError("a playlist without segments")
    last = segments[-1]
    duration = float(last.duration or 0)
    span, begin = _span(segments), last.init_section
    return Newest(
        url=urljoin(url, last.uri),
        state=(int(found.media_sequence or 0) + len(segments), str(last.uri)),
        target_s=min(max(float(found.target_duration or 0), 0.0), 600.0),
        duration_s=min(max(duration, 0.0), 600.0),
        ended=bool(found.is_endlist) or str(found.playlist_type or "").lower() == "vod",
        sealed=last.key is not None and last.key.method not in {None, "NONE"},
        span=span,
        begin=urljoin(url, begin.uri) if begin is not None and begin.uri else None,
        time=_aware(last.current_program_date_time),
    )


def _read(text: str) -> m3u8.M3U8:
    if not text.lstrip("\ufeff \r\n").startswith("#EXTM3U"):
        raise ValueError("not a playlist")
    try:
        return m3u8.loads(text)
    except Exception as error:  # the library lets out what its reading of a line raises
        raise ValueError("not a playlist that can be read") from error


def _span(segments: list[m3u8.Segment]) -> tuple[int, int] | None:
    """The byte range of the last segment; one without an offset begins where the one before ends."""
    at: Mapping[str, int] = {}
    found: tuple[int, int] | None = None
    for segment in segments:
        found = None
        if segment.byterange:
            length, _, offset = str(segment.byterange).partition("@")
            if not length.isdigit() or (offset and not offset.isdigit()):
                raise ValueError("a byte range that is none")
            first = int(offset) if offset else at.get(segment.uri, 0)
            found = (first, int(length))
            at = {segment.uri: first + int(length)}
    return found


def _aware(time: datetime | None) -> datetime | None:
    return time if time is not None and time.tzinfo is not None else None
