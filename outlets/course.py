"""The course of a delivery, pure: which news go where, what is no longer worth saying, what becomes one, when again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from geodata.city import Agency
from geodata.outlet import News, OutletBinding
from geodata.store.deliveries import Delivery, Line, Planned, Told

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 600.0
MINUTE = timedelta(minutes=1)
URGENT = 4
"""From this level on a beginning is told by itself, also in a storm, as long as the outlet bears it."""

BEGINNINGS = frozenset(("opened", "reopened", "level_raised"))
STATES = BEGINNINGS | {"level_lowered", "renewed", "closed"}
"""News of the finding itself: the newest says all that the ones before it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A binding with what its kind bears and tells."""

    name: str
    binding: OutletBinding
    on: Collection[News]
    per_minute: int
    tells_past: bool = True
    never: Collection[str] = ()

    @property
    def give_up(self) -> timedelta:
        return timedelta(hours=self.binding.give_up_h)

    def takes(self, news: News, line: Line) -> bool:
        """Whether the filters let it through, but for the level."""
        binding = self.binding
        return (
            news in self.on
            and line.service not in self.never
            and (not binding.services or line.service in binding.services)
            and (not binding.rules or any(fnmatchcase(line.rule or "", rule) for rule in binding.rules))
            and (not binding.agencies or bool({line.agency, line.agency_before} & set(binding.agencies)))
        )


def news_of(line: Line) -> News | None:
    """What a line of a journal is to the world; None for what is the house's own."""
    by_watch: Mapping[str, News] = {"open": "opened", "reopen": "reopened", "close": "closed"}
    by_desk: Mapping[str, News] = {
        "acknowledge": "acknowledged", "assign": "assigned", "close": "closed", "reopen": "reopened",
    }  # fmt: skip
    if line.finding_id is None:
        return None
    if line.act_id is not None:
        return by_desk.get(line.what)
    if line.what == "level" and line.level is not None and line.level_before not in {None, line.level}:
        return "level_raised" if line.level > (line.level_before or 0) else "level_lowered"
    return by_watch.get(line.what)


def route(lines: Sequence[Line], told: Told, lanes: Sequence[Lane], agencies: Sequence[Agency]) -> list[Planned]:
    """Which line goes to which outlet. An end is told to those who were told of the beginning."""
    known = set(told)
    planned = []
    for line in lines:
        news = news_of(line)
        if news is None:
            continue
        assert line.finding_id is not None
        for lane in lanes:
            for outlet, said in _doors(lane, news, line, agencies):
                if _wanted(lane, said, line, (outlet, line.finding_id) in known):
                    known.add((outlet, line.finding_id))
                    planned.append(Planned(outlet=outlet, news=said, line=line))
    return planned


def door(lane: str, agency: str) -> str:
    """The name of an agency's own address behind an outlet."""
    return f"{lane}/{agency}"


def _doors(lane: Lane, news: News, line: Line, agencies: Sequence[Agency]) -> list[tuple[str, News]]:
    """The outlet itself, or the addresses of the agency that has it and of the one that has it no more."""
    if not lane.binding.agency_addresses:
        return [(lane.name, news)]
    reachable = {agency.id for agency in agencies if lane.binding.kind in agency.addresses}
    doors: list[tuple[str, News]] = []
    if line.agency in reachable:
        doors.append((door(lane.name, str(line.agency)), news))
    if news == "assigned" and line.agency_before != line.agency and line.agency_before in reachable:
        doors.append((door(lane.name, str(line.agency_before)), "withdrawn"))
    return doors


def _wanted(lane: Lane, news: News, line: Line, told: bool) -> bool:
    asked: News = "assigned" if news == "withdrawn" else news
    if not lane.takes(asked, line):
        return False
    if news == "withdrawn" or (lane.binding.agency_addresses and news != "assigned"):
        return told  # what it was never given is not its business
    if news in {"closed", "level_lowered"} and BEGINNINGS & set(lane.on):
        return told
    return not lane.binding.levels or line.level in lane.binding.levels


@dataclass(frozen=True, slots=True)
class Settled:
    """What becomes of what waits. ``due``: (delivery, what it says) in order; ``digests``: what becomes one, each list.
    What is in neither waits: for its time, or for the minute to end.
    """

    given_up: Sequence[Delivery] = ()
    superseded: Mapping[str, Sequence[Delivery]] = field(default_factory=dict)
    due: Sequence[tuple[Delivery, str]] = ()
    digests: Sequence[Sequence[Delivery]] = ()


def settle(waiting: Sequence[Delivery], lane: Lane, sent: tuple[int, int], at: datetime) -> Settled:
    """``waiting``: oldest first. ``sent``: messages and digests that the outlet took within the last minute."""
    old = [one for one in waiting if at - one.created_at > lane.give_up]
    left = [one for one in waiting if at - one.created_at <= lane.give_up]
    kept, superseded = _newest(left, lane, at)
    ready = _in_order(kept, at)
    states = [(one, said) for one, said in ready if one.news in STATES]
    room = lane.per_minute - sent[0]
    if not lane.per_minute or len(states) <= room:
        return Settled(old, superseded, ready)
    urgent = [(one, said) for one, said in states if _urgent(one, said)]
    alone = [(one, said) for one, said in ready if one.news not in STATES]
    if len(urgent) <= room:  # what is urgent is not hidden in a heap
        alone = urgent + alone
        states = [(one, said) for one, said in states if not _urgent(one, said)]
    if sent[1]:
        return Settled(old, superseded, alone)  # one digest a minute
    digests = []
    for simulated in (False, True):
        group = [(one, said) for one, said in states if one.finding and one.finding.simulated == simulated]
        if len(group) > 1:
            digests.append([one for one, _ in group])
        else:
            alone += group
    return Settled(old, superseded, alone, digests)


def _urgent(one: Delivery, said: str) -> bool:
    return said in BEGINNINGS and one.finding is not None and one.finding.level >= URGENT


def _newest(
    waiting: Sequence[Delivery], lane: Lane, at: datetime
) -> tuple[list[tuple[Delivery, str]], dict[str, list[Delivery]]]:
    """Of each finding what is still worth saying, with the word for it; the rest by why it is not."""
    kept: list[tuple[Delivery, str]] = []
    superseded: dict[str, list[Delivery]] = {}
    groups: dict[object, list[Delivery]] = {}
    for one in waiting:
        groups.setdefault((one.finding.id if one.finding else f"digest {one.id}"), []).append(one)
    for group in groups.values():
        if group[0].finding is None:
            kept += [(one, "digest") for one in group]
            continue
        said, why = _of_one(group, lane, at)
        kept += said
        for reason, ones in why.items():
            superseded.setdefault(reason, []).extend(ones)
    return sorted(kept, key=lambda pair: pair[0].id), superseded


def _of_one(
    group: Sequence[Delivery], lane: Lane, at: datetime
) -> tuple[list[tuple[Delivery, str]], dict[str, list[Delivery]]]:
    """The same of one finding."""
    states = [one for one in group if one.news in STATES]
    deeds = {one.news: one for one in group if one.news not in STATES}  # the last of each
    newest = {one.id for one in (*states[-1:], *deeds.values())}
    older = [one for one in group if one.id not in newest]
    why: dict[str, list[Delivery]] = {"a newer message says it": older} if older else {}
    kept: list[tuple[Delivery, str]] = []
    for last in states[-1:]:
        if reason := _needless(last, lane, at):
            why.setdefault(reason, []).append(last)
        else:
            kept.append((last, _word(states)))
    for deed in deeds.values():
        if deed.ended and deed.told is None:
            why.setdefault("it was over before it could be said", []).append(deed)
        else:
            kept.append((deed, deed.news))
    return kept, why


def _needless(last: Delivery, lane: Lane, at: datetime) -> str | None:
    """Why the newest news of a finding need not be said; None where it must."""
    if last.news != "closed":
        return "it was over before it could be said" if last.ended else None
    if last.had == "closed":
        return "its end was told"
    long_ago = last.time is not None and at - last.time > lane.give_up  # we were away ourselves
    if last.told is None and (long_ago or not lane.tells_past):
        return "it was over before it could be said"
    return None


def _word(states: Sequence[Delivery]) -> str:
    """What several news together are."""
    news = [one.news for one in states]
    if news[-1] == "closed":
        return "closed"
    return next((word for word in ("opened", "reopened") if word in news), news[-1])


def _in_order(kept: Sequence[tuple[Delivery, str]], at: datetime) -> list[tuple[Delivery, str]]:
    """Those whose time has come; none before an older one of the same finding."""
    blocked: set[int] = set()
    ready = []
    for one, said in kept:
        number = one.finding.id if one.finding is not None else None
        if one.next_try > at or number in blocked:
            if number is not None:
                blocked.add(number)
            continue
        ready.append((one, said))
    return ready


def wait_s(tries: int, chance: float, asked_s: float | None = None) -> float:
    """Seconds until the next try after so many in vain; ``chance`` 0 to 1 spreads those who fell together.

    ``asked_s``: the receiver's own word, which is obeyed up to an hour.
    """
    longest = min(FIRST_WAIT_S * 2.0 ** min(max(tries - 1, 0), 16), LONGEST_WAIT_S)
    own = longest * (0.5 + chance / 2)
    return max(own, min(asked_s, 3600.0)) if asked_s is not None else own
