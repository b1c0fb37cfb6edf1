"""Chance that is a pure function of the seed and of what is asked about, so that a restart finds the same city.

Nothing here keeps a stream: ``uniform(seed, vessel, slot)`` is the same number in any order, in any process.
The mixing function is splitmix64 (Steele, Lea, Flood 2014).
"""

from __future__ import annotations

from functools import reduce
from hashlib import blake2b
from random import Random

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_MASK = (1 << 64) - 1


def key(*parts: object) -> int:
    """A stable number of any printable parts, 63 bits so that it is a numpy integer too."""
    text = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 1


def dice(*parts: object) -> Random:
    """A generator of its own for one thing: the same parts roll the same numbers."""
    return Random(key(*parts))


def chance(*parts: object) -> float:
    """One number in [0, 1) of any printable parts: for what happens seldom and to one thing, where arrays cost more."""
    return key(*parts) / (1 << 63)


def _splitmix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def uniform(seed: int, *keys: ArrayLike) -> Floats:
    """Numbers in [0, 1), one for each of the broadcast integer keys; always an array of at least one."""
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(k, dtype=np.int64)) for k in keys))
    start = np.full(arrays[0].shape, seed & _MASK, dtype=np.uint64)
    mixed = reduce(lambda state, part: _splitmix(state ^ part.astype(np.uint64)), arrays, _splitmix(start))
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / float(1 << 53))


def normal(seed: int, *keys: ArrayLike) -> Floats:
    """Standard normal numbers (Box and Muller), one for each of the broadcast integer keys."""
    radius = np.sqrt(-2 * np.log(1 - uniform(seed, *keys, 1)))
    return np.asarray(radius * np.cos(2 * np.pi * uniform(seed, *keys, 2)))


def smooth(seed: int, what: int, t: ArrayLike, period_s: float) -> Floats:
    """Slow noise in [-1, 1]: one draw every ``period_s``, eased between. ``t`` in epoch seconds."""
    phase = np.atleast_1d(np.asarray(t, dtype=np.float64)) / period_s
    node = np.floor(phase).astype(np.int64)
    ease = (1 - np.cos(np.pi * (phase - node))) / 2
    left, right = uniform(seed, what, node), uniform(seed, what, node + 1)
    return np.asarray(2 * (left * (1 - ease) + right * ease) - 1)
