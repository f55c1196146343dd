"""The head of an HTTP answer, repaired before the HTTP library reads it; pure.

h11 refuses an answer for one odd header line that browsers pass over, and the feed with it. Only lines are repaired
here; what an answer means is left to the library. RFC 9112 is the grammar.
"""

from __future__ import annotations

import re

from watcher.errors import FetchError, PollReason

_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"(?:HTTP/(\d)(?:\.\d+)?|ICY)[ \t]+(\d{3})(?![^ \t\r\n])", re.IGNORECASE)
_BEGINNINGS = (b"HTTP/", b"ICY ")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def head_end(data: bytes, searched: int = 0) -> int | None:
    """Where the head ends, its blank line included; None while it is incomplete. `searched` bytes have no end."""
    match = _END.search(data, max(0, searched - 3))
    return match.end() if match else None


def refuse_unless_http(data: bytes) -> None:
    """Raises `FetchError` when what has come so far cannot be the beginning of an HTTP answer."""
    start = data.lstrip(b"\r\n")[:5].upper()
    if not any(start.startswith(beginning[: len(start)]) for beginning in _BEGINNINGS):
        raise FetchError(
            PollReason.PROTOCOL, "the server does not answer in HTTP; look at its port and at http or https"
        )


def repaired_head(head: bytes) -> tuple[int, bytes]:
    """The status code, and the head in a form that the HTTP library accepts. Raises `FetchError` if there is none."""
    status_line, *lines = head.strip(b"\r\n").replace(b"\r\n", b"\n").split(b"\n")
    match = _STATUS_LINE.match(status_line)
    if match is None:
        raise FetchError(PollReason.PROTOCOL, "the server's answer has no valid status line; the server must fix it")
    status = match.group(2)
    # HTTP/0.9 and ICY (SHOUTcast) answers end with the connection, as those of HTTP/1.0 do.
    version = b"1.0" if match.group(1) in {None, b"0"} or status_line[:8].upper() == b"HTTP/1.0" else b"1.1"
    headers = _framed(_headers(lines))
    whole = [b"HTTP/" + version + b" " + status, *(name + b": " + value for name, value in headers), b"", b""]
    return int(status), b"\r\n".join(whole)


def _headers(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Names and values; lines that are no header are left out, folded ones joined (RFC 9112 §5.2)."""
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line[:1] in {b" ", b"\t"} and headers:
            name, value = headers[-1]
            headers[-1] = (name, value + b" " + _plain(line))
            continue
        name, colon, value = line.partition(b":")
        if colon and _NAME.fullmatch(name := name.strip()):
            headers.append((name, _plain(value)))
    return headers


def _plain(value: bytes) -> bytes:
    return _CONTROL.sub(b" ", value).strip()


def _framed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """One length or one transfer coding (RFC 9112 §6). Two different lengths are refused, as browsers do."""
    lengths = {part for name, value in headers if name.lower() == b"content-length" for part in _parts(value)}
    codings = [part for name, value in headers if name.lower() == b"transfer-encoding" for part in _parts(value)]
    numbers = {int(part) for part in lengths if part.isdigit() and len(part) < 19}
    if len(numbers) > 1:
        raise FetchError(PollReason.PROTOCOL, "the server gives two different lengths of its answer; it must fix that")
    kept = [(name, value) for name, value in headers if name.lower() not in {b"content-length", b"transfer-encoding"}]
    if wanted := list(dict.fromkeys(part.lower() for part in codings if part.lower() != b"identity")):
        return [*kept, (b"Transfer-Encoding", b", ".join(wanted))]
    return [*kept, *((b"Content-Length", b"%d" % number) for number in numbers)]


def _parts(value: bytes) -> list[bytes]:
    return [part for text in value.split(b",") if (part := text.strip())]
