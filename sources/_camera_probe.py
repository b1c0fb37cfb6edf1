"""The loop of the camera probe: inventory, gateway's counters, looks, batches; and when nothing can be said at all."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from geodata.records import Record, Rejected
from geodata.store.types import Batch
from sources._camera_gateways import Flow
from sources._camera_inventory import flows, inventory, told
from sources._camera_options import CameraOptions
from sources._camera_rounds import Looked, Rounds
from sources._camera_tell import Teller
from sources.base import Context, Garbled, Refused, SourceError, Unreachable

LOOK_S = 0.8
"""A batch is handed over so often, also an empty one: the rounds go on."""

REFUSING_SHARE = 0.9
NEVER = float("-inf")


class Probe:
    """One connection of the source. ``context.memory`` carries posts and blindness to the next."""

    def __init__(self, options: CameraOptions, context: Context, rounds: Rounds, teller: Teller) -> None:
        self._options, self._context, self._rounds, self._teller = options, context, rounds, teller
        self._gateway = options.inventory != "registry" and bool(options.url)
        self._where = told(options.url or options.registry or "") or "the cameras"
        self._flows: dict[str, Flow] | None = None
        self._read_at = self._counted_at = NEVER

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """For ever. Raises SourceError."""
        while True:
            records: list[Record] = []
            rejected: list[Rejected] = []
            looks = await self._count()
            if self._rounds.now() >= self._read_at + self._options.refresh_s:
                rejected += await self._inventory()
                records += self._teller.things(self._rounds.posts)
            looks += await self._rounds.next(0 if records else LOOK_S)
            await self._teller.keep(looks)
            for looked in looks:
                records += self._teller.records(looked)
                rejected += self._teller.blind(looked)
            self._seeing(looks)
            yield Batch(records, rejected=rejected)

    async def _count(self) -> list[Looked]:
        if not self._gateway or self._rounds.now() < self._counted_at + self._options.probe_s:
            return []
        self._flows, self._counted_at = await flows(self._options, self._context), self._rounds.now()
        return self._rounds.count(self._flows)

    async def _inventory(self) -> list[Rejected]:
        """A table that cannot be read now leaves the cameras that are known."""
        first, self._read_at = self._read_at == NEVER, self._rounds.now()
        try:
            found = await inventory(self._options, self._context, self._flows)
        except SourceError:
            if first or not self._rounds.posts:
                raise
            return [Rejected(reason="no_inventory", detail=self._where[:200])]
        if not found.cameras:
            raise Garbled(endpoint=self._where, protocol="camera inventory", reason="no camera in it")
        rejected = [*found.rejected, *self._rounds.take(found.cameras)]
        if first and self._context.memory.pop("blind", False) and not await self._sees_again():
            self._blinded()
        if first and self._flows is not None:
            self._rounds.count(self._flows)
        await self._teller.tidy(self._rounds.posts, self._context.clock())
        return rejected

    async def _sees_again(self) -> bool:
        return await self._rounds.sounding(self._options.blind_least)

    def _seeing(self, looks: list[Looked]) -> None:
        """Raises when the looks say that it is we who cannot see: then nothing is said about any camera."""
        if self._rounds.standing.lost:
            self._blinded()
        posts = self._rounds.posts.values()
        refusing = [post for post in posts if (post.told_blind or "").startswith("refused")]
        if looks and refusing and len(refusing) >= REFUSING_SHARE * len(posts):
            reason = refusing[0].told_blind or ""
            for post in refusing:
                post.told_blind = None
            raise Refused(endpoint=self._where, reason=f"{len(refusing)} of {len(posts)} cameras say {reason}")

    def _blinded(self) -> None:
        self._context.memory["blind"] = True
        for post in self._rounds.posts.values():
            post.watch.forget_doubts()
        raise Unreachable(endpoint=self._where, reason="its cameras all stopped answering at once, so it is our side")
