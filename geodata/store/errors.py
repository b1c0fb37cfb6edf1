"""Every way the store can fail that a person can read; each says how to mend it."""

from __future__ import annotations

from geodata.errors import VongLauError


class StoreError(VongLauError):
    """{reason}"""


class NoPostgres(StoreError):
    """no PostgreSQL server with PostGIS is on this machine ({reason}); install postgresql and postgis, or set
    VONGLAU_DSN
    """


class NoPostGIS(StoreError):
    """the database server at {where} has no PostGIS; install the postgis package of PostgreSQL {major} there"""


class DataFolderNewer(StoreError):
    """{path} was written by PostgreSQL {found}, this machine has {have}; install PostgreSQL {found} with PostGIS"""


class DataFolderOlder(StoreError):
    """{path} was written by PostgreSQL {found}, this machine has {have}; install PostgreSQL {found}, or db backup
    there and db restore here
    """


class DatabaseNewer(StoreError):
    """the database {where} has migration {found}, this program knows {have}; run the newer version of the program"""


class FolderUnreachable(StoreError):
    """{path} cannot be entered by the user {user} who runs PostgreSQL; choose another folder with --data"""


class CannotStart(StoreError):
    """PostgreSQL in {path} does not start: {reason}"""


class NotRunning(StoreError):
    """no PostgreSQL runs in {path}; start it with vonglau db start"""


class CannotConnect(StoreError):
    """cannot reach the database {where}: {reason}; check VONGLAU_DSN or run vonglau doctor"""


class StoreGone(CannotConnect):
    """the database {where} went away: {reason}; what was not committed can be written again"""


class NotMigrated(StoreError):
    """the database {where} is not migrated; run vonglau db migrate"""


class MigrationChanged(StoreError):
    """migration {name} differs from the one applied to {where}; restore the file and add a new migration instead"""


class DiskFull(StoreError):
    """the disk of the database is full; free space there, then the write is repeated: {reason}"""


class Forbidden(StoreError):
    """the database role may not do this: {reason}"""


class UnknownSource(StoreError):
    """source {name!r} is not registered; call Writer.register first"""


class SourceMoved(StoreError):
    """source {name!r} belongs to service {found}, it cannot move to {wanted}; give the new feed another id"""


class ToolFailed(StoreError):
    """{tool} failed: {reason}"""
