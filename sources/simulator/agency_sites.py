"""Web sites and systems of the city's agencies: where they stand, when they fail, how fast they are, when their
certificates end. Everything is a function of (seed, instant, severity).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np

from geodata.city import Agency
from geodata.geography import collection
from sources.simulator.clock import DAY_S, local_day, local_midnight
from sources.simulator.noise import Floats, dice, key, uniform
from sources.simulator.town import Town
from sources.simulator.water import LonLat, offset

MOST = 85
"""As many as Huế had focal points at its launch; a larger city shows its departments and the first wards."""

AGENCIES_ON = date(2026, 1, 1)
WARDS_A_LINE = 4
"""So many wards hang on one station of the network: when it fails, all of them are lost at once."""

GRID_S = 300.0
LONGEST_D = 4
"""No outage lasts longer than so many days."""

SYSTEMS: Sequence[tuple[str, str, str]] = (
    ("dich_vu_cong", "Cổng dịch vụ công", "kuma"),
    ("mot_cua", "Một cửa điện tử", "kuma"),
    ("thu_cong_vu", "Thư điện tử công vụ", "kuma"),
    ("ung_dung_dan", "Ứng dụng đô thị thông minh", "kuma"),
    ("cong_thong_tin", "Cổng thông tin điện tử", "kuma"),
    ("quan_ly_van_ban", "Quản lý văn bản và điều hành", "kuma"),
    ("lgsp", "Nền tảng tích hợp, chia sẻ dữ liệu", "gatus"),
    ("csdl_dan_cu", "Kết nối cơ sở dữ liệu dân cư", "gatus"),
    ("hop_truc_tuyen", "Họp trực tuyến", "gatus"),
    ("bao_cao", "Hệ thống thông tin báo cáo", "gatus"),
    ("ho_so_suc_khoe", "Hồ sơ sức khỏe điện tử", "gatus"),
    ("truong_hoc", "Cơ sở dữ liệu ngành giáo dục", "gatus"),
    ("ban_do_so", "Bản đồ số", "probe"),
    ("du_lieu_mo", "Cổng dữ liệu mở", "probe"),
    ("dat_lich", "Đặt lịch làm việc", "probe"),
    ("du_lich_so", "Du lịch thông minh", "probe"),
    ("thu_vien_so", "Thư viện số", "probe"),
)
"""Id, name, and by what it is watched."""


@dataclass(frozen=True, slots=True)
class Site:
    """``line`` is the number of the station it hangs on; ``holds`` the severities at which power and line fail."""

    id: str
    name: str
    agency: str | None
    place: LonLat
    watched: str
    line: int
    power_holds: float
    base_ms: float
    certificate_d: float
    renewed_d: float  # so many days before the end; less than nothing: too late


@dataclass(frozen=True, slots=True)
class Line:
    """A station of the network, with the severity that it holds out."""

    id: str
    name: str
    place: LonLat
    holds: float


@dataclass(frozen=True, slots=True)
class Outage:
    """``site`` (or, of a line itself, −1 − its number) is lost for ``begin <= t < end``, epoch s."""

    site: int
    begin: float
    end: float
    cause: str  # server, power, line


@dataclass
class Watch:
    """All sites of a town."""

    town: Town
    _days: dict[int, tuple[Outage, ...]] = field(default_factory=dict)

    @cached_property
    def _cast(self) -> tuple[tuple[Site, ...], tuple[Line, ...]]:
        return _cast(self.town)

    @property
    def sites(self) -> tuple[Site, ...]:
        return self._cast[0]

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._cast[1]

    def of(self, watched: str) -> list[int]:
        """Numbers of the sites that are watched in this way: agency, kuma, gatus, probe."""
        return [n for n, site in enumerate(self.sites) if site.watched == watched]

    def day(self, day: int) -> tuple[Outage, ...]:
        """The outages that begin on that local day, of sites and of lines."""
        if day not in self._days:
            while len(self._days) > 40:
                del self._days[next(iter(self._days))]
            self._days[day] = tuple(sorted((*self._by_chance(day), *self._by_storm(day)), key=lambda o: o.begin))
        return self._days[day]

    def between(self, start: float, end: float) -> list[Outage]:
        """The outages that meet ``start < t <= end``, in the order of their beginning."""
        days = range(local_day(start) - LONGEST_D, local_day(end) + 1)
        return [o for day in days for o in self.day(day) if o.begin <= end and o.end > start]

    def down(self, t: float) -> Mapping[int, Outage]:
        """What is lost at that instant, the longest outage of each site."""
        found: dict[int, Outage] = {}
        for outage in self.between(t - 1e-3, t):
            if outage.begin <= t < outage.end and outage.site not in found:
                found[outage.site] = outage
        return found

    def _by_chance(self, day: int) -> list[Outage]:
        roll = dice(self.town.seed, "site outages", day)
        found = []
        for number in range(len(self.sites)):
            if roll.random() < 0.09:
                begin = local_midnight(day) + roll.uniform(0, DAY_S)
                found.append(Outage(number, begin, begin + min(60 * roll.lognormvariate(2.7, 0.9), 3 * 3600), "server"))
        return found

    def _by_storm(self, day: int) -> list[Outage]:
        start = local_midnight(day)
        grid = np.asarray(start - GRID_S + GRID_S * np.arange(int(LONGEST_D * DAY_S / GRID_S)), dtype=np.float64)
        severity = self.town.severity(grid)
        if not severity.any():
            return []
        today = int(DAY_S / GRID_S)
        found = []
        for number, line in enumerate(self.lines):
            for begin, end in _spells(grid, severity, line.holds, today):
                over = end + 3600 * dice(self.town.seed, "line", number, day).uniform(0.5, 4)
                found.append(Outage(-1 - number, begin, over, "line"))
                found += [
                    Outage(n, begin + 5, over, "line") for n, site in enumerate(self.sites) if site.line == number
                ]
        for number, site in enumerate(self.sites):
            for begin, end in _spells(grid, severity, site.power_holds, today):
                over = end + 3600 * dice(self.town.seed, "power", number, day).uniform(1, 8)
                found.append(Outage(number, begin, over, "power"))
        return found

    def latency_ms(self, t: float) -> Floats:
        """Of every site: slower in office hours and in the storm."""
        hour = (t / 3600 + 7) % 24
        busy = 1 + 0.5 * np.exp(-(((hour - 9.5) / 2) ** 2)) + 0.4 * np.exp(-(((hour - 15) / 2) ** 2))
        slow = busy * (1 + 1.5 * float(self.town.severity(t)[0]))
        chance = uniform(self.town.seed, key("latency") % 2**31, np.arange(len(self.sites)), int(t // 30))
        base = np.array([site.base_ms for site in self.sites])
        return np.asarray(base * slow * (0.75 + 0.5 * chance + 4 * (chance > 0.985)))

    def certificate_end(self, number: int, t: float) -> float:
        """Epoch s at which the certificate ends that the site shows at ``t``."""
        return self.certificate_begin(number, t) + self.sites[number].certificate_d * DAY_S

    def certificate_begin(self, number: int, t: float) -> float:
        site = self.sites[number]
        every = (site.certificate_d - site.renewed_d) * DAY_S
        phase = float(uniform(self.town.seed, key("certificate") % 2**31, number)[0]) * every
        return phase + ((t - phase) // every) * every

    def uptime(self, t: float) -> Floats:
        """Percent of the last 24 h, of every site."""
        lost = np.zeros(len(self.sites))
        for outage in self.between(t - DAY_S, t):
            if outage.site >= 0:
                lost[outage.site] += min(outage.end, t) - max(outage.begin, t - DAY_S)
        return np.asarray(100 * (1 - np.minimum(lost / DAY_S, 1)))


def _spells(grid: Floats, severity: Floats, holds: float, today: int) -> list[tuple[float, float]]:
    """From each crossing upwards today to the crossing downwards after it."""
    over = severity > holds
    begins = np.flatnonzero(over[1 : today + 1] & ~over[:today]) + 1
    found = []
    for begin in begins:
        after = np.flatnonzero(~over[begin:])
        found.append((float(grid[begin]), float(grid[begin + after[0]] if len(after) else grid[-1])))
    return found


def _cast(town: Town) -> tuple[tuple[Site, ...], tuple[Line, ...]]:
    agencies = [a for a in town.city.agencies_on(AGENCIES_ON) if a.class_ != "enterprise"]
    agencies.sort(key=lambda a: a.ward_code is not None)  # departments first, in the order of the city's file
    frame = collection("wards")
    points = {str(row.id): (float(row.lon), float(row.lat)) for row in frame.itertuples()}
    home = (town.city.home[0], town.city.home[1])
    chosen = agencies[:MOST]
    placed = {a.id: points.get(a.ward_code or "") or _near(town.seed, a.id, home) for a in chosen}
    hanging = sorted((a for a in chosen if a.ward_code), key=lambda a: placed[a.id])
    lines = [_line(town.seed, n, hanging[n : n + WARDS_A_LINE], placed) for n in range(0, len(hanging), WARDS_A_LINE)]
    line_of = {a.id: n // WARDS_A_LINE for n, a in enumerate(hanging)}
    sites = [_of_agency(town.seed, a, placed[a.id], line_of.get(a.id, -1)) for a in chosen]
    owner = "ioc" if any(a.id == "ioc" for a in agencies) else "so_khcn"
    sites += [_system(town.seed, entry, owner, _near(town.seed, entry[0], home)) for entry in SYSTEMS]
    return tuple(sites), tuple(lines)


def _near(seed: int, name: str, home: LonLat) -> LonLat:
    roll = dice(seed, "office", name)
    lon, lat = offset(home, roll.uniform(0, 360), roll.uniform(150, 1800))
    return round(lon, 5), round(lat, 5)


def _line(seed: int, number: int, wards: Sequence[Agency], placed: Mapping[str, LonLat]) -> Line:
    first = wards[len(wards) // 2]
    name = first.title_vi.removeprefix("UBND ").partition(" ")[2] or first.title_vi
    holds = dice(seed, "line holds", number).uniform(0.5, 1.6)
    return Line(f"tram_{first.ward_code}", f"Trạm truyền dẫn {name}", placed[first.id], holds)


def _of_agency(seed: int, agency: Agency, place: LonLat, line: int) -> Site:
    name = agency.title_vi if agency.title_vi.startswith("Cổng") else f"Cổng {agency.title_vi}"
    return _site(seed, agency.id, name, agency.id, place, "agency", line)


def _system(seed: int, entry: tuple[str, str, str], owner: str, place: LonLat) -> Site:
    return _site(seed, entry[0], entry[1], owner, place, entry[2], -1)


def _site(seed: int, name: str, title: str, agency: str, place: LonLat, watched: str, line: int) -> Site:
    roll = dice(seed, "site", name)
    power = roll.uniform(0.65, 2.2) if line >= 0 else roll.uniform(0.95, 2.6)  # the centre has generators
    long = roll.random() < 0.35
    careless = roll.random()
    renewed = -roll.uniform(0.5, 4) if careless < 0.07 else roll.uniform(3, 12) if careless < 0.2 else 30.0
    base = roll.uniform(60, 260) if line >= 0 else roll.uniform(25, 140)
    return Site(name, title, agency, place, watched, line, power, base, 365.0 if long else 90.0, renewed)
