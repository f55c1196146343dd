"""What libraries import and the process of the pages never uses: 6 MB of OpenSSL and 2 MB of uvicorn's command line."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

PROTOCOL_TLS_SERVER, CERT_NONE = 17, 0
"""Values of `ssl` that uvicorn's settings begin with."""


def leave_out() -> None:
    """To be called before anything that imports these is imported."""
    if find_spec("_sha256") or find_spec("_sha2"):  # else Python has all digests from OpenSSL alone
        _leave_out_openssl()
    _leave_out_command_line()


def _leave_out_openssl() -> None:
    """TLS ends at the proxy. `hashlib` and `hmac` do without, but for scrypt: see `passwords`."""
    nothing: Any = None
    sys.modules["_ssl"] = sys.modules["_hashlib"] = nothing
    import asyncio  # noqa: F401 - does without `ssl`, where uvicorn wants a module

    tls: Any = ModuleType("ssl")
    tls.PROTOCOL_TLS_SERVER, tls.CERT_NONE = PROTOCOL_TLS_SERVER, CERT_NONE
    sys.modules["ssl"] = tls


def _leave_out_command_line() -> None:
    """The `__init__` of uvicorn imports it, with Click. Its other modules want but one name of there."""
    spec = find_spec("uvicorn")
    package: Any = ModuleType("uvicorn")
    package.__path__ = spec.submodule_search_locations if spec else []
    sys.modules["uvicorn"] = package
    package.Config = import_module("uvicorn.config").Config
