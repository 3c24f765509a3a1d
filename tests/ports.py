"""Ports for servers that are not there yet."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def quiet_ports(count: int) -> list[int]:
    """Ports on which nobody listens, and which the system gives to nobody by itself: so it stays, as long as needed."""
    lowest = int(RANGE.read_text("ascii").split()[0])
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(lowest // 2, lowest)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found
