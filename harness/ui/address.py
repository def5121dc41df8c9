"""Where the server listens, and by which names it may be asked: this machine only, unless told otherwise.

A page of another site cannot reach a loopback address by itself, but a name of its own that points there
can (DNS rebinding), and so can a request that it lets the browser send. So every name is listed.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket

from harness.errors import ConfigError

PORTS_TRIED = 100
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """True where only programs of this machine reach the address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("192.168.1.5")
    (True, True, False, False)
    """
    return ipaddress.ip_address(host).is_loopback


def in_url(host: str) -> str:
    """An address as it stands in a URL.

    >>> in_url("127.0.0.1"), in_url("::1")
    ('127.0.0.1', '[::1]')
    """
    return f"[{host}]" if ":" in host else host


def reached_at(host: str) -> str:
    """The address at which this machine reaches what listens at `host`, which may be all addresses.

    >>> reached_at("0.0.0.0"), reached_at("::"), reached_at("192.168.1.5")
    ('127.0.0.1', '::1', '192.168.1.5')
    """
    if ipaddress.ip_address(host).is_unspecified:
        return "::1" if ":" in host else "127.0.0.1"
    return host


def names(host: str) -> tuple[str, ...]:
    """The names by which a browser may ask for the server: this machine's own, none that could be a guess.

    Of all addresses (0.0.0.0) those are meant that the machine's name stands for, and the one it goes out by.

    >>> names("127.0.0.1"), names("192.168.1.5")
    (('127.0.0.1', 'localhost', '[::1]'), ('127.0.0.1', 'localhost', '[::1]', '192.168.1.5'))
    """
    own = [in_url(host)]
    if ipaddress.ip_address(host).is_unspecified:
        name = socket.gethostname()
        own = [name.lower(), socket.getfqdn().lower(), *_addresses(name), *_outward(host)]
    return tuple(dict.fromkeys([*LOOPBACK, *own]))


def _addresses(name: str) -> list[str]:
    with contextlib.suppress(OSError):
        return [in_url(str(found[4][0]).partition("%")[0]) for found in socket.getaddrinfo(name, None)]
    return []


def _outward(host: str) -> list[str]:
    """The address by which the machine reaches others, which its own name often does not stand for."""
    far = "2001:db8::1" if ":" in host else "192.0.2.1"  # for documentation; nothing is sent there
    with contextlib.suppress(OSError), socket.socket(_family(host), socket.SOCK_DGRAM) as probe:
        probe.connect((far, 9))
        return [in_url(str(probe.getsockname()[0]))]
    return []


def free_port(host: str, first: int) -> int:
    """The first port from `first` on at which nobody listens.

    Raises:
        ConfigError: none of a hundred is free, or the address is not one of this machine.
    """
    _check_own(host)  # first: nothing answers at another machine's address, which takes a second a port
    last = min(first + PORTS_TRIED - 1, 65535)
    for port in range(first, last + 1):
        if _is_free(host, port):
            return port
    raise ConfigError(f"every port from {first} to {last} is taken; name another with port=8000")


def _is_free(host: str, port: int) -> bool:
    """Binding alone does not tell: macOS lets two programs bind a port, one of them on all addresses."""
    family = _family(host)
    with socket.socket(family) as probe:
        probe.settimeout(1)
        if probe.connect_ex((reached_at(host), port)) == 0:
            return False
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((host, port))
            return True
    return False


def _check_own(host: str) -> None:
    with socket.socket(_family(host)) as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            raise ConfigError(
                f"host={host} is no address of this machine ({error.strerror}); "
                "leave it out, or take 0.0.0.0 for all of them"
            ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
