"""The verdict of ``vonglau check`` in words, Vietnamese and English: what was seen, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sources._check_problems import Door
    from sources.check import Verdict

STATES = {
    "ready": ("sẵn sàng", "ready"),
    "quiet": ("sẵn sàng (hiện chưa có gì để báo)", "ready (it has nothing to tell right now)"),
    "waits": ("sẵn sàng (chờ bên kia gửi đến)", "ready (waits to be sent things)"),
    "not_ready": ("CHƯA sẵn sàng", "NOT ready"),
}
LABELS = {
    "reachable": ("kết nối được", "reachable"),
    "speaks": ("đúng giao thức", "speaks the protocol"),
    "error": ("lỗi", "error"),
    "records": ("bản ghi", "records"),
    "rejected": ("bị loại", "rejected"),
    "newest": ("mới nhất", "newest"),
    "clock": ("đồng hồ", "clock"),
    "inside": ("trong thành phố", "inside the city"),
    "sends": ("nơi gửi đến", "send to"),
    "next": ("cần làm", "what to do"),
}
PROBLEMS = {  # one line a language, as it is printed
    "secret": (
        "đặt biến môi trường {about}: nguồn này cần khóa, và hiện chưa có",
        "set the environment variable {about}: the source needs this key and it is not set",
    ),
    "options": (
        "sửa mục options của nguồn trong tệp cấu hình như lỗi nêu trên",
        "mend the options of the source in its file, as the error says",
    ),
    "unreachable": (
        "kiểm tra địa chỉ và cổng, máy chủ có đang chạy không, tường lửa có cho qua không",
        "check address and port, whether the server runs, and whether the firewall lets us through",
    ),
    "slow": (
        "chờ lâu hơn bằng --seconds; nếu vẫn không có gì thì kiểm tra địa chỉ, cổng và máy chủ bên kia",
        "wait longer with --seconds; when still nothing comes, check address, port and the server",
    ),
    "error": (
        "hỏi đơn vị vận hành: máy chủ trả lời nhưng từ chối, hoặc nói giao thức khác",
        "ask its operator: the server answers, but refuses us or speaks something else",
    ),
    "units": (
        "đơn vị đo không nhận ra: {about}; đổi sang mã UCUM bằng tùy chọn units",
        "units not known: {about}; map them with the option units to UCUM codes",
    ),
    "properties": (
        "đại lượng chưa có trong danh mục: {about}; đổi tên bằng tùy chọn observed_properties",
        "not in the catalogue: {about}; map them with the option observed_properties",
    ),
    "clock": (
        "đồng hồ bên kia lệch {about} giây; chỉnh giờ bằng NTP, hoặc đặt đúng múi giờ (timezone)",
        "its clock is off by {about} s; set it by NTP, or give the right time zone (option timezone)",
    ),
    "swapped": (
        "kinh độ và vĩ độ bị đổi chỗ ({about} điểm sẽ nằm trong thành phố): xem axes; ở bảng, đổi hai cột lon, lat",
        "longitude and latitude are exchanged ({about} would lie in the city): see axes; in a table, columns lon, lat",
    ),
    "vn2000": (
        "tọa độ bằng mét, có thể là VN-2000: đặt srid (bảng) hoặc crs đúng múi chiếu; trục X hướng bắc, hay lẫn với Y",
        "coordinates are metres, likely VN-2000: set srid (table) or crs to its zone; its X points north, not east",
    ),
    "outside": (
        "không điểm nào trong {about} điểm nằm trong thành phố: kiểm tra hệ tọa độ (srid, crs), trục, hoặc nhầm nguồn",
        "none of {about} places lies in the city: check the coordinate system (srid, crs), the axes, or the source",
    ),
}
WORDS = {
    "yes": ("có", "yes"), "no": ("không", "no"), "none": ("không có", "none"), "of": ("trên", "of"),
    "seconds": ("giây", "s"), "old": ("giây trước", "s old"), "against": ("giây so với máy này", "s against ours"),
    "in": ("trong", "in"), "token": ("mã khóa trong biến", "token of the variable"), "port": ("cổng TCP", "TCP port"),
    "open": ("không cần mã khóa", "no token asked"), "ready": ("sẵn sàng", "ready"), "sources": ("nguồn", "sources"),
    "source": ("nguồn", "source"), "protocol": ("giao thức", "protocol"), "state": ("kết quả", "verdict"),
    "where": ("nằm trong thành phố", "inside"),
    "intake": ("<địa chỉ của vonglau ingest --intake>", "<address of vonglau ingest --intake>"),
}  # fmt: skip
KINDS = {
    "Thing": "đối tượng", "Observation": "số đo", "Position": "vị trí", "ServiceRequest": "phản ánh",
    "Alert": "cảnh báo", "Event": "sự kiện", "Feature": "lớp bản đồ", "Coverage": "ảnh nền",
}  # fmt: skip
SHORT = {"ready": ("sẵn sàng", "ready"), "quiet": ("chưa có tin", "quiet"), "waits": ("chờ gửi", "waits")}


def locale_language(environ: Mapping[str, str]) -> str:
    """``vi`` where LC_ALL, LC_MESSAGES or LANG (the first that is set) begins so, else ``en``."""
    name = next((environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(key)), "")
    return "vi" if name.casefold().startswith("vi") else "en"


def _say(table: Mapping[str, tuple[str, str]], key: str, language: str) -> str:
    return table[key][0 if language == "vi" else 1]


def _counted(records: Mapping[str, int], language: str) -> str:
    words = (f"{n} {KINDS.get(kind, kind) if language == 'vi' else kind}" for kind, n in records.items())
    return ", ".join(words) or _say(WORDS, "none", language)


def lines(verdict: Verdict, language: str) -> Iterator[str]:
    """One source, one fact a line, then what to do."""
    yield f"{verdict.source} ({verdict.protocol}): {_say(STATES, verdict.state, language)}"
    for key, fact in _facts(verdict, language):
        yield f"  {_say(LABELS, key, language):20} {fact}"
    for fact in todo(verdict, language):
        yield f"  {_say(LABELS, 'next', language):20} {fact}"


def todo(verdict: Verdict, language: str) -> list[str]:
    """What to do next, one line a problem."""
    return [_say(PROBLEMS, one.key, language).format(about=one.about) for one in verdict.problems]


def _facts(verdict: Verdict, language: str) -> Iterator[tuple[str, str]]:
    def word(key: str) -> str:
        return _say(WORDS, key, language)

    if verdict.state != "waits":
        yield "reachable", word("yes" if verdict.reachable else "no")
        yield "speaks", word("yes" if verdict.speaks else "no")
    if verdict.error:
        yield "error", verdict.error
    if verdict.state != "waits":
        records = _counted(verdict.records, language)
        yield "records", f"{records} {word('in')} {verdict.took_s:.1f} {word('seconds')}"
    if verdict.rejected:
        yield "rejected", ", ".join(f"{n} {reason}" for reason, n in verdict.rejected.items())
    if verdict.newest_age_s is not None:
        yield "newest", f"{verdict.newest_age_s:.0f} {word('old')}"
    if verdict.clock_skew_s is not None:
        yield "clock", f"{verdict.clock_skew_s:+.0f} {word('against')}"
    if verdict.placed:
        yield "inside", f"{verdict.inside} {word('of')} {verdict.placed}"
    if verdict.sends_to is not None:
        yield "sends", _door(verdict.source, verdict.sends_to, language)


def _door(source: str, door: Door, language: str) -> str:
    where = f"POST {_say(WORDS, 'intake', language)}/in/{source}"
    if door.port is not None:
        where = f"{_say(WORDS, 'port', language)} {door.port}"
    token = f"{_say(WORDS, 'token', language)} {door.token_env}" if door.token_env else _say(WORDS, "open", language)
    how = ", Authorization: Bearer" if door.port is None and door.token_env else ""
    return f"{where}{how} ({token})"


def summary(verdicts: Sequence[Verdict], language: str) -> Iterator[str]:
    """A table of many sources, and how many of them are ready."""
    widths = [max(6, *(len(one.source) for one in verdicts)), max(9, *(len(one.protocol) for one in verdicts))]
    heads = (_say(WORDS, "source", language), _say(WORDS, "protocol", language), _say(WORDS, "state", language))
    yield f"{heads[0]:{widths[0]}}  {heads[1]:{widths[1]}}  {heads[2]:14} {_say(LABELS, 'records', language)}"
    for one in verdicts:
        state = _say(SHORT, one.state, language) if one.ok else _say(STATES, "not_ready", language)
        told = _counted(one.records, language) if one.ok else "; ".join(todo(one, language)) or one.error or ""
        yield f"{one.source:{widths[0]}}  {one.protocol:{widths[1]}}  {state:14} {told}"
    ready = sum(one.ok for one in verdicts)
    of = f"{ready} {_say(WORDS, 'of', language)} {len(verdicts)} {_say(WORDS, 'sources', language)}"
    yield f"{of} {_say(WORDS, 'ready', language)}"
