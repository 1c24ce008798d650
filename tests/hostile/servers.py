"""Rogue servers: what MySQL and PostgreSQL send, as bytes, and a listener that says it."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[socket.socket], None]


@dataclass
class Rogue:
    """A listener of ours: where it stands and what came to it."""

    port: int
    connections: int = 0
    heard: bytearray = field(default_factory=bytearray)

    def hear(self, connection: socket.socket, least: int = 1) -> bytes:
        """At least so many bytes of the client, kept for the test to look at; b"" when it hung up."""
        found = b""
        while len(found) < least:
            block = connection.recv(65_536)
            if not block:
                return b""
            found += block
            self.heard += block
        return found


@contextmanager
def rogue(answer: Callable[[socket.socket, Rogue], None]) -> Iterator[Rogue]:
    """A server on a free port of this machine that answers each connection in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as open_sockets:
        found = Rogue(listening.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    found.connections += 1
                    open_sockets.enter_context(connection)
                    threading.Thread(target=quietly, args=(connection,), daemon=True).start()

        def quietly(connection: socket.socket) -> None:
            with suppress(OSError):
                answer(connection, found)

        threading.Thread(target=serve, daemon=True).start()
        yield found
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def hold(connection: socket.socket, seconds: float = 30) -> None:
    """Say nothing until the other side hangs up."""
    connection.settimeout(seconds)
    with suppress(OSError):
        while connection.recv(65_536):
            pass


def drip(connection: socket.socket, data: bytes, pause: float = 0.05) -> None:
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(pause)


def flood(connection: socket.socket, block: bytes) -> None:
    """The same block without end, as fast as it is taken."""
    many = block * max(1, (1 << 18) // len(block))
    while True:
        connection.sendall(many)


# -- MySQL -------------------------------------------------------------------------------------------------------------
# https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets.html

_CAPABILITIES = 0x00FF_F7FF & ~0x0800  # everything but TLS


def mysql_packet(number: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([number % 256]) + payload


MYSQL_GREETING = mysql_packet(
    0,
    b"\x0a8.0.36-rogue\0" + struct.pack("<I", 7) + b"12345678\0" + struct.pack("<H", _CAPABILITIES & 0xFFFF)
    + b"\x2d" + struct.pack("<HH", 2, _CAPABILITIES >> 16) + b"\x15" + b"\0" * 10 + b"123456789012\0"
    + b"mysql_native_password\0",
)  # fmt: skip
MYSQL_OK = b"\x00\x00\x00\x02\x00\x00\x00"
MYSQL_END = b"\xfe\x00\x00\x02\x00"


def mysql_column(name: bytes, kind: int = 253) -> bytes:
    parts = (b"def", b"", b"t", b"t", name, name)
    return b"".join(bytes([len(part)]) + part for part in parts) + struct.pack("<BHIBHBH", 12, 45, 400, kind, 0, 0, 0)


def mysql_commands(connection: socket.socket, server: Rogue) -> Iterator[bytes]:
    """Sign the client in, then each command (its first byte tells the kind) as it comes."""
    connection.sendall(MYSQL_GREETING)
    server.hear(connection, 36)
    connection.sendall(mysql_packet(2, MYSQL_OK))
    while command := server.hear(connection, 5):
        yield command[4:]


Cell = bytes | int | None  # a number: that length, said of nothing


def mysql_table(kinds: Sequence[int], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A whole answer of columns of these types."""
    payloads = [bytes([len(kinds)]), *[mysql_column(b"c%d" % n, kind) for n, kind in enumerate(kinds)], MYSQL_END]
    payloads += [b"".join(map(_mysql_cell, row)) for row in rows]
    return b"".join(mysql_packet(number, payload) for number, payload in enumerate([*payloads, MYSQL_END], 1))


def _mysql_cell(cell: Cell) -> bytes:
    if cell is None:
        return b"\xfb"
    if isinstance(cell, int):
        return b"\xfe" + struct.pack("<Q", cell % 2**64)
    return b"\xfc" + struct.pack("<H", len(cell)) + cell


# -- PostgreSQL --------------------------------------------------------------------------------------------------------
# https://www.postgresql.org/docs/current/protocol-message-formats.html


def postgres_message(kind: bytes, payload: bytes) -> bytes:
    return kind + struct.pack(">I", len(payload) + 4) + payload


def _status(name: bytes, value: bytes) -> bytes:
    return postgres_message(b"S", name + b"\0" + value + b"\0")


POSTGRES_READY = postgres_message(b"Z", b"I")
POSTGRES_WELCOME = (
    postgres_message(b"R", struct.pack(">I", 0))
    + _status(b"server_version", b"16.2")
    + _status(b"server_encoding", b"UTF8")
    + _status(b"client_encoding", b"UTF8")
    + _status(b"standard_conforming_strings", b"on")
    + _status(b"integer_datetimes", b"on")
    + _status(b"DateStyle", b"ISO, MDY")
    + postgres_message(b"K", struct.pack(">II", 7, 7))
    + POSTGRES_READY
)
POSTGRES_ROW = postgres_message(b"D", struct.pack(">HI", 1, 400) + b"x" * 400)


def postgres_columns(*names: bytes, kinds: Sequence[int] = ()) -> bytes:
    """``kinds``: the types' numbers, text without."""
    types = kinds or [25] * len(names)
    about = b"".join(
        name + b"\0" + struct.pack(">IHIhiH", 0, 0, kind, -1, -1, 0) for name, kind in zip(names, types, strict=True)
    )
    return postgres_message(b"T", struct.pack(">H", len(names)) + about)


def postgres_startup(connection: socket.socket, server: Rogue) -> None:
    """Refuse TLS and hear who is there."""
    first = server.hear(connection, 8)
    if first[4:8] == struct.pack(">I", 80_877_103):
        connection.sendall(b"N")
        server.hear(connection, 8)


def postgres_queries(connection: socket.socket, server: Rogue) -> Iterator[bytes]:
    """Sign the client in, then each message as it comes."""
    postgres_startup(connection, server)
    connection.sendall(POSTGRES_WELCOME)
    while query := server.hear(connection, 5):
        yield query


def postgres_nothing(query: bytes) -> bytes:
    """An empty answer to a statement."""
    return postgres_columns(b"a") + postgres_message(b"C", b"SELECT 0\0") + POSTGRES_READY


def postgres_table(kinds: Sequence[int], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A whole answer of columns of these types."""
    answer = postgres_columns(*[b"c%d" % n for n in range(len(kinds))], kinds=kinds)
    for row in rows:
        cells = b"".join(map(_postgres_cell, row))
        answer += postgres_message(b"D", struct.pack(">H", len(row)) + cells)
    return answer + postgres_message(b"C", b"SELECT\0") + POSTGRES_READY


def _postgres_cell(cell: Cell) -> bytes:
    if cell is None:
        return struct.pack(">i", -1)
    return struct.pack(">i", cell) if isinstance(cell, int) else struct.pack(">i", len(cell)) + cell
