"""An HTTP server of ours ends, whatever its connections do."""

from __future__ import annotations

import asyncio

import tornado.httpserver
import tornado.netutil
import tornado.web

from sources._served import closed


class Stuck(tornado.httpserver.HTTPServer):
    """One connection's loop never ends."""

    async def close_all_connections(self) -> None:
        await asyncio.Event().wait()


async def test_a_connection_that_never_ends_holds_nobody_up() -> None:
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    port = sock.getsockname()[1]
    server = Stuck(tornado.web.Application([]))
    server.add_socket(sock)
    await closed(server, grace_s=0.05)
    (again,) = tornado.netutil.bind_sockets(port, "127.0.0.1")  # the port is free
    again.close()
    await closed(server, grace_s=0.05)
