"""An Alertmanager that posts to the city's intake: groups by name, firing and resolved, tried again until taken."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import httpx

from sources.simulator import site_alerts
from sources.simulator.faults import Faults, Kind
from sources.simulator.host import IntakeAddress
from sources.simulator.prometheus_server import Desk
from sources.simulator.site_alerts import Alert

LOOK_S = 2.0
AGAIN_S = 4 * 3600.0
"""What still fires is told again after so long (repeat_interval)."""

MAX_ALERTS = 50
"""Of one message; what is cut is told by ``truncatedAlerts``."""


def messages(alerts: Sequence[Alert], t: float) -> Iterator[dict[str, Any]]:
    """One message of the webhook for each alert's name, at most ``MAX_ALERTS`` in it."""
    ordered = sorted(alerts, key=lambda alert: alert.labels["alertname"])
    for name, group in groupby(ordered, key=lambda alert: alert.labels["alertname"]):
        own = list(group)
        told = [alert.told(t, pulled=False) for alert in own[:MAX_ALERTS]]
        yield {
            "version": "4",
            "groupKey": f'{{}}:{{alertname="{name}"}}',
            "truncatedAlerts": len(own) - len(told),
            "status": "firing" if any(alert.end > t for alert in own) else "resolved",
            "receiver": "vong_lau",
            "groupLabels": {"alertname": name},
            "commonLabels": {"alertname": name},
            "commonAnnotations": {},
            "externalURL": "",
            "alerts": told,
        }


class Pusher:
    """Posts what changed since it last looked."""

    def __init__(self, desk: Desk, intake: IntakeAddress) -> None:
        self.desk, self.intake = desk, intake
        self._told: dict[tuple[str, float], tuple[Alert, float]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            while True:
                if not self._silent(self.desk.faults):
                    await self.look(http)
                await asyncio.sleep(LOOK_S)

    def _silent(self, faults: Faults) -> bool:
        return faults.is_on(self.desk.source, Kind.OUTAGE) or faults.is_on(self.desk.source, Kind.STALL)

    async def look(self, http: httpx.AsyncClient) -> None:
        """One round: what is not taken is offered again in the next."""
        t = self.desk.now()
        now = {alert.key: alert for alert in site_alerts.active(self.desk.watch, t)}
        due = [a for key, a in now.items() if key not in self._told or t - self._told[key][1] > AGAIN_S]
        over = [alert for key, (alert, _) in self._told.items() if key not in now]
        changed = [*due, *over]
        for message in messages(changed, t):
            if not await self._post(http, message):
                return
            name = message["groupLabels"]["alertname"]
            for alert in changed:
                if alert.labels["alertname"] == name:
                    self._note(alert, t)

    def _note(self, alert: Alert, t: float) -> None:
        if alert.end > t:
            self._told[alert.key] = (alert, t)
        else:
            self._told.pop(alert.key, None)

    async def _post(self, http: httpx.AsyncClient, message: dict[str, Any]) -> bool:
        token = os.environ.get(self.intake.token_env)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.intake.url.rstrip('/')}/in/{self.desk.source}"
        garbage = self.desk.faults.is_on(self.desk.source, Kind.GARBAGE)
        try:
            for _ in range(self.desk.copies):
                if garbage:
                    reply = await http.post(url, content=b'{"version": "4", "alerts": [{"st', headers=headers)
                else:
                    reply = await http.post(url, json=message, headers=headers)
        except httpx.HTTPError:
            return False
        return reply.is_success
