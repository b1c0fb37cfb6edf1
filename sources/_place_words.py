"""Words around Vietnamese place names, and names that people bear too. Ours, from general knowledge."""

from __future__ import annotations

from collections.abc import Mapping

UNIT_TITLES: Mapping[tuple[str, ...], frozenset[str]] = {
    ("phường",): frozenset(("ward",)),
    ("p",): frozenset(("ward",)),
    ("xã",): frozenset(("commune",)),
    ("x",): frozenset(("commune",)),
    ("thị", "trấn"): frozenset(("township",)),
    ("tt",): frozenset(("township",)),
    ("đặc", "khu"): frozenset(("special_zone",)),
    ("huyện",): frozenset(("district",)),
    ("h",): frozenset(("district",)),
    ("quận",): frozenset(("district",)),
    ("q",): frozenset(("district",)),
    ("thị", "xã"): frozenset(("district",)),
    ("tx",): frozenset(("district",)),
    ("thành", "phố"): frozenset(("district", "province")),
    ("tp",): frozenset(("district", "province")),
    ("tỉnh",): frozenset(("province",)),
    ("sông",): frozenset(("river",)),
    ("phá",): frozenset(("spot",)),
    ("đầm",): frozenset(("spot",)),
}
"""The word before a name to the kinds of unit that it may name."""

PLAIN_TITLES: Mapping[tuple[str, ...], frozenset[str]] = {
    ("phuong",): frozenset(("ward",)),
    ("xa",): frozenset(("commune",)),
    ("huyen",): frozenset(("district",)),
    ("quan",): frozenset(("district",)),
    ("thi", "xa"): frozenset(("district",)),
    ("thanh", "pho"): frozenset(("district", "province")),
    ("tp",): frozenset(("district", "province")),
    ("tinh",): frozenset(("province",)),
}
"""The same in texts without marks."""

ENGLISH_AFTER: Mapping[str, frozenset[str]] = {
    "ward": frozenset(("ward",)),
    "commune": frozenset(("commune",)),
    "district": frozenset(("district",)),
    "town": frozenset(("district",)),
    "city": frozenset(("district", "province")),
    "province": frozenset(("province",)),
}
"""The word after a name in English."""

ENGLISH_BEFORE = frozenset(("in", "at", "of", "from", "near", "to", "central", "across", "around", "hits", "and"))

LETTERS = frozenset(("p", "x", "h", "q"))
"""Titles of one letter: only in upper case, with a full stop."""

SURNAMES = frozenset(
    (
        "nguyễn", "trần", "lê", "phạm", "hoàng", "huỳnh", "phan", "vũ", "võ", "đặng", "bùi", "đỗ", "hồ", "ngô",
        "dương", "lý", "đào", "đinh", "trịnh", "trương", "lương", "mai", "tô", "tôn", "tống", "đoàn", "hà",
        "cao", "thái", "châu", "tạ", "phùng", "quách", "lâm", "kiều", "la", "triệu", "hứa", "bạch", "văn",
        "trưng", "lưu", "nghiêm", "thân",
    )
)  # fmt: skip
"""A run of names that begins so is a person (Nguyễn Thị Huế), unless the whole of it is a place (Dương Nỗ)."""

PERSON_BEFORE = frozenset(
    (
        "ông", "bà", "anh", "chị", "em", "cháu", "cô", "chú", "bác", "thầy", "cụ", "sĩ", "sỹ", "tướng", "tá",
        "úy", "ts", "pgs", "gs", "ths", "mc", "nsnd", "nsưt", "vua", "chúa", "thánh", "liệt", "hùng", "trò",
        "thủ",
    )
)  # fmt: skip
"""The word before a person. ``sĩ`` ends nghệ sĩ, ca sĩ, bác sĩ, tiến sĩ; ``tướng`` thiếu tướng, đại tướng."""

STREET_BEFORE = frozenset(
    (
        "đường", "phố", "kiệt", "hẻm", "ngõ", "trường", "thpt", "thcs", "ty", "sạn", "giải", "cúp", "quỹ",
        "đoàn", "tàu", "xe", "hiệu", "sông", "suối", "núi",
    )
)  # fmt: skip
"""The word before a name that is no ward: a street, a school, a company, a ship, a brand, a river not on our map."""

NEAR_BEFORE = frozenset(("cầu", "chợ", "bến", "ga", "cảng", "chùa", "đèo", "hồ", "đập", "cửa"))
"""Before a name that is in or near the ward of that name."""

LIKE_PEOPLE = frozenset(
    (
        "thanh thủy", "kim long", "bình minh", "hòa bình", "thanh bình", "an bình", "quang trung", "hùng vương",
        "bình an", "tân bình", "minh châu", "thanh hà", "hồng hà", "thu hà", "thanh xuân", "xuân mai",
        "ngọc linh", "mỹ linh", "hồng sơn", "thái hòa", "quang vinh", "thanh vinh", "phú vinh", "thành vinh",
        "trường vinh", "bảo lộc", "gia lộc", "phúc lộc", "vinh phú", "vinh lộc", "hưng lộc", "long quảng",
        "thái bình", "thanh sơn", "thanh tùng", "kim ngân", "minh hóa", "minh đức", "minh khai", "minh tân",
        "hồng phong", "hồng bàng", "hải châu", "hải an", "an hải", "hải vân", "bích động", "tân an", "thanh an",
        "bình phú", "tuấn đạo", "hoàng mai", "hoàng văn thụ", "hai bà trưng", "bà triệu", "phong phú",
        "quỳnh mai", "quỳnh anh", "ngọc lâm", "thành công", "tân thành", "vạn xuân", "tường vân", "phú xuân",
        "hương an", "hương trà", "hương giang", "thùy vân", "hòa an", "trường sơn", "trường sa", "đại thành",
        "thống nhất", "đoàn kết", "tự do", "tân lợi", "tân lập", "thắng lợi", "tiến thành", "nhân hòa",
        "hòa hiệp", "sơn tây", "phúc thịnh", "tân tiến", "đồng tâm", "thành nhất",
    )
)  # fmt: skip
"""Ward names that are given names, words or things as well (Kim Long, Thống Nhất): only with phường or xã."""
