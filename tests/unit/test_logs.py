"""What a page server's log says of pages that have closed: nothing; of every other forgotten task: all."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from app.logs import closed_pages_are_no_error


async def forgotten() -> None:
    """Let tasks that nobody waits for end, and be collected."""
    await asyncio.sleep(0.05)
    gc.collect()
    await asyncio.sleep(0)


async def test_what_a_closed_page_no_longer_takes_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    opened: list[WebSocketHandler] = []

    class Page(WebSocketHandler):
        def open(self, *_: str, **__: str) -> None:
            opened.append(self)

    asyncio.get_running_loop().set_exception_handler(closed_pages_are_no_error)
    listening, port = bind_unused_port()
    server = HTTPServer(Application([("/", Page)]))
    server.add_socket(listening)
    page = await websocket_connect(f"ws://127.0.0.1:{port}/")
    stream = opened[0].ws_connection
    assert stream is not None
    sent = stream.write_message("more than a socket takes at once " * 2**20)
    assert not sent.done()
    assert stream.stream is not None
    stream.stream.close()  # in the middle of it
    del sent
    await forgotten()
    page.close()
    server.stop()
    await server.close_all_connections()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_any_other_forgotten_error_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def ours() -> None:
        raise ValueError("ours")

    asyncio.get_running_loop().set_exception_handler(closed_pages_are_no_error)
    task = asyncio.create_task(ours())
    await asyncio.sleep(0)
    del task
    await forgotten()
    assert "never retrieved" in caplog.text
    assert "ours" in caplog.text
