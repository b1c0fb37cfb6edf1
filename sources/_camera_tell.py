"""What is told of the looks: Things, Observations, pictures on disk, and a count of what could not be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from geodata.records import Record, Rejected, Thing
from sources._camera_options import CameraOptions
from sources._camera_parse import observations
from sources._camera_pictures import Pictures
from sources._camera_registry import thing
from sources._camera_rounds import Looked, Post
from sources._camera_state import Blind, Failed, Seen

THING_S = 3600.0
"""A Thing tells the time of its picture again so often; the time of the file itself is always right."""


class Teller:
    """``pictures`` is None where nothing may be kept."""

    def __init__(self, options: CameraOptions, pictures: Pictures | None) -> None:
        self._options, self._pictures = options, pictures

    def things(self, posts: Mapping[str, Post]) -> Iterator[Thing]:
        """Every camera of the inventory that is new or not as it was told before."""
        for post in posts.values():
            if post.told != post.camera:
                post.told = post.camera
                yield thing(post.camera, self._options)

    def records(self, looked: Looked) -> Iterator[Record]:
        """A new state at once, an unchanged one every ``report_s``; nothing while it is in doubt."""
        post, status = looked.post, looked.post.watch.status
        if status is None or post.watch.restless or isinstance(looked.look, Blind):
            return
        if isinstance(looked.look, Failed) and status != "unreachable":
            return  # it was our side
        due = post.reported is None or looked.now - post.reported >= self._options.report_s - 1
        if looked.changed or due:
            post.reported = looked.now
            name = f"{self._options.issuer}:{post.camera.key}"
            yield from observations(name, looked.at, status, post.watch.age_s(looked.now))
        if self._pictures is not None and post.taken is not None and self._stands_still(looked):
            post.told_thing = looked.now
            properties = {
                "snapshot": self._pictures.path(post.camera.key),
                "snapshot_time": post.taken.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            yield Thing(id=f"{self._options.issuer}:{post.camera.key}", properties=properties)

    def _stands_still(self, looked: Looked) -> bool:
        told = looked.post.told_thing
        return told is None or looked.changed or looked.now - told >= THING_S

    def blind(self, looked: Looked) -> Iterator[Rejected]:
        """A camera that we could not look at is counted once for each reason, not kept."""
        post = looked.post
        reason = looked.look.reason if isinstance(looked.look, Blind) else None
        if reason is not None and reason != post.told_blind:
            word = "refused" if reason.startswith("refused") else "not_seen"
            yield Rejected(reason=word, detail=f"{post.camera.key[:80]}: {reason}"[:200])
        post.told_blind = reason

    async def keep(self, looks: Sequence[Looked]) -> None:
        """Puts the newest pictures on disk. A disk that refuses stops nothing."""
        fresh = [looked for looked in looks if isinstance(looked.look, Seen)]
        if self._pictures is not None and fresh:
            await asyncio.to_thread(self._write, self._pictures, fresh)

    def _write(self, pictures: Pictures, fresh: Sequence[Looked]) -> None:
        for looked in fresh:
            assert isinstance(looked.look, Seen)
            age_s = looked.post.watch.age_s(looked.now) or 0.0
            taken = (looked.at - timedelta(seconds=age_s)).astimezone(UTC)
            if pictures.keep(looked.post.camera.key, looked.look.frame.small, taken.timestamp()):
                looked.post.taken = taken

    async def tidy(self, posts: Mapping[str, Post], now: datetime) -> None:
        """Removes pictures of cameras that are gone, and those too old to keep."""
        if self._pictures is not None:
            before = now - timedelta(days=self._options.snapshot_days)
            await asyncio.to_thread(self._pictures.clear, list(posts), before.timestamp())
