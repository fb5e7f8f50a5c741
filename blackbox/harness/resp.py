"""A RESP connection that hides nothing: bytes out, typed replies in, each shown as text exactly.

Knows nothing of commands. The text of a reply is defined in testdata/README.md, "Replies".
"""

import socket
from dataclasses import dataclass

SECONDS_MAX = 30.0
AGGREGATES = {"*": ")", "~": "~", ">": ">"}
NAMES_WHEN_EMPTY = {"*": "(empty array)", "~": "(empty set)", "%": "(empty hash)", ">": "(empty push)"}


@dataclass(frozen=True)
class Reply:
    """One reply: the byte that begins it on the wire, and bytes, a list of replies, or None."""

    kind: str
    value: object

    def is_error(self):
        """Whether it is an error of either form."""
        return self.kind in "-!"

    def lines(self):
        """The reply as the lines of a script."""
        kind, value = self.kind, self.value
        if value is None:
            return ["(nil array)" if kind == "*" else "(nil)"]
        if kind in NAMES_WHEN_EMPTY:
            return self._elements() if value else [NAMES_WHEN_EMPTY[kind]]
        match kind:
            case "+":
                return [escaped(value)]
            case "-" | "!":
                return [f"(error) {escaped(value)}"]
            case ":":
                return [f"(integer) {escaped(value)}"]
            case "$":
                return [quoted(value)]
            case ",":
                return [f"(double) {escaped(value)}"]
            case "#":
                return ["(true)" if value == b"t" else "(false)"]
            case "(":
                return [f"(big number) {escaped(value)}"]
            case "=":
                return [f"(verbatim {escaped(value[:3])}) {quoted(value[4:])}"]
        raise ValueError(f"no text for {self}")

    def _elements(self):
        is_map = self.kind == "%"
        count = len(self.value) // 2 if is_map else len(self.value)
        width = len(str(count))
        lines = []
        for at in range(count):
            head = f"{at + 1:>{width}}{'#' if is_map else AGGREGATES[self.kind]} "
            if is_map:
                (key,) = self.value[2 * at].lines()
                head += f"{key} => "
                element = self.value[2 * at + 1].lines()
            else:
                element = self.value[at].lines()
            lines.append(head + element[0])
            lines.extend(" " * (width + 2) + line for line in element[1:])
        return lines


def escaped(value):
    """Bytes as text: printable ASCII as it is, the rest as \\xHH."""
    return "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}" for b in value)


def quoted(value):
    """Bytes as text between double quotes, in which nothing is ambiguous."""
    short = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t", 0x07: "\\a", 0x08: "\\b"}
    return '"' + "".join(short.get(b) or escaped([b]) for b in value) + '"'


def encoded(*arguments):
    """A command as clients send it: an array of bulk strings."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        raw = argument if isinstance(argument, bytes) else str(argument).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(raw), raw))
    return b"".join(parts)


class Connection:
    """A connection to `address`. Every wait has an end: `SECONDS_MAX`."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes it; harmless a second time."""
        self.file.close()
        self.socket.close()

    def send(self, raw):
        """Sends these bytes."""
        self.socket.sendall(raw)

    def call(self, *arguments):
        """Sends a command and waits for its reply."""
        self.send(encoded(*arguments))
        return self.read()

    def read_exactly(self, count):
        """The next `count` bytes."""
        raw = self.file.read(count)
        if len(raw) != count:
            raise ConnectionError(f"the server closed the connection after {raw!r}")
        return raw

    def read_to_end(self):
        """All bytes until the server closes the connection."""
        return self.file.read()

    def read(self):
        """The next reply."""
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError(f"the server closed the connection after {line!r}")
        kind, rest = chr(line[0]), line[1:-2]
        if kind in "+-:,#(":
            return Reply(kind, rest)
        if kind == "_":
            return Reply(kind, None)
        if kind not in "$=!*~>%":
            raise ValueError(f"no reply begins like {line!r}")
        count = int(rest)
        if count == -1:
            return Reply(kind, None)
        if kind in "$=!":
            raw = self.read_exactly(count + 2)
            if raw[-2:] != b"\r\n":
                raise ValueError(f"a {kind} reply of {count} bytes does not end with a line end")
            return Reply(kind, raw[:-2])
        return Reply(kind, [self.read() for _ in range(2 * count if kind == "%" else count)])
