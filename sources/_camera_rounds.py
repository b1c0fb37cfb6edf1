"""Looks at many cameras, each at its own time, spread evenly; a slow one delays none.

Cameras that failed at their last look, or were never looked at, have places of their own beside the others', in all
and at each host, so that any number of dead cameras takes nothing from the live ones.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from geodata.ending import ended
from geodata.records import Rejected
from sources._camera_blind import Standing
from sources._camera_gateways import Flow
from sources._camera_options import CameraOptions
from sources._camera_registry import Camera
from sources._camera_state import Blind, Failed, Flowing, Look, Stale, Watch, sun_elevation_deg
from sources._camera_streams import Address, Past, Streams, address

TICK_S = 0.2
FEW, FIRST_EVERY_S = 100, 0.1
"""The first looks at few cameras need not be spread over a whole round."""

HOME = (107.0, 16.0)
"""Where the sun is reckoned for a camera without a place: the middle of Viet Nam, half an hour off at most."""


@dataclass(slots=True)
class Post:
    """One camera, what is believed of it, and when it is looked at next (steady clock, s)."""

    camera: Camera
    watch: Watch
    past: Past = field(default_factory=Past)
    due: float = 0.0
    well: bool = False  # the last look gave something
    reported: float | None = None
    told: Camera | None = None
    told_thing: float | None = None
    taken: datetime | None = None  # of the picture on disk
    told_blind: str | None = None
    flow: tuple[int, float] | None = None  # the gateway's counter, and when it last grew
    grew: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """The outcome of one look: ``changed`` when the state did. ``at`` is the wall clock."""

    post: Post
    look: Look
    at: datetime
    now: float
    changed: bool


@dataclass(slots=True)
class _Lane:
    """Places for looks at once, in all and at each host."""

    places: asyncio.Semaphore
    per_host: int
    hosts: dict[tuple[str, int], asyncio.Semaphore] = field(default_factory=dict)

    async def run(self, host: tuple[str, int], work: Callable[[], Coroutine[object, object, Look]]) -> Look:
        at_host = self.hosts.setdefault(host, asyncio.Semaphore(self.per_host))
        async with at_host, self.places:
            return await work()


class Rounds:
    """``posts`` outlive a connection (Context.memory). Close it; looks under way are given up then."""

    def __init__(
        self,
        options: CameraOptions,
        streams: Streams,
        posts: dict[str, Post],
        *,
        clock: Callable[[], datetime],
        logins: Mapping[str, tuple[str, str]],
    ) -> None:
        self._options, self._streams, self.posts = options, streams, posts
        self._clock, self._logins = clock, logins
        self._steady = asyncio.get_running_loop().time
        self._lanes = {well: _Lane(asyncio.Semaphore(options.parallel), options.per_host) for well in (True, False)}
        self._heap: list[tuple[float, str]] = []
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._done: asyncio.Queue[Looked] = asyncio.Queue()
        self._addresses: dict[str, tuple[Camera, Address]] = {}
        self.standing = Standing(probe_s=options.probe_s, least=options.blind_least, share=options.blind_share)

    def now(self) -> float:
        """The steady clock, s."""
        return self._steady()

    def take(self, cameras: Mapping[str, Camera]) -> list[Rejected]:
        """The inventory as it is now: new cameras get their turn, those that are gone lose it.

        Cameras without an address that we read are Rejected, counted only.
        """
        now, rejected = self._steady(), []
        for key in self.posts.keys() - cameras.keys():
            del self.posts[key]
        every = self._options.probe_s / max(len(cameras), 1)
        every = min(every, FIRST_EVERY_S) if len(cameras) < FEW else every
        self._addresses = {key: known for key, known in self._addresses.items() if key in cameras}
        for n, (key, camera) in enumerate(cameras.items()):
            if key in self.posts:
                self.posts[key].camera = camera
            else:
                self.posts[key] = Post(camera, Watch(self._options.thresholds), due=now + n * every)
            if self._options.look == "frames" and self._address(camera) is None:
                rejected.append(Rejected(reason="no_address", detail=key[:80]))
        self._heap = [(max(post.due, now), key) for key, post in self.posts.items() if key not in self._under_way]
        heapq.heapify(self._heap)
        self.standing.take(key for key, post in self.posts.items() if post.watch.is_there)
        return rejected

    def _address(self, camera: Camera) -> Address | None:
        known = self._addresses.get(camera.key)
        if known is not None and known[0] == camera:
            return known[1]
        if camera.url is None or camera.kind is None:
            return None
        try:
            found = address(camera.key, camera.url, camera.kind, self._logins)
        except ValueError:
            return None
        self._addresses[camera.key] = (camera, found)
        return found

    def count(self, flows: Mapping[str, Flow]) -> list[Looked]:
        """Takes a gateway's counters. With ``look = "counters"`` they are the looks."""
        now, found = self._steady(), []
        for post in list(self.posts.values()):
            flow = flows.get(post.camera.stream or post.camera.key)
            if flow is None:
                continue
            before, post.grew = post.flow, False
            if flow.count is not None:
                post.grew = before is not None and flow.count > before[0]
                post.flow = (flow.count, now if before is None or flow.count != before[0] else before[1])
            if self._options.look == "counters" and (look := counted(flow, post, now, self._options)) is not None:
                found.append(self._judged(post, look, now))
        return found

    async def next(self, within_s: float) -> list[Looked]:
        """What was seen until now, waiting ``within_s`` at most for the first of it."""
        end = self._steady() + within_s
        while True:
            self._launch()
            found = self._drained()
            left = end - self._steady()
            if found or left <= 0:
                return found
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, TICK_S)):
                    found.append(await self._done.get())
                return found + self._drained()

    def _drained(self) -> list[Looked]:
        return [self._done.get_nowait() for _ in range(self._done.qsize())]

    async def sounding(self, least: int) -> bool:
        """After we were blind: whether any of some cameras that gave pictures before can be seen again."""
        known = [post for post in self.posts.values() if post.watch.is_there]
        targets = [target for post in known[:: max(1, len(known) // least)] if (target := self._address(post.camera))]
        looks = await asyncio.gather(*(self._streams.look(target, Past(), self._clock()) for target in targets[:least]))
        return not looks or any(not isinstance(look, Failed | Blind) for look in looks)

    async def close(self) -> None:
        await ended(*self._under_way.values())
        self._under_way.clear()

    def _launch(self) -> None:
        now = self._steady()
        while self._heap and self._heap[0][0] <= now and self._options.look == "frames":
            _, key = heapq.heappop(self._heap)
            post = self.posts.get(key)
            target = self._address(post.camera) if post else None
            if post is not None and target is not None and key not in self._under_way:
                self._under_way[key] = asyncio.create_task(self._look(key, post, target))

    async def _look(self, key: str, post: Post, target: Address) -> None:
        try:
            lane = self._lanes[post.well]
            look = await lane.run(target.host, lambda: self._streams.look(target, post.past, self._clock()))
            now = self._steady()
            if isinstance(look, Failed) and post.grew:
                look = Blind(f"bytes come in, {look.reason}")
            found = self._judged(post, look, now)
            options = self._options
            post.due = now + (min(options.recheck_s, options.probe_s) if post.watch.restless else self._wait(post, now))
            self._done.put_nowait(found)
        finally:
            self._under_way.pop(key, None)
        if self.posts.get(key) is post:
            heapq.heappush(self._heap, (post.due, key))

    def _wait(self, post: Post, now: float) -> float:
        """Until the next place on the camera's own grid, so that looks stay spread."""
        probe_s = self._options.probe_s
        behind = now - post.due
        return probe_s - behind % probe_s if behind >= 0 else probe_s

    def _judged(self, post: Post, look: Look, now: float) -> Looked:
        at = self._clock()
        good = not isinstance(look, Failed | Blind)
        post.well, held = good, False
        if post.watch.is_there and not isinstance(look, Blind):
            key = post.camera.key
            self.standing.saw(key, good, now)
            held = not good and self.standing.side(key, post.watch.doubted_at or now, now) != "theirs"
        changed = post.watch.look(look, now, night=self._night(post, at), held=held)
        if not post.watch.is_there:
            self.standing.drop(post.camera.key)
        return Looked(post, look, at, now, changed)

    def _night(self, post: Post, at: datetime) -> bool:
        place = post.camera.place
        lon, lat = (place.x, place.y) if place is not None else HOME
        return sun_elevation_deg(at, lon, lat) < self._options.thresholds.night_below_deg


def counted(flow: Flow, post: Post, now: float, options: CameraOptions) -> Look | None:
    """A gateway's word as a look; None when it says nothing: an idle stream that nobody watches."""
    if flow.online is False:
        return Failed("not there")
    if flow.online is None or post.flow is None:
        return None
    if post.grew:
        return Flowing()
    still_s = now - post.flow[1]
    return Stale(still_s) if still_s >= 1.5 * options.probe_s else None
