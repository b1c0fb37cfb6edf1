"""Every way a file can be refused."""

from __future__ import annotations

from geodata.errors import UsageError, VongLauError


class Unreadable(VongLauError):
    """{path} cannot be read: {reason}"""


class NoCRS(UsageError):
    """{path} does not say its coordinate reference system; name it with --srid, such as 9214 (VN-2000, 107°00')"""


class ForeignCRS(UsageError):
    """{path} has a coordinate reference system without an EPSG code ({found}); name it with --srid"""


class CRSConflict(UsageError):
    """{path} says EPSG:{found}, --srid says EPSG:{told}; leave out --srid, or mend the file"""


class NoField(UsageError):
    """{path} has no field {name!r}; its fields: {known}"""


class NoLayer(UsageError):
    """{path} has several layers; choose one with --layer: {known}"""


class NotPolygons(UsageError):
    """{path} holds {found}, boundaries are areas; use vonglau import features"""


class NothingToExport(VongLauError):
    """{name} has nothing to export in that time"""


class SeveralKinds(UsageError):
    """{name} has records of several kinds, and {format} holds one; add --kind with one of: {known}"""


class NoBounds(UsageError):
    """{path} does not say where it lies: {reason}"""


class NotATime(UsageError):
    """{text!r} is not a time; write it as 2026-11-20T14:05 (Viet Nam time) or with its offset, 2026-11-20T07:05Z"""
