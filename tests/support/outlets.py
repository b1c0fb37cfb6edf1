"""An outlet as a city's table makes it, with the secrets of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from geodata.outlet import OutletBinding
from outlets.base import Outlet, made
from tests.support.posting import town

SECRETS = {"TOKEN": "t0k3n", "SIGN": "khoa bi mat", "USER": "vonglau", "PASSWORD": "m4t-kh4u"}


@asynccontextmanager
async def outlet(kind: str, **options: Any) -> AsyncIterator[Outlet[Any]]:
    found = made("out", OutletBinding.model_validate({"kind": kind, **options}), SECRETS.get, town())
    try:
        yield found
    finally:
        await found.close()
