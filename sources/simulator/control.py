"""A small HTTP endpoint that switches faults while the city runs.

``GET /faults`` lists them, ``PUT /faults/SOURCE`` with a body ``KIND`` or ``KIND:SECONDS`` switches one on,
``DELETE /faults/SOURCE`` off. SOURCE may be ``all``.
"""

from __future__ import annotations

from collections.abc import Callable

import tornado.web

from sources.simulator.errors import FaultUnknown
from sources.simulator.faults import Faults


class FaultList(tornado.web.RequestHandler):
    def initialize(self, faults: Faults, clock: Callable[[], float]) -> None:
        self.faults = faults
        self.clock = clock

    def get(self) -> None:
        self.write({"sources": list(self.faults.sources), "faults": dict(self.faults.describe())})


class OneFault(FaultList):
    def put(self, source: str) -> None:
        kind = self.request.body.decode(errors="replace").strip()
        self._switch(lambda: self.faults.switch_on(f"{source}={kind}", self.clock()))

    def delete(self, source: str) -> None:
        self._switch(lambda: self.faults.switch_off(source))

    def _switch(self, change: Callable[[], None]) -> None:
        try:
            change()
        except FaultUnknown as error:
            self.set_status(404)
            self.write({"error": str(error)})
            return
        self.write({"faults": dict(self.faults.describe())})


def routes(
    faults: Faults, clock: Callable[[], float]
) -> list[tuple[str, type[tornado.web.RequestHandler], dict[str, object]]]:
    own: dict[str, object] = {"faults": faults, "clock": clock}
    return [(r"/faults", FaultList, own), (r"/faults/(\w+)", OneFault, own)]
