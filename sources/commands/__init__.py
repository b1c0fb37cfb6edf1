"""Commands of `vonglau` that live in this package: one module a command, found by name."""
