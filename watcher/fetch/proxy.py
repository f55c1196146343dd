"""The connection pool: directly, through the guard, or through the administrator's own proxy."""

from __future__ import annotations

import ssl
from base64 import b64encode

import httpcore2
import httpx2

from watcher.fetch.byte_limit import MeteredBackend
from watcher.fetch.ssrf_guard import GuardedBackend
from watcher.model.secret import reveal
from watcher.model.settings import Network

_CONNECTIONS = 200
_KEPT_OPEN = 50
_KEPT_FOR = 15.0


def open_pool(network: Network, backend: GuardedBackend) -> httpcore2.AsyncConnectionPool:
    """A pool whose every connection is dialled by `backend`, or made by `network.proxy` where one is set.

    A proxy resolves names itself: the guard then only sees the proxy, which is the administrator's choice.
    """
    context = _ssl_context(network)
    if network.proxy is None:
        return httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_KEPT_OPEN,
            keepalive_expiry=_KEPT_FOR,
            network_backend=MeteredBackend(backend),
        )
    address = httpx2.URL(reveal(network.proxy))
    return httpcore2.AsyncHTTPProxy(
        proxy_url=httpcore2.URL(scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=b"/"),
        proxy_headers=_proxy_authorization(address),
        ssl_context=context,
        max_connections=_CONNECTIONS,
        max_keepalive_connections=_KEPT_OPEN,
        keepalive_expiry=_KEPT_FOR,
        network_backend=MeteredBackend(httpcore2.AnyIOBackend()),
    )


def _ssl_context(network: Network) -> ssl.SSLContext:
    """The system's authorities, and those of `network.ca_file`; SSL_CERT_FILE of the environment does not count."""
    context = httpx2.create_ssl_context(trust_env=False)
    if network.ca_file is not None:
        context.load_verify_locations(cafile=network.ca_file)
    return context


def _proxy_authorization(address: httpx2.URL) -> list[tuple[bytes, bytes]]:
    if not address.userinfo:
        return []
    credentials = f"{address.username}:{address.password}".encode()
    return [(b"Proxy-Authorization", b"Basic " + b64encode(credentials))]
