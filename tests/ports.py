"""Ports for servers of a test: next to each other, and none that the system hands out by itself."""

import random
import socket
from pathlib import Path

_LOWEST = 10_000
_HANDED_OUT = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_ports(count: int = 1) -> int:
    """Return the first of `count` adjacent ports on which nothing listens.

    They lie below the range from which the system gives every outgoing connection its port: one of those could be
    taken between the look and the start of the server.
    """
    highest = int(_HANDED_OUT.read_text().split()[0]) - count
    while True:
        first = random.randint(_LOWEST, highest)
        if all(_is_free(first + offset) for offset in range(count)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
