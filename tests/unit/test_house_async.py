"""Asynchronous generators of ours are ended by whoever began them, there and then.

Python leaves one that is not read to its end to the collector, which hands it to the loop: it ends after what it uses,
or never, and complains where nobody listens.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "geodata", "layers", "outlets", "sources")
LIBRARY = {"aiter_bytes", "aiter_raw", "iter_by_block", "list", "retrying", "scandir"}
"""Iterators of libraries that hold nothing open themselves: their response, stream or client is closed by itself."""


def loose(tree: ast.AST) -> Iterator[int]:
    """Lines of ``async for`` statements over what no ``aclosing`` holds."""
    held = {
        item.optional_vars.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncWith)
        for item in node.items
        if isinstance(item.context_expr, ast.Call)
        and ast.unparse(item.context_expr.func).endswith("aclosing")
        and isinstance(item.optional_vars, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.AsyncFor):
            continue
        over = node.iter
        if isinstance(over, ast.Name) and over.id in held | LIBRARY:
            continue
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr in LIBRARY:
            continue
        yield node.lineno


def test_the_check_sees_what_it_should() -> None:
    assert list(loose(ast.parse("async def f():\n    async for a in g(): pass"))) == [2]
    assert not list(loose(ast.parse("async def f():\n  async with aclosing(g()) as h:\n    async for a in h: pass")))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_generator_is_left_to_the_collector(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line in loose(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert not found
