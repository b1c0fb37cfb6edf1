"""The adapter that a test of the kit is about."""

from __future__ import annotations

import pytest

from sources.base import Options, Source, protocol


@pytest.fixture
def source(request: pytest.FixtureRequest) -> Source[Options]:
    return protocol(request.param)
