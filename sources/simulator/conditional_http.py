"""A page that is sent only to whom it is new: ETag (Tornado's own) and Last-Modified."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

from sources.simulator.http_feed import FaultyHandler


class ConditionalHandler(FaultyHandler):
    """Answers 304 by ETag or, where the question has none, by Last-Modified."""

    async def send_unless_known(self, body: str, content_type: str, changed: float) -> None:
        """``changed`` is the instant of the last change, epoch s."""
        since = self.request.headers.get("If-Modified-Since")
        self.set_header("Last-Modified", format_datetime(datetime.fromtimestamp(int(changed), UTC), usegmt=True))
        if since and "If-None-Match" not in self.request.headers and _seconds(since) >= int(changed):
            self.set_status(HTTPStatus.NOT_MODIFIED)
            await self.finish()
            return
        await self.send(body, content_type)


def _seconds(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return -1.0
