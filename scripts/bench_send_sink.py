"""A mail server that takes every mail and counts it by its Message-ID, as fast as one process can.

    python scripts/bench_send_sink.py FOLDER

Prints its port. Each mail's Message-ID becomes a line of FOLDER/mails before the server confirms the mail.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import TextIO

_ID = re.compile(rb"^Message-ID: <([^>]+)>", re.IGNORECASE | re.MULTILINE)


class Dialogue(asyncio.Protocol):
    """One connection (RFC 5321), without any extension."""

    def __init__(self, mails: TextIO) -> None:
        self._mails = mails
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP connection has
        self._transport = transport
        self._say(b"220 sink ESMTP")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n.\r\n" if self._in_data else b"\r\n")) >= 0:
            part, self._buffer = self._buffer[:end], self._buffer[end + (5 if self._in_data else 2) :]
            if self._in_data:
                self._take(part)
            else:
                self._answer(part[:4].upper())

    def _take(self, mail: bytes) -> None:
        found = _ID.search(mail)
        self._mails.write(f"{found[1].decode() if found else 'none'}\n")
        self._mails.flush()
        self._in_data = False
        self._say(b"250 taken")

    def _answer(self, verb: bytes) -> None:
        if verb == b"DATA":
            self._in_data = True
            self._say(b"354 go on")
        elif verb == b"QUIT":
            self._say(b"221 bye")
            self._transport.close()
        else:
            self._say(b"250 sink" if verb in (b"EHLO", b"HELO") else b"250 fine")

    def _say(self, line: bytes) -> None:
        self._transport.write(line + b"\r\n")


async def serve(folder: Path) -> None:
    with (folder / "mails").open("w") as mails:
        server = await asyncio.get_running_loop().create_server(lambda: Dialogue(mails), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
