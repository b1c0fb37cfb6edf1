"""Pictures in memory up to a number of bytes, the least recently used thrown out first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Kept(Generic[Key]):
    """Bytes by key. Not thread-safe: the owner holds a lock. One value larger than the limit is not kept at all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: OrderedDict[Key, bytes] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: Key) -> bytes | None:
        if key not in self._items:
            return None
        self._items.move_to_end(key)
        return self._items[key]

    def put(self, key: Key, value: bytes) -> None:
        """Keep the value under the key, in place of an older one."""
        self.size += len(value) - len(self._items.pop(key, b""))
        self._items[key] = value
        while self.size > self._limit:
            self.size -= len(self._items.popitem(last=False)[1])
