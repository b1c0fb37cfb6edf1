"""What belongs to no block of a page: keys and the link in the address bar."""

from __future__ import annotations

from app.panels.block import Block


class Shell(Block):
    """``data``: link (query of the address bar), title. Messages: ``key`` {key}, as look.md section 7 names them."""
