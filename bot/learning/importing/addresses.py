"""Which addresses a page may be fetched from: the public internet, and networks that the house has allowed.

An address is judged with every other one that it carries inside: an IPv4 address in an IPv6 one leads there as well.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PORTS = frozenset({80, 443})
_TRANSLATED = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def networks(listed: str) -> tuple[Network, ...]:
    """The networks in ``listed``, by commas or spaces: ``10.0.0.0/8, fd00::/8``. Raises ValueError with a sentence."""
    found = []
    for written in listed.replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(written))
        except ValueError:
            raise ValueError(
                f"{written!r} is no network: write some such as 10.20.0.0/16, separated by commas"
            ) from None
    return tuple(found)


def is_allowed(address: str, allowed: Iterable[Network]) -> bool:
    """Whether ``address`` lies in one of the networks that the house named. Such a one may have any port."""
    try:
        plain = _unmapped(ipaddress.ip_address(address))
    except ValueError:
        return False
    return any(plain in network for network in allowed)


def is_public(address: str) -> bool:
    """Whether ``address``, and every address inside it, is one of the public internet."""
    try:
        return all(map(_is_public, _within(ipaddress.ip_address(address))))
    except ValueError:
        return False


def may_connect(addresses: Sequence[str], port: int, allowed: Sequence[Network]) -> bool:
    """Whether a name that means these ``addresses`` may be asked at ``port``: all of them must be harmless."""
    if not addresses:
        return False
    return all(is_allowed(one, allowed) or (port in PORTS and is_public(one)) for one in addresses)


def _unmapped(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _within(address: Address) -> Iterator[Address]:
    """The address and those that it carries: IPv4 mapped, 6to4, Teredo, translated, compatible."""
    yield address
    if isinstance(address, ipaddress.IPv4Address):
        return
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in (*_TRANSLATED, _COMPATIBLE)):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    yield from (one for one in inner if one is not None)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address in _TRANSLATED[0]):
        return True  # what it carries is judged beside it
    if address.is_multicast or address.is_unspecified or address.is_reserved or address.is_loopback:
        return False
    return address.is_global and not getattr(address, "is_site_local", False)
