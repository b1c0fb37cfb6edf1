"""Where a city sends what its findings say: ``[outlets.NAME]`` of its file. The kinds are those of ``outlets``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

News = Literal[
    "opened", "level_raised", "level_lowered", "reopened", "closed", "assigned", "withdrawn", "acknowledged"
]  # fmt: skip
"""What an outlet tells of. ``withdrawn`` goes only to the agency that no longer has it."""

NAME = r"^[a-z][a-z0-9_]*$"
Level = Literal[1, 2, 3, 4, 5]


class OutletBinding(BaseModel):
    """One way out. ``levels``, ``services``, ``rules``, ``agencies`` and ``on`` say what goes there; empty: everything
    (``on`` left out: what its kind usually tells). What else stands in the table are the options of its kind, which
    checks them. No secret stands here: an option names the environment variable that holds it.

    ``agency_addresses``: what was given to an agency that has an address for this kind goes to that address, through
    the server, the token and the signature of this outlet, and nothing goes anywhere else.
    ``notes_as_written``: what people wrote beside a deed goes out with the telephone numbers in it.
    ``per_minute``: more than that in a minute become one digest; 0: never, None: what its kind bears.
    ``give_up_h``: so long it is tried.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str = Field(pattern=NAME)
    levels: tuple[Level, ...] = ()
    services: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    on: tuple[News, ...] | None = None
    language: Literal["vi", "en", "both"] = "vi"
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    agency_addresses: bool = False
    notes_as_written: bool = False
    per_minute: int | None = Field(default=None, ge=0)
    give_up_h: float = Field(default=24, gt=0, le=720)

    @property
    def options(self) -> Mapping[str, Any]:
        """What its kind must make sense of."""
        return dict(self.model_extra or {})
