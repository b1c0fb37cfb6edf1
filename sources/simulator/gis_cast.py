"""What the planning office and the utilities of a city draw: zones, projects, permits, violations, networks.

Everything lies inside real ward areas and is invented; nothing of it is a plan of any office.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from shapely.affinity import rotate
from shapely.geometry import LineString, Point, box, mapping
from shapely.geometry.base import BaseGeometry

from sources.simulator.clock import DAY_S, LOCAL
from sources.simulator.noise import dice
from sources.simulator.report_intake import wards
from sources.simulator.report_kinds import Ward
from sources.simulator.town import Town

Item = dict[str, Any]
WARDS = 6
FIRST_CASE, CASE_DAYS = 18_000, 60
"""Violations are counted by local day from this one (2019) on; the office keeps those of so many days."""

ZONES = (
    ("su_dung_dat", "Đất ở đô thị"),
    ("su_dung_dat", "Đất thương mại, dịch vụ"),
    ("su_dung_dat", "Đất cây xanh, công viên"),
    ("su_dung_dat", "Đất công nghiệp"),
    ("phan_khu", "Quy hoạch phân khu"),
    ("chi_tiet", "Quy hoạch chi tiết 1/500"),
    ("bao_ve_di_tich", "Khu vực bảo vệ di tích"),
)
PROJECTS = ("Khu đô thị mới", "Nhà ở xã hội", "Trung tâm thương mại", "Chỉnh trang kè sông", "Trường học liên cấp")
VIOLATIONS = (
    ("vi_pham_xay_dung", "Xây dựng không phép"),
    ("vi_pham_xay_dung", "Xây dựng sai phép"),
    ("vi_pham_do_thi", "Lấn chiếm vỉa hè"),
    ("vi_pham_dat_dai", "Chuyển mục đích sử dụng đất trái phép"),
)
METRE = 1 / 111_195


@dataclass(frozen=True, slots=True)
class Office:
    """The wards around the city's centre; ``plans`` by collection. Pure functions of the seed."""

    seed: int
    wards: tuple[Ward, ...]

    @classmethod
    def of(cls, town: Town) -> Office:
        lon, lat, _ = town.city.home
        near = sorted(wards(town.city), key=lambda ward: (ward.place[0] - lon) ** 2 + (ward.place[1] - lat) ** 2)
        return cls(town.seed, tuple(near[:WARDS]))

    def zones(self) -> list[Item]:
        return [item for ward in self.wards for item in self._zones(ward)]

    def _zones(self, ward: Ward) -> Iterator[Item]:
        roll = dice(self.seed, "zones", ward.code)
        for n in range(12):
            kind, title = ZONES[n % len(ZONES)] if n < len(ZONES) else roll.choice(ZONES)
            place = _block(roll, ward, roll.uniform(180, 520))
            decided = f"{roll.randint(2018, 2025)}-{roll.randint(1, 12):02d}-{roll.randint(1, 28):02d}"
            own = {"ten": f"{title}, {ward.name}", "loai": kind, "hieu_luc_tu": decided, "so_qd": _decision(roll)}
            yield _item(f"{ward.code}-QH{n:02d}", place, own)

    def projects(self) -> list[Item]:
        return [item for ward in self.wards for item in self._projects(ward)]

    def _projects(self, ward: Ward) -> Iterator[Item]:
        roll = dice(self.seed, "projects", ward.code)
        for n in range(3):
            own = {
                "ten": f"{roll.choice(PROJECTS)} {ward.name}",
                "loai": "du_an",
                "trang_thai": roll.choice(("đang thi công", "giải phóng mặt bằng", "chuẩn bị đầu tư", "hoàn thành")),
                "von_ty_dong": roll.randint(40, 1200),
            }
            place = _block(roll, ward, roll.uniform(90, 260))
            yield _item(f"{ward.code}-DA{n}", place, own | _plan(dice(self.seed, "plan", ward.code, n), own))

    def permits(self) -> list[Item]:
        found = []
        for ward in self.wards:
            roll = dice(self.seed, "permits", ward.code)
            for n in range(10):
                own = {"ten": "Nhà ở riêng lẻ", "loai": "giay_phep", "so": f"{n + 11}/GPXD", "tang": roll.randint(1, 5)}
                found.append(_item(f"{ward.code}-GP{n:02d}", _spot(roll, ward), own))
        return found

    def violations(self, now: float, skew_s: float = 0.0) -> list[Item]:
        """Those of the last days, about one a day, as they stand at ``now`` (epoch s): found, fined, settled."""
        today = int(now // DAY_S)
        cases = (self._violation(day, now, skew_s) for day in range(today - CASE_DAYS, today + 1))
        return [case for case in cases if case is not None]

    def _violation(self, day: int, now: float, skew_s: float) -> Item | None:
        roll = dice(self.seed, "violation", day)
        found = day * DAY_S + roll.uniform(0, 0.4) * DAY_S
        if roll.random() < 0.2 or found > now:
            return None
        kind, title = roll.choice(VIOLATIONS)
        ward = roll.choice(self.wards)
        place, days = _spot(roll, ward), roll.uniform(2, 25)
        settled = found + days * DAY_S
        status = "đã xử lý" if settled <= now else "đang xử lý" if now - found > 6 * 3600 else "mới phát hiện"
        own: Item = {
            "ten": f"{title} tại {ward.name}",
            "loai": kind,
            "ngay_phat_hien": _local(found + skew_s),
            "trang_thai": status,
            "muc_do": roll.choice((1, 2, 2, 3)),
        }
        if settled <= now:
            own["ngay_xu_ly"] = _local(settled + skew_s)
        return _item(str(day - FIRST_CASE), place, own)

    def network(self, name: str) -> list[Item]:
        """Lines along the streets of each ward, or points for waste and warning."""
        return [item for ward in self.wards for item in self._network(name, ward)]

    def _network(self, name: str, ward: Ward) -> Iterator[Item]:
        streets = _streets(self.seed, ward)
        roll = dice(self.seed, name, ward.code)
        if name in POINTS:
            title, count = POINTS[name]
            for n in range(count):
                point = {"ten": f"{title} {n + 1}, {ward.name}", "loai": name, "don_vi": "Công ty Đô thị và Môi trường"}
                yield _item(
                    f"{ward.code}-{name}-{n}",
                    streets[roll.randrange(len(streets))].interpolate(0.4, normalized=True),
                    point,
                )
            return
        title, every, owner = LINES[name]
        for n, street in enumerate(streets[::every]):
            own: Item = {
                "ten": f"{title} {n + 1}, {ward.name}",
                "loai": name,
                "don_vi": owner,
                "dai_m": round(street.length / METRE),
                "nam": roll.randint(1996, 2025),
            }
            if n % 5 == 4:  # not built yet
                own["trang_thai"] = "quy hoạch"
                del own["nam"]
            yield _item(f"{ward.code}-{name}-{n}", street, own)


LINES = {
    "duong": ("Đường", 1, "Sở Xây dựng"),
    "cap_nuoc": ("Tuyến cấp nước", 2, "Công ty Cấp nước"),
    "thoat_nuoc": ("Cống thoát nước", 2, "Công ty Đô thị và Môi trường"),
    "luoi_dien": ("Lưới điện trung áp", 3, "Công ty Điện lực"),
    "chieu_sang": ("Tuyến chiếu sáng", 2, "Công ty Đô thị và Môi trường"),
}
POINTS = {"chat_thai_ran": ("Điểm tập kết rác", 4), "canh_bao": ("Trạm loa cảnh báo", 2)}
NETWORKS = {
    "duong": "Đường bộ",
    "cap_nuoc": "Cấp nước",
    "thoat_nuoc": "Thoát nước",
    "luoi_dien": "Lưới điện",
    "chat_thai_ran": "Chất thải rắn",
    "chieu_sang": "Chiếu sáng",
    "canh_bao": "Cảnh báo",
}


def _plan(roll: Random, own: Item) -> Item:
    """Decision, planned dates and progress in percent of a project, as its state allows."""
    state, year = own["trang_thai"], roll.randint(2024, 2025)
    year += {"chuẩn bị đầu tư": 3, "giải phóng mặt bằng": 1}.get(state, 0)
    begun = (year, roll.randint(1, 12), roll.randint(1, 28))
    done = {"hoàn thành": 100, "chuẩn bị đầu tư": 0, "giải phóng mặt bằng": roll.randint(2, 20)}
    return {
        "so_qd": _decision(roll),
        "khoi_cong": "{}-{:02d}-{:02d}".format(*begun),
        "hoan_thanh": f"{begun[0] + roll.randint(2, 4)}-{begun[1]:02d}-{begun[2]:02d}",
        "tien_do": done.get(state, roll.randint(35, 95)),
    }


def _streets(seed: int, ward: Ward) -> Sequence[BaseGeometry]:
    """Some streets of a turned grid around the ward's own place, cut at the ward's edge."""
    roll = dice(seed, "streets", ward.code)
    reach, angle = min(ward.spread_m, 900) * METRE, roll.uniform(0, 90)
    x, y = ward.place
    steps = (-0.8, -0.45, -0.1, 0.2, 0.5, 0.85)
    lines = [LineString([(x - reach, y + s * reach), (x + reach, y + s * reach)]) for s in steps]
    lines += [LineString([(x + s * reach, y - reach), (x + s * reach, y + reach)]) for s in steps]
    turned = [rotate(line, angle, origin=(x, y)).intersection(ward.cell) for line in lines]
    kept = [line for line in turned if isinstance(line, LineString) and line.length > 60 * METRE]
    return kept or [LineString([(x, y), (x + 1e-4, y)])]


def _block(roll: Random, ward: Ward, size_m: float) -> BaseGeometry:
    """A turned rectangle inside the ward."""
    centre = _spot(roll, ward)
    half, other = size_m / 2 * METRE, size_m / 2 * METRE * roll.uniform(0.5, 0.9)
    whole = rotate(box(centre.x - half, centre.y - other, centre.x + half, centre.y + other), roll.uniform(0, 90))
    cut = whole.intersection(ward.cell)
    return cut if cut.geom_type == "Polygon" and cut.area > 0 else centre.buffer(30 * METRE, quad_segs=2)


def _spot(roll: Random, ward: Ward) -> Point:
    reach = min(ward.spread_m, 1200) * METRE
    for _ in range(8):
        spot = Point(ward.place[0] + roll.uniform(-reach, reach), ward.place[1] + roll.uniform(-reach, reach))
        if ward.cell.contains(spot):
            return spot
    inside: Point = ward.cell.representative_point()
    return inside


def _decision(roll: Random) -> str:
    return f"{roll.randint(120, 3900)}/QĐ-UBND"


def _local(t: float) -> str:
    return datetime.fromtimestamp(t, LOCAL).isoformat(timespec="seconds")


def _item(number: str, place: BaseGeometry, own: Item) -> Item:
    return {"type": "Feature", "id": number, "geometry": mapping(place), "properties": own}
