"""Records, catalogue, cities, geography and the store. Imports nothing of ours."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geodata.store.reader import Reader


def connect(city: str = "hue") -> Reader:
    """A reader of a city's data, for a notebook: ``VONGLAU_DSN``, else the embedded cluster of ``VONGLAU_DATA``.

    An embedded cluster that this call starts stops with the notebook's process.
    """
    from contextlib import ExitStack

    from geodata.settings import Settings
    from geodata.store.connect import database
    from geodata.store.reader import Reader

    stack = ExitStack()
    opened = stack.enter_context(database(Settings.from_environ(city=city), role="read"))
    reader = stack.enter_context(Reader(opened.dsn))
    atexit.register(stack.close)
    return reader
