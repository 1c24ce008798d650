"""What a source may cost us and where a connection may go: limits, host policy, paths.

A registered source is a way into our network and an answer without end, so every size, time and address has a bound.
Guards of workbooks stand in ``scanner/connectors/workbook.py``.
"""

import ipaddress
import os
import re
import socket
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.errors import SourceError, said

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one source. Times in seconds, sizes in bytes unless the name says otherwise."""

    tables: int = 50_000
    columns: int = 5_000  # of one table
    comment: int = 65_536  # characters kept of a comment
    answer_bytes: int = 512 << 20  # one answer that is held as a whole, such as the catalogue's
    row_bytes: int = 16 << 20  # one row on the wire; of a table with a longer one, long values are cut at the source
    cell: int = 65_536  # characters (bytes of binary values) that are kept of a value then
    batch_rows: int = 16_384
    batch_bytes: int = 32 << 20  # a batch is cut early when its rows are fat
    connect_seconds: float = 10  # until the session stands, a server that accepts and never speaks included
    answer_seconds: float = 120  # for one catalogue statement
    statement_seconds: float = 3_600  # until the first row, or for one aggregate
    silence_seconds: float = 300  # between two rows of a read
    read_seconds: float = 21_600  # for one read as a whole
    lock_seconds: float = 5  # waiting behind a lock of the source
    file_bytes: int = 20 << 30
    workbook_members: int = 2_000
    workbook_bytes: int = 300 << 20  # inflated, counted while reading: headers lie
    workbook_ratio: int = 200  # above 1 MiB
    workbook_cells: int = 50_000_000  # rows x columns that the cell references span
    workbook_seconds: float = 120
    workbook_memory: int = 3 << 30
    reader_memory: int = 4 << 30  # of the process that reads files


# Where clouds hand secrets to whoever asks. They stand in ranges that are opened for other reasons, so only a range that
# is such an address alone opens one.
_METADATA = tuple(
    ipaddress.ip_network(f"{address}")
    for address in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")  # all that is given out for the public network
# Addresses that carry another address inside; what they reach cannot be told from how they look.
_TUNNELS = (
    ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"), ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"), ipaddress.ip_network("192.88.99.0/24"),
)  # fmt: skip
_ODD_SPELLING = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+))*\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """Which addresses a connector may connect to.

    The name is resolved once, every address is checked, and the connection goes to a checked address, so a second
    answer of the name server changes nothing. Without ``allowed`` only public addresses pass; government sources have
    private ones, so an administrator names the ranges. ``refused`` holds our own servers' (host or address, port) and
    is refused even inside ``allowed``. ``everything`` leaves only ``refused``.
    """

    allowed: tuple[Network, ...] = ()
    refused: tuple[tuple[str, int], ...] = ()
    everything: bool = False

    @classmethod
    def of(cls, ranges: Sequence[str], refused: Sequence[tuple[str, int]] = ()) -> "HostPolicy":
        """Policy from settings: ranges like "10.20.0.0/16"; ValueError for a malformed one."""
        return cls(tuple(ipaddress.ip_network(item.strip()) for item in ranges), tuple(refused))

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of ``host``, all checked; SourceError host_refused or unreachable."""
        if not self.everything and _ODD_SPELLING.fullmatch(host) and not _is_plain_ipv4(host):
            raise SourceError("host_refused", host=host)
        found = _resolve(host, port)
        own = {address for name, at in self.refused if at == port for address in _resolve_quietly(name, at)}
        for address in found:
            if _reaches(address, own) or not (self.everything or self._permits(address)):
                raise SourceError("host_refused", host=host)
        return [str(address) for address in found]

    def _permits(self, address: Address) -> bool:
        if any(address in network for network in _METADATA if network.version == address.version):
            return any(network.num_addresses == 1 and address in network for network in self._of(address))
        if any(address in network for network in self._of(address)):
            return True
        tunnel = any(address in network for network in _TUNNELS if network.version == address.version)
        public = address.is_global and not address.is_multicast and not tunnel
        return public and (address.version == 4 or address in _GLOBAL_IPV6)

    def _of(self, address: Address) -> list[Network]:
        return [network for network in self.allowed if network.version == address.version]


OPEN = HostPolicy(everything=True)  # the command line: the caller's own network


def _reaches(address: Address, own: set[Address]) -> bool:
    """Whether the address leads to one of these: a server on this machine may listen at every address that the machine has."""
    return address in own or (_is_here(address) and any(map(_is_here, own)))


def _is_here(address: Address) -> bool:
    """Whether it is an address of this machine: no other can be bound."""
    if address.is_loopback or address.is_unspecified:
        return True
    try:
        with socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return not address.is_multicast


def _is_plain_ipv4(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _resolve(host: str, port: int) -> list[Address]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise SourceError("unreachable", host=host, port=port, reason=_reason(error)) from None
    found: list[Address] = []
    for answer in answers:
        address: Address = ipaddress.ip_address(str(answer[4][0]).partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        if address not in found:
            found.append(address)
    return found


def _resolve_quietly(host: str, port: int) -> list[Address]:
    try:
        return _resolve(host, port)
    except SourceError:
        return []


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def connect_socket(host: str, port: int, policy: HostPolicy, seconds: float) -> socket.socket:
    """A TCP connection to a checked address of ``host``; SourceError host_refused, unreachable or timeout."""
    last: SourceError | None = None
    end = time.monotonic() + seconds  # for all addresses together
    for address in policy.addresses(host, port):
        left = end - time.monotonic()
        if last is not None and left <= 0:
            break
        try:
            connection = socket.create_connection((address, port), timeout=max(left, 0.001))
        except TimeoutError:
            last = SourceError("timeout", host=host, port=port, seconds=round(seconds))
        except OSError as error:
            last = SourceError("unreachable", host=host, port=port, reason=_reason(error))
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return connection
    raise last or SourceError("unreachable", host=host, port=port, reason=said("the name has no address"))


def inside(folder: Path, path: Path) -> Path:
    """``path`` resolved, which must stay in ``folder`` (resolved): SourceError outside_folder otherwise."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise SourceError("no_such_path", path=str(path)) from error
    if not real.is_relative_to(folder):
        raise SourceError("outside_folder", path=str(path))
    return real


def real_path(descriptor: int, said: Path) -> str:
    """Where an open file really lies, as the kernel knows it; ``said`` where there is no /proc to ask."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return str(said)


def open_file(path: Path, limit: int) -> int:
    """A read-only descriptor of a regular file; SourceError no_such_path, outside_folder, too_large.

    ``path`` is resolved. What is opened must lie exactly there: nothing on the way may have become a link since.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        raise SourceError("no_permission", object=str(path)) from None
    except OSError:
        code = "outside_folder" if path.is_symlink() else "no_such_path"
        raise SourceError(code, path=str(path)) from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise SourceError("no_such_path", path=str(path))
    if real_path(descriptor, path) != str(path):
        os.close(descriptor)
        raise SourceError("outside_folder", path=str(path))
    if about.st_size > limit:
        os.close(descriptor)
        raise SourceError(
            "too_large",
            object=str(path),
            reason=said("{size} bytes, at most {limit} are read", size=about.st_size, limit=limit),
        )
    return descriptor
