"""The met office pushes each bulletin to the city's intake when it is issued; what is not taken is offered again."""

from __future__ import annotations

import asyncio
import os

import httpx

from sources.simulator.bulletin import Bulletin, xml
from sources.simulator.cap_server import Desk
from sources.simulator.faults import Kind
from sources.simulator.host import IntakeAddress

LOOK_S = 2.0
FRESH_S = 3600.0
"""What was issued longer ago is left to the index."""


class Pusher:
    """Posts the bulletins that were issued since it last looked, oldest first."""

    def __init__(self, desk: Desk, intake: IntakeAddress) -> None:
        self.desk, self.intake = desk, intake
        self._told: dict[str, None] = {}

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
            while True:
                faults, source = self.desk.faults, self.desk.source
                if not (faults.is_on(source, Kind.OUTAGE) or faults.is_on(source, Kind.STALL)):
                    await self.look(http)
                await asyncio.sleep(LOOK_S)

    async def look(self, http: httpx.AsyncClient) -> None:
        """One round."""
        shown = await asyncio.to_thread(self.desk.shown)
        until = self.desk.faults.held_at(self.desk.source, self.desk.now())
        for bulletin in reversed(shown):
            if bulletin.identifier not in self._told and bulletin.sent > until - FRESH_S:
                if not await self._post(http, bulletin):
                    return
                self._told[bulletin.identifier] = None
        for name in list(self._told)[:-500]:
            del self._told[name]

    async def _post(self, http: httpx.AsyncClient, bulletin: Bulletin) -> bool:
        office = self.desk.office.cast.office
        token = os.environ.get(self.intake.token_env)
        headers = {"Content-Type": "application/cap+xml", **({"Authorization": f"Bearer {token}"} if token else {})}
        body = xml(bulletin, office.sender, (office.sender_vi, office.sender_en)).encode()
        faults, source = self.desk.faults, self.desk.source
        if faults.is_on(source, Kind.GARBAGE):
            body = body[: len(body) // 2]
        url = f"{self.intake.url.rstrip('/')}/in/{source}"
        try:
            for _ in range(2 if faults.is_on(source, Kind.DUPLICATES) else 1):
                reply = await http.post(url, content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return reply.is_success
