"""Whom connections trust."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

import httpx2


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities, and those of a file; SSL_CERT_FILE of the environment does not count.

    Reading the system's takes longer than a whole round of polls, so that a context is kept until a file changes.
    """
    system = ssl.get_default_verify_paths()
    files = (system.openssl_cafile, system.openssl_capath, ca_file)
    return _context(ca_file, tuple(_changed_at(file) for file in files if file))


@lru_cache(maxsize=16)
def _context(ca_file: Path | None, changed_at: tuple[int, ...]) -> ssl.SSLContext:
    context = httpx2.create_ssl_context(trust_env=False)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def _changed_at(file: str | Path) -> int:
    """Nanoseconds; 0 for a file that is not there."""
    try:
        return Path(file).stat().st_mtime_ns
    except OSError:
        return 0
