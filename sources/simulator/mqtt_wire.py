"""The adapters' own MQTT connection, with a voice: messages out, each awaited, and a last will.

Not aiomqtt: who is stopped while it connects or publishes may go on for ever there, or leaves callbacks behind that
look at a closed socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from paho.mqtt import client as paho

from sources._mqtt_wire import Dial, Lost, Wire, _Paho
from sources.simulator.http_feed import LOOPBACK


@dataclass(frozen=True, slots=True)
class Said:
    """One message: what and where, and whether the broker keeps it."""

    topic: str
    payload: str | bytes
    retain: bool = False
    qos: int = 1


class Voice(Wire):
    """``open``, then ``say``; ``close`` at the end, also of what failed. ``will`` is what the broker says when the
    connection ends without a good-bye.
    """

    def __init__(self, port: int, will: Said | None, *, keepalive_s: int = 30) -> None:
        self._will = will
        self._unheard: dict[int, asyncio.Future[None]] = {}
        dial = Dial(host=LOOPBACK, port=port, client_id=f"simulated-{token_hex(6)}", version=4, clean=True,
                    keepalive_s=keepalive_s)  # fmt: skip
        super().__init__(dial, lambda: datetime.now(UTC))

    def _made(self, dial: Dial) -> _Paho:
        client = super()._made(dial)
        client.on_publish = self._on_publish
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        return client

    async def say(self, message: Said) -> None:
        """Returns when the broker has it; at QoS 0 when it is on its way. Raises Lost."""
        sent = self._client.publish(message.topic, message.payload, message.qos, message.retain)
        if self.lost is not None or sent.rc != paho.MQTT_ERR_SUCCESS:
            raise self.lost or Lost(paho.error_string(sent.rc))
        if message.qos == 0 or sent.is_published():
            return
        heard = self._unheard[sent.mid] = self._loop.create_future()
        try:
            async with asyncio.timeout(self._dial.connect_s):
                await heard
        except TimeoutError:
            raise Lost("no answer to a message") from None
        finally:
            self._unheard.pop(sent.mid, None)

    def _on_publish(self, _client: Any, _data: Any, mid: int, _code: Any, _properties: Any) -> None:
        if (heard := self._unheard.get(mid)) is not None and not heard.done():
            heard.set_result(None)

    def _waiters(self) -> Sequence[asyncio.Future[Any]]:
        return [*super()._waiters(), *self._unheard.values()]
