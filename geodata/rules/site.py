"""How much it matters what is known of a system of an agency: reach, certificate, content, alerts; and masking.

Levels of systems are those of Decree 85/2016/NĐ-CP; what replaces it after 01/7/2026 is not known, so they are not used
here: every level below is this program's own rule. A source's severity (1 information … 5 critical) is one step above
the ramp, for level 5 is never computed. What is only not reached is at most 3: it harms nobody's data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

DWELL_S = 120.0
"""Shorter than this a system that is not reached is "just lost": most of these come back by themselves."""

CERTIFICATE_NEAR_D, CERTIFICATE_SOON_D = 7.0, 30.0

LEVEL_OF_SEVERITY: Mapping[int, int] = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4}
OUTAGE_MOST = 3
ALERT_OF_LEVEL = {1: "notice", 2: "warning", 3: "high", 4: "critical"}
OUTAGE = "availability"

LEVELS: Mapping[str, int] = {
    "reached": 0,
    "unwatched": 0,
    "just_lost": 0,
    "certificate_soon": 1,
    "notice": 1,
    "certificate_near": 2,
    "certificate_bad": 2,
    "warning": 2,
    "down": 2,
    "dns": 3,
    "down_grave": 3,
    "high": 3,
    "defaced": 4,
    "critical": 4,
}
"""Condition to its level; the order is the order of weight."""

MASK = "[địa chỉ mạng]"
_ADDRESS = re.compile(
    r"""[a-z][a-z0-9+.-]*://\S+                                   # a URL
    | (?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:[:/]\d{1,5})?(?![\w])   # IPv4, with a port or a prefix
    | (?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}(?![\w:])     # IPv6, written out
    | (?<![\w:])(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4})?(?:(?::[0-9a-f]{1,4}){0,5})(?![\w:])  # IPv6 with ::
    | (?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:vn|com|net|org|gov|edu|info|io|local|lan|internal|test)
      (?::\d{1,5})?(?:/\S*)?(?![\w-])                             # a host's name
    | \S+@\S+\.\w+                                                # a mailbox
    """,
    re.IGNORECASE | re.VERBOSE,
)


def masked(words: str) -> str:
    """The text without URLs, hosts, network addresses and mailboxes: the service shows agencies only.

    >>> masked("https://mot-cua.xa.gov.vn/login không trả lời, máy 10.20.30.40:9100")
    '[địa chỉ mạng] không trả lời, máy [địa chỉ mạng]'
    """
    return _ADDRESS.sub(MASK, words)


def tells_address(words: str) -> bool:
    """Whether the text names a host or an address."""
    return _ADDRESS.search(words) is not None


def alert(severity: float | None, category: str | None) -> str:
    """The condition that an open alert puts its system in. An unknown severity is taken for medium."""
    known = int(severity) if severity is not None and 1 <= severity <= 5 else 3
    level = LEVEL_OF_SEVERITY[known]
    if category == OUTAGE:
        return "notice" if level < 2 else "down" if level == 2 else "down_grave"
    if category == "defacement":
        return "defaced"
    return ALERT_OF_LEVEL[level]


def probed(values: Mapping[str, float | str], down_s: float | None = None) -> set[str]:
    """The conditions that the newest results tell. ``down_s``: how long the system has not been reached, if known."""
    found = set()
    if values.get("up") == "down":
        found.add("just_lost" if down_s is not None and down_s < DWELL_S else "down")
    if values.get("content") == "changed":
        found.add("defaced")
    if values.get("dns") == "changed":
        found.add("dns")
    certificate, days = values.get("certificate"), values.get("certificate_days")
    if isinstance(certificate, str) and certificate not in {"valid", "fault", "ok"}:
        found.add("certificate_bad")
    if isinstance(days, (int, float)):
        near = (
            ("certificate_bad", 0.0),
            ("certificate_near", CERTIFICATE_NEAR_D),
            ("certificate_soon", CERTIFICATE_SOON_D),
        )
        found |= {name for name, limit in near if days < limit and not (name != "certificate_bad" and days < 0)}
    return found


def worst(conditions: set[str]) -> str:
    """The heaviest of the conditions; "reached" of none."""
    order = list(LEVELS)
    return max(conditions, key=order.index) if conditions else "reached"
