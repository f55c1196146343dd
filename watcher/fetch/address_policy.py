"""Which addresses feeds may be fetched from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

from watcher.errors import FetchError, PollReason

Address = IPv4Address | IPv6Address

_NEVER_DIALLED = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # shared address space, RFC 6598
        "168.63.129.16/32",  # Azure's wire server, reachable from every machine there
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "224.0.0.0/4",  # multicast, RFC 5771
        "::/96",  # IPv4-compatible, RFC 4291 §2.5.5.1
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "100::/64",  # discard, RFC 6666
        "2001::/23",  # IETF protocol assignments, Teredo among them, RFC 2928
        "2002::/16",  # 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # SRv6 segment identifiers, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
        "ff00::/8",  # multicast, RFC 4291 §2.7
    )
)
"""What `is_global` permits, at least in some version of Python, and what can embed another address."""

_IPV4_MAPPED = IPv6Network("::ffff:0:0/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is assigned to be dialled (RFC 4291 §2.4); `is_global` permits most of the rest as well."""

_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""An interface identifier that begins with one of these ends with an IPv4 address (RFC 5214 §6.1)."""


class AddressPolicy:
    """Which addresses may be dialled: global unicast, and the ranges (CIDR) that the administrator allows."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allow = tuple(ip_network(text, strict=False) for text in allow)

    def permits(self, address: Address) -> bool:
        if isinstance(address, IPv6Address) and address in _IPV4_MAPPED:
            address = IPv4Address(int(address) & 0xFFFF_FFFF)
        if any(address in network for network in self._allow if network.version == address.version):
            return True
        if any(address in network for network in _NEVER_DIALLED if network.version == address.version):
            return False
        if isinstance(address, IPv6Address):
            is_tunnel = int(address) >> 32 & 0xFFFF_FFFF in _ISATAP
            return address in _GLOBAL_UNICAST and address.is_global and not is_tunnel
        return address.is_global

    def refuse_unless_permitted(self, host: str, addresses: Iterable[Address]) -> None:
        """Raises `FetchError` when any of a host's addresses is one that may not be dialled."""
        for address in addresses:
            if not self.permits(address):
                raise FetchError(
                    PollReason.ADDRESS_REFUSED,
                    f"{host} is at {address}, an address inside a private or special network; "
                    "if that is intended, add its range to the feed's `allow`",
                )
