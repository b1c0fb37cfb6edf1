"""What Prometheus' rules and the security desk raise over the sites: a function of (seed, instant, severity)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sources._alert_events import fingerprint
from sources.simulator.agency_sites import Outage, Watch
from sources.simulator.clock import DAY_S, local_day, local_midnight
from sources.simulator.noise import dice

FOR_S = 120.0
"""A site is reported when it has been down for so long."""

SOON_D = 14.0
LONGEST_INCIDENT_D = 2

INCIDENTS = (
    ("MalwareFound", "malware", "high", "Phát hiện mã độc trên máy trạm", 30),
    ("BotnetTraffic", "malware", "high", "Máy trạm kết nối tới máy chủ điều khiển mã độc", 14),
    ("BruteForce", "attack", "warning", "Dò mật khẩu vào trang quản trị", 22),
    ("DenialOfService", "attack", "critical", "Tấn công từ chối dịch vụ", 4),
    ("PhishingMail", "phishing", "warning", "Thư lừa đảo gửi tới hộp thư công vụ", 14),
    ("Defacement", "defacement", "critical", "Trang bị thay đổi giao diện", 2),
    ("CriticalPatch", "vulnerability", "high", "Lỗ hổng nghiêm trọng chưa vá", 8),
    ("DataExposed", "leak", "critical", "Dữ liệu lộ trên thư mục công khai", 2),
    ("SuspiciousLogin", "attack", "info", "Đăng nhập bất thường", 20),
)
"""Name, category of the catalogue, severity, words, weight."""


@dataclass(frozen=True, slots=True)
class Alert:
    """``end`` lies ahead of the instant of asking while the alert fires. Times in epoch s."""

    labels: Mapping[str, str]
    summary: str
    begin: float
    end: float

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.labels)

    @property
    def key(self) -> tuple[str, float]:
        return self.fingerprint, self.begin

    def told(self, t: float, *, pulled: bool) -> dict[str, object]:
        """As the API (``pulled``) or the webhook tells it at ``t``."""
        own: dict[str, object] = {
            "labels": dict(self.labels),
            "annotations": {"summary": self.summary},
            "startsAt": stamp(self.begin),
            "fingerprint": self.fingerprint,
            "generatorURL": "",
        }
        if pulled:
            state = {"state": "active", "silencedBy": [], "inhibitedBy": []}
            receivers = [{"name": "vong_lau"}]
            return own | {"status": state, "endsAt": stamp(t + 240), "updatedAt": stamp(t), "receivers": receivers}
        over = self.end <= t
        return own | {
            "status": "resolved" if over else "firing",
            "endsAt": stamp(self.end) if over else "0001-01-01T00:00:00Z",
        }


def stamp(t: float) -> str:
    return datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def between(watch: Watch, start: float, end: float) -> list[Alert]:
    """The alerts that meet ``start < t <= end``, in the order of their beginning."""
    found = [_of_outage(watch, outage) for outage in watch.between(start, end) if _is_long(watch, outage)]
    found += [alert for number in watch.of("agency") for alert in _of_certificate(watch, number, start, end)]
    days = range(local_day(start) - LONGEST_INCIDENT_D, local_day(end) + 1)
    found += [alert for day in days for alert in _incidents(watch, day)]
    return sorted((a for a in found if a.begin <= end and a.end > start), key=lambda a: (a.begin, a.key))


def active(watch: Watch, t: float) -> list[Alert]:
    """The alerts that fire at that instant."""
    return [alert for alert in between(watch, t - 1e-3, t) if alert.begin <= t < alert.end]


def _is_long(watch: Watch, outage: Outage) -> bool:
    watched = outage.site < 0 or watch.sites[outage.site].watched == "agency"
    return watched and outage.end - outage.begin > FOR_S


def _of_outage(watch: Watch, outage: Outage) -> Alert:
    begin = outage.begin + FOR_S
    if outage.site < 0:
        line = watch.lines[-1 - outage.site]
        labels = {
            "alertname": "LineDown",
            "severity": "critical",
            "category": "availability",
            "site": line.id,
            "site_name": line.name,
        }
        return Alert(labels, f"{line.name} mất kết nối", begin, outage.end)
    site = watch.sites[outage.site]
    why = {"line": "mất đường truyền", "power": "mất điện", "server": "máy chủ không trả lời"}[outage.cause]
    labels = {
        "alertname": "SiteDown",
        "severity": "critical" if site.line < 0 else "warning",
        "category": "availability",
        "site": site.id,
        "agency": site.agency or "",
        "cause": outage.cause,
    }
    if site.line >= 0:
        labels["parent"] = watch.lines[site.line].id
    return Alert(labels, f"{site.name} không truy cập được: {why}", begin, outage.end)


def _of_certificate(watch: Watch, number: int, start: float, end: float) -> list[Alert]:
    """Near its end, and past it, until the next one is put in place."""
    site = watch.sites[number]
    found = []
    begun = watch.certificate_begin(number, start)
    every = (site.certificate_d - site.renewed_d) * DAY_S
    while begun <= end:
        over, renewed = begun + site.certificate_d * DAY_S, begun + every
        for name, severity, since, words in (
            ("CertificateExpiring", "warning", over - SOON_D * DAY_S, "sắp hết hạn"),
            ("CertificateExpired", "critical", over, "đã hết hạn"),
        ):
            if since < renewed:
                labels = {
                    "alertname": name,
                    "severity": severity,
                    "category": "certificate",
                    "site": site.id,
                    "agency": site.agency or "",
                }
                until = min(renewed, over) if name == "CertificateExpiring" else renewed
                found.append(Alert(labels, f"Chứng thư của {site.name} {words}", since, until))
        begun = renewed
    return found


def _incidents(watch: Watch, day: int) -> list[Alert]:
    """Two to six a day that the security desk works on; most in working hours."""
    roll = dice(watch.town.seed, "incidents", day)
    sites = [watch.sites[number] for number in watch.of("agency")]
    found = []
    for _ in range(roll.choice((2, 2, 3, 3, 4, 6))):
        name, category, severity, words, _ = roll.choices(INCIDENTS, [entry[4] for entry in INCIDENTS])[0]
        site = roll.choice(sites)
        begin = local_midnight(day) + 3600 * min(max(roll.gauss(13, 4.5), 0), 23.9)
        labels = {
            "alertname": name,
            "severity": severity,
            "category": category,
            "site": site.id,
            "agency": site.agency or "",
        }
        length = min(60 * roll.lognormvariate(4.8, 0.9), LONGEST_INCIDENT_D * DAY_S - 3600)
        found.append(Alert(labels, f"{words} ({site.name})", begin, begin + length))
    return found
