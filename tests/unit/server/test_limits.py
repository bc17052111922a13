"""What a server refuses because it would be too much: for its queue, in time, in pixels."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from desk_server import HERE, PNG, Desk, make_desk, scan_png
from PIL import Image
from starlette.types import Message, Receive, Scope, Send

from sonolesion.server.limits import BodyLimit
from sonolesion.server.settings import ServerSettings


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory, tiny_bundle_folder: Path) -> Iterator[Desk]:
    """A desk without any room for requests that wait, whose bodies must come soon."""
    folder = tmp_path_factory.mktemp("tight")
    with make_desk(folder, tiny_bundle_folder, queue_cap=0, body_timeout_s=3.0) as found:
        yield found


def test_a_full_queue_says_when_to_come_again(tight: Desk) -> None:
    for path in ("/api/v1/predictions", "/api/v1/predictions/mask.png"):
        answer = tight.http.post(path, content=scan_png(), headers=PNG)
        assert (answer.status_code, answer.json()["error"]["id"]) == (503, "E-LIM-002")
        assert int(answer.headers["Retry-After"]) > 0
    ready = tight.http.get("/readyz")
    assert (ready.status_code, "Retry-After" in ready.headers) == (503, True)
    assert tight.http.get("/healthz").status_code == 200


def test_cases_are_read_in_the_background_all_the_same(tight: Desk) -> None:
    case_id = tight.add_case()
    assert tight.api("GET", f"/cases/{case_id}").json()["state"] == "read"


def test_a_body_that_comes_too_slowly(tight: Desk) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(5.0)
        yield b"x"

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(tight.http.app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await client.post("/api/v1/predictions", content=drip(), headers=PNG)

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()["error"]["id"]) == (408, "E-LIM-003")


def test_pixels_are_limited_by_the_header_of_the_image(desk: Desk) -> None:
    buffer = io.BytesIO()
    Image.new("1", (8000, 6000)).save(buffer, "PNG")  # 48 million in a few kB
    answer = desk.api("POST", "/predictions", content=buffer.getvalue(), headers=PNG)
    assert (answer.status_code, answer.json()["error"]["id"]) == (422, "E-IMG-004")
    assert "40 million pixels" in answer.text


def test_a_streamed_answer_may_outlast_the_time_for_a_body() -> None:
    """As the answer starts, both the stream and the limit ask for the end of the (empty) body."""

    async def talk() -> list[str]:
        parts: asyncio.Queue[Message] = asyncio.Queue()
        parts.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        sent: list[str] = []

        async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
            async def until_the_client_goes() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass

            listening = asyncio.create_task(until_the_client_goes())
            await asyncio.sleep(0)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.sleep(0.3)  # three times what a body may take
            assert not listening.done()
            parts.put_nowait({"type": "http.disconnect"})
            await listening

        async def send(message: Message) -> None:
            sent.append(message["type"])

        limited = BodyLimit(streaming, ServerSettings(data=Path(), body_timeout_s=0.1))
        await limited({"type": "http", "headers": []}, parts.get, send)
        return sent

    assert asyncio.run(talk()) == ["http.response.start"]
