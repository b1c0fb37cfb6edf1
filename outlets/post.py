"""The post office of one city: reads the journals into the outbox, and empties it outlet by outlet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from geodata.city import City
from geodata.ending import ended
from geodata.errors import VongLauError
from geodata.outlet import OutletBinding
from geodata.store.deliveries import Delivery, DeliveryStore, Earlier
from outlets.base import SEND_S, Away, Needless, Outlet, Refused, Secret, made
from outlets.course import MINUTE, Lane, Settled, route, settle, wait_s
from outlets.message import Sendable
from outlets.writing import Writer

log = logging.getLogger("vonglau.notify")

LOOK_S = 2.0
"""Between two looks at the journals."""

STAND_BY_S = 15.0
AWAY_S = 5.0
TOGETHER = 100
"""Messages of one outlet between two looks at what still needs to be said."""

PROBES = 2
"""Messages of different findings that must fail before the outlet counts as away: one may be sick by itself."""


@dataclass(slots=True)
class Done:
    """What one look did, by outlet."""

    lines: int = 0
    delivered: dict[str, int] = field(default_factory=dict)
    superseded: dict[str, int] = field(default_factory=dict)
    given_up: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def count(self, what: dict[str, int], outlet: str, n: int = 1) -> None:
        if n:
            what[outlet] = what.get(outlet, 0) + n


@dataclass(slots=True)
class Door:
    """One outlet at work. ``held_until``: it is away, and nobody knocks before."""

    lane: Lane
    outlet: Outlet[Any]
    held_until: datetime | None = None
    said: str = ""  # the last trouble that was logged


class Office:
    """Sends what the findings of one city say. ``clock``: aware UTC; ``chance``: 0 to 1, spreads the tries."""

    def __init__(
        self,
        store: DeliveryStore,
        city: City,
        bindings: Mapping[str, OutletBinding],
        secret: Secret,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._city, self._clock, self._chance = store, city, clock, chance
        self._doors = {name: _door(name, binding, secret, city) for name, binding in bindings.items()}
        self._agencies: dict[str, Door] = {}
        self._writer: Writer | None = None
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def once(self) -> Done | None:
        """One look at the journals and at what waits; None while another has its turn. Raises StoreGone."""
        done = self._read()
        if done is not None:
            await asyncio.gather(*(self._empty(name, done) for name in self._store.lanes()), self._beat())
        return done

    async def run(self, stop: asyncio.Event) -> None:
        """Looks until told to stop, and through any absence of the store. No outlet waits for another."""
        away = False
        while not stop.is_set():
            rest = LOOK_S
            try:
                done = self._read()
                if done is None:
                    rest = STAND_BY_S
                else:
                    self._start("", self._beat())
                    for name in self._store.lanes():
                        self._start(name, self._empty(name, done))
                if away:
                    log.info("sending again")
                away = False
            except VongLauError as error:
                if not away:
                    log.warning("nothing is sent: %s", error)
                away, rest = True, AWAY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await stop.wait()

    def _read(self) -> Done | None:
        """From the journals into the outbox; None while another has its turn."""
        if not self._store.turn():
            return None
        self._writer = Writer(self._city, simulated=self._store.simulated())
        done = Done()
        lanes = [door.lane for door in self._doors.values()]
        while read := self._store.read(
            lambda lines, told: route(lines, told, lanes, self._city.agencies), self._clock()
        ):
            done.lines += read
        now = self._clock()
        for name, door in self._doors.items():
            if door.outlet.renew is not None:
                self._store.renew(name, now - door.outlet.renew, now)
        return done

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Lets a lane work by itself; one that still works is left alone."""
        if name in self._busy:
            work.close()
            return
        task = self._busy[name] = asyncio.create_task(work)

        def ended(task: asyncio.Task[None]) -> None:
            del self._busy[name]
            if not task.cancelled() and (error := task.exception()) is not None:
                log.warning("%s: %s", name or "beat", _line(error))

        task.add_done_callback(ended)

    async def close(self) -> None:
        """Lets go of every connection; what is half sent is sent again by the next process."""
        await ended(*self._busy.values())
        for door in self._doors.values():
            await door.outlet.close()

    async def _beat(self) -> None:
        for door in self._doors.values():
            if door.held_until is None or door.held_until <= self._clock():
                try:
                    async with asyncio.timeout(SEND_S):
                        await door.outlet.beat()
                except (Away, TimeoutError) as error:
                    self._complain(door, _line(error))

    async def _empty(self, name: str, done: Done) -> None:
        """Whatever waits for one outlet and whose time has come."""
        door = self._find(name)
        now = self._clock()
        if door is None:
            gone = [one.id for one in self._store.waiting(name)]
            self._store.end(gone, "given_up", now, error="the city has no such outlet any more")
            done.count(done.given_up, name, len(gone))
            return
        if door.held_until is not None and door.held_until > now:
            return
        door.held_until = None
        while await self._some(name, door, done):
            pass

    async def _some(self, name: str, door: Door, done: Done) -> bool:
        """The next messages, judged as things stand now; whether there are more."""
        now = self._clock()
        settled = settle(self._store.waiting(name), door.lane, self._store.sent(name, now - MINUTE), now)
        self._put_away(name, settled, done, now)
        made_one = [(self._store.digest(name, [one.id for one in group], now)) for group in settled.digests]
        due = list(settled.due)
        if made_one:
            due = [*due, *((one, "digest") for one in self._store.waiting(name) if one.id in made_one)]
        failed = await self._send_all(name, door, due[:TOGETHER], done)
        return len(due) > TOGETHER and not failed

    def _put_away(self, name: str, settled: Settled, done: Done, now: datetime) -> None:
        for reason, ones in settled.superseded.items():
            self._store.end([one.id for one in ones], "superseded", now, error=reason)
            done.count(done.superseded, name, len(ones))
        if settled.given_up:
            self._store.end([one.id for one in settled.given_up], "given_up", now)
            done.count(done.given_up, name, len(settled.given_up))
            log.error(
                "%s: %d messages given up, too old; vonglau notify --list tells them", name, len(settled.given_up)
            )

    async def _send_all(self, name: str, door: Door, due: Sequence[tuple[Delivery, str]], done: Done) -> bool:
        """Whether any failed."""
        failures: list[datetime] = []
        sick: set[int | None] = set()
        for one, said in due:
            number = one.finding.id if one.finding else -one.id
            if number in sick:
                continue
            again = await self._send(name, door, one, said, done)
            if again is not None:
                failures.append(again)
                sick.add(number)
            if len(failures) >= PROBES:
                door.held_until = min(failures)
                break
        return bool(failures)

    async def _send(self, name: str, door: Door, one: Delivery, said: str, done: Done) -> datetime | None:
        """Hands one message over; when it is tried again, None where that is not needed."""
        note, end = None, "delivered"
        try:
            async with asyncio.timeout(SEND_S):
                note = await door.outlet.send(*self._written(name, door, one, said))
        except Needless as error:
            note, end = str(error), "superseded"
        except Refused as error:
            note, end = str(error), "given_up"
            log.warning("%s refused message %s: %s", name, one.key, error)
        except (Away, TimeoutError) as error:
            return self._failed(name, door, one, error, done)
        except Exception as error:  # one outlet's mistake must not silence the others
            log.exception("%s: a mistake of ours", name)
            return self._failed(name, door, one, error, done)
        self._store.end([one.id], end, self._clock(), error=note, tried=end == "delivered")
        done.count({"delivered": done.delivered, "superseded": done.superseded}.get(end, done.given_up), name)
        if end == "delivered" and door.said:
            log.info("%s takes messages again", name)
            door.said = ""
        return None

    def _written(
        self, name: str, door: Door, one: Delivery, said: str
    ) -> tuple[Sendable, str | None, Sequence[Earlier]]:
        assert self._writer is not None
        now, binding = self._clock(), door.lane.binding
        agency = name.partition("/")[2]
        to = next((a.addresses[binding.kind] for a in self._city.agencies if a.id == agency), None) if agency else None
        if one.finding is None:
            return self._writer.digest(one.key, self._store.members(one.id), binding, now), to, ()
        return self._writer.message(one, binding, now, change=said), to, self._store.earlier(one)

    def _failed(self, name: str, door: Door, one: Delivery, error: Exception, done: Done) -> datetime:
        reason = _line(error)
        asked = error.retry_s if isinstance(error, Away) else None
        again = self._clock() + timedelta(seconds=wait_s(one.tries + 1, self._chance(), asked))
        self._store.failed(one.id, again, reason)
        done.failed[name] = reason
        self._complain(door, reason)
        if asked is not None:
            door.held_until = again
        return again

    def _complain(self, door: Door, reason: str) -> None:
        if door.said != reason:
            log.warning("%s takes no messages: %s", door.lane.name, reason)
            door.said = reason

    def _find(self, name: str) -> Door | None:
        """The outlet of that name, or an agency's address behind it."""
        base, _, agency = name.partition("/")
        door = self._doors.get(base)
        if door is None or not agency:
            return door if door is None or not door.lane.binding.agency_addresses else None
        known = {a.id for a in self._city.agencies if door.lane.binding.kind in a.addresses}
        if agency not in known or not door.lane.binding.agency_addresses:
            return None
        return self._agencies.setdefault(name, Door(door.lane, door.outlet))


def _door(name: str, binding: OutletBinding, secret: Secret, city: City) -> Door:
    """Raises UnknownName, ConfigInvalid."""
    outlet = made(name, binding, secret, city)
    lane = Lane(
        name=name,
        binding=binding,
        on=frozenset(outlet.default_on if binding.on is None else binding.on),
        per_minute=outlet.per_minute if binding.per_minute is None else binding.per_minute,
        tells_past=outlet.tells_past and not binding.agency_addresses,
        never=outlet.never,
    )
    return Door(lane, outlet)


def _line(error: BaseException) -> str:
    """One plain line of an error. Of what is not ours only its name: its words may hold an address with a key."""
    if isinstance(error, VongLauError):
        return " ".join(str(error).split())[:200]
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
