"""Topics of articles by their words, for outlets that do not say a category of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from geodata.folding import composed, fold
from sources._vocabulary import category

TOPICS: Mapping[str, Sequence[str]] = {
    "rumour": ("tin đồn", "tin giả", "thất thiệt", "sai sự thật", "chưa kiểm chứng", "bịa đặt"),
    "environment": (
        "mưa lũ", "mưa lớn", "ngập", "lũ", "bão", "áp thấp", "sạt lở", "thiên tai", "hạn hán", "nắng nóng",
        "rét", "xâm nhập mặn", "môi trường", "ô nhiễm", "rác thải", "cháy rừng", "xả lũ", "triều cường",
        "flood", "storm", "landslide", "pollution",
    ),
    "security": (
        "công an", "khởi tố", "bắt giữ", "tạm giam", "tòa án", "xét xử", "lừa đảo", "ma túy", "trộm", "cướp",
        "tai nạn giao thông", "vi phạm", "buôn lậu", "police", "arrest",
    ),
    "health": ("bệnh viện", "dịch bệnh", "sốt xuất huyết", "y tế", "tiêm chủng", "bệnh nhân", "ngộ độc", "hospital"),
    "education": ("học sinh", "sinh viên", "trường học", "giáo dục", "nghỉ học", "tuyển sinh", "giáo viên", "school"),
    "urban": (
        "đô thị", "hạ tầng", "cầu vượt", "tuyến đường", "quy hoạch", "chiếu sáng", "cấp nước", "thoát nước",
        "mất điện", "vỉa hè", "cây xanh", "xe buýt", "bãi đỗ xe", "ùn tắc", "infrastructure",
    ),
    "culture": (
        "du lịch", "du khách", "lễ hội", "festival", "di sản", "di tích", "bảo tàng", "áo dài", "nhã nhạc",
        "ẩm thực", "văn hóa", "triển lãm", "tourism", "heritage",
    ),
    "economy": (
        "kinh tế", "doanh nghiệp", "đầu tư", "xuất khẩu", "khu công nghiệp", "nông sản", "giá cả", "thị trường",
        "economy",
    ),
    "propaganda": ("tuyên truyền", "phát động", "hưởng ứng", "vận động", "chiến dịch", "ra quân"),
    "politics": ("hđnd", "ubnd", "nghị quyết", "kỳ họp", "đại hội", "chuyển đổi số", "cải cách hành chính", "thời sự"),
}  # fmt: skip
"""Category of the press service to words, the most telling category first."""


def topic(
    service: str, own: Iterable[str], title: str, summary: str, lists: Mapping[str, Sequence[str]] | None = None
) -> str | None:
    """The outlet's own category when it is one of the service's, else that with most words in the title and summary.

    ``lists`` come before ours. Of a service without these categories it is None.
    """
    words_of_theirs = [form for word in own for form in (word, fold(word).replace(" ", "_"))]
    if found := category(service, *words_of_theirs):
        return found
    chosen = {**{key: words for key, words in TOPICS.items() if key not in (lists or {})}, **(lists or {})}
    head, rest = f" {_spaced(title)} ", f" {_spaced(summary[:1500])} "
    best, score = None, 0
    for known, words in chosen.items():
        points = sum(3 * (f" {_spaced(word)} " in head) + (f" {_spaced(word)} " in rest) for word in words)
        if points > score and category(service, known):
            best, score = known, points
    return best


@lru_cache(maxsize=4096)
def _spaced(text: str) -> str:
    return " ".join(re.findall(r"\w+", composed(text)))
