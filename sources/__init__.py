"""Adapters: one module a protocol. They yield records and never see the database."""
