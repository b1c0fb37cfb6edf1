"""Server settings that suit this machine. Durability stays as PostgreSQL ships it: fsync is on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

MIB = 1024 * 1024


def memory_mib() -> int:
    """Memory of the machine in MiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB


def settings(memory: int, cores: int) -> Mapping[str, str]:
    """For a server that shares ``memory`` MiB and ``cores`` with the web, the ingest and the tile workers."""
    return {
        "shared_buffers": f"{max(128, min(memory // 8, 4096))}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": f"{max(64, min(memory // 32, 1024))}MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",  # plans of map queries are short; compiling them costs more than it saves
        "max_connections": "100",
        "max_worker_processes": str(max(8, cores)),
        "max_parallel_workers_per_gather": str(min(2, cores)),
        "autovacuum_naptime": "20s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "on",
        "log_directory": "log",
        "log_filename": "postgresql-%a.log",
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        # the statement of a client that was killed lets go of its locks within a second (Linux can tell)
        "client_connection_check_interval": "1s" if sys.platform == "linux" else "0",
    }
