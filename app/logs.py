"""One line an event on standard error: time, level, part, words. No secret passes here: adapters redact."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

log = logging.getLogger(__name__)


def configure(level: int = logging.INFO) -> None:
    """Set up logging of a command. Libraries speak from WARNING on."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for name in ("vonglau", "app", "layers", "sources", "outlets", "geodata"):
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)


def closed_pages_are_no_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An exception handler of a page server's loop: what could not be sent to a page that has closed is nobody's error.

    Panel leaves the sending to the page's next turn; when the page has closed in between nobody waits for it, and each
    message of it would stand in the log as a traceback.
    """
    from tornado.iostream import StreamClosedError
    from tornado.websocket import WebSocketClosedError

    if isinstance(context.get("exception"), (WebSocketClosedError, StreamClosedError)):
        log.debug("not sent, the page has closed: %s", context.get("message"))
    else:
        loop.default_exception_handler(context)
