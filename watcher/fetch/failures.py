"""Why a fetch failed, in words that name cause and remedy; pure. No text holds a whole address: it may be secret."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import timedelta

import httpcore2
import httpx2

from watcher.errors import PollReason
from watcher.model.feed import FetchFailed

TRANSPORT_ERRORS = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.ProxyError,
)
"""What a request raises when there is no whole answer to it; `transport_failure` says why."""
_STATUS_REASONS = {
    401: PollReason.HTTP_UNAUTHORIZED,
    403: PollReason.HTTP_UNAUTHORIZED,
    404: PollReason.HTTP_NOT_FOUND,
    410: PollReason.HTTP_GONE,
    429: PollReason.HTTP_TOO_MANY_REQUESTS,
}
_REMEDIES = {
    PollReason.HTTP_UNAUTHORIZED: "it wants credentials (headers of the feed) or does not let us in",
    PollReason.HTTP_NOT_FOUND: "the address is wrong or the feed has moved; try `watcher feeds discover` on the site",
    PollReason.HTTP_GONE: "the feed was removed for good; take it out of the configuration",
    PollReason.HTTP_TOO_MANY_REQUESTS: "we wait as long as it asks; a longer interval helps",
    PollReason.HTTP_CLIENT_ERROR: "it refuses the request; look at the address in a browser",
    PollReason.HTTP_SERVER_ERROR: "it is out of order at present; it is tried again later",
}
_NO_ANSWER = "that is no answer to our request; look at the address in a browser"
_NO_TARGET = "it redirects without saying where to; look at the address in a browser"
_CHALLENGE = (
    "a protection against robots answers in its place; ask the publisher to let feed readers in, "
    "or look for another address of the feed"
)


def refused(host: str, status: int, headers: Mapping[str, str], wait: timedelta | None) -> FetchFailed:
    """An answer without a document; `wait` is what its Retry-After asks for."""
    reason = _status_reason(status)
    if headers.get("cf-mitigated", "").lower() == "challenge":
        remedy = _CHALLENGE
    elif 300 <= status < 400 and status != httpx2.codes.NOT_MODIFIED:
        remedy = _NO_TARGET
    else:
        remedy = _REMEDIES.get(reason, _NO_ANSWER)
    return FetchFailed(reason, f"{host} answered {status}: {remedy}", status, wait)


def timed_out(host: str, deadline: timedelta) -> FetchFailed:
    """The deadline of the whole fetch passed."""
    detail = f"{host} did not deliver the document within {deadline.total_seconds():g} s"
    return FetchFailed(PollReason.TIMEOUT, f"{detail}; raise polling.timeout if it is slow")


def transport_failure(error: Exception) -> FetchFailed:
    """What the connection failed with."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            detail = getattr(cause, "verify_message", "") or cause.reason or "the handshake failed"
            return FetchFailed(
                PollReason.TLS, f"no trustworthy connection: {detail}; see network.ca_file for own authorities"
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore2.TimeoutException):
        return FetchFailed(PollReason.TIMEOUT, "the server did not answer in time; it is tried again later")
    if isinstance(error, httpcore2.ProtocolError):
        return FetchFailed(
            PollReason.PROTOCOL, f"the server's answer breaks the rules of HTTP ({error}); it must fix that"
        )
    return FetchFailed(PollReason.CONNECT, f"no connection ({error or type(error).__name__}); it is tried again later")


def _status_reason(status: int) -> PollReason:
    if status in _STATUS_REASONS:
        return _STATUS_REASONS[status]
    if httpx2.codes.is_client_error(status):
        return PollReason.HTTP_CLIENT_ERROR
    return PollReason.HTTP_SERVER_ERROR if httpx2.codes.is_server_error(status) else PollReason.PROTOCOL
