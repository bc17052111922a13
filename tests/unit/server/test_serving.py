from __future__ import annotations

import asyncio
import socket

from sonolesion.server.serving import _listen
from sonolesion.server.settings import ServerSettings


def test_answers_are_sent_at_once_and_not_after_an_acknowledgement(tmp_path):
    async def nodelay_of_an_accepted_connection() -> int:
        found = asyncio.get_running_loop().create_future()

        def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = _listen(ServerSettings(data=tmp_path, port=0))
        async with await asyncio.start_server(accept, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            value = int(await found)
            writer.close()
            await writer.wait_closed()
        return value

    assert asyncio.run(nodelay_of_an_accepted_connection()) == 1
