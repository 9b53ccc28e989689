"""Requests that a browser sends for other sites' pages are refused."""

import asyncio

import pytest

from paddle_mfs.apps.web.origin import SameOrigin, is_same_origin


@pytest.mark.parametrize(
    "origin, host, is_same",
    [
        (None, b"127.0.0.1:7860", True),
        (b"http://127.0.0.1:7860", b"127.0.0.1:7860", True),
        (b"http://localhost:7860", b"localhost:7860", True),
        (b"http://[::1]:7860", b"[::1]:7860", True),
        (b"https://Faces.example", b"faces.example", True),
        (b"http://192.168.0.7:7860", b"192.168.0.7:7860", True),  # --host 0.0.0.0: what the browser calls it
        (b"http://127.0.0.1:8000", b"127.0.0.1:7860", False),
        (b"http://localhost:7860", b"127.0.0.1:7860", False),
        (b"http://evil.example", b"127.0.0.1:7860", False),
        (b"http://evil.example@127.0.0.1:7860", b"127.0.0.1:7860", False),
        (b"http://127.0.0.1:7860.evil.example", b"127.0.0.1:7860", False),
        (b"null", b"127.0.0.1:7860", False),
        (b"", b"127.0.0.1:7860", False),
        (b"", b"", False),
        (b"file://", b"", False),
        (b"http://[", b"127.0.0.1:7860", False),
    ],
)
def test_whose_page_it_is(origin, host, is_same):
    assert is_same_origin({b"host": host, **({} if origin is None else {b"origin": origin})}) is is_same


@pytest.mark.parametrize("kind", ["http", "websocket", "lifespan"])
@pytest.mark.parametrize("origin", [b"http://here", b"http://there"])
def test_what_is_answered(kind, origin):
    sent, asked = [], []

    async def app(scope, receive, send):
        asked.append(scope["type"])

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "headers": [(b"host", b"here"), (b"origin", origin)]}
    asyncio.run(SameOrigin(app)(scope, None, send))
    if origin == b"http://here" or kind == "lifespan":
        assert asked == [kind] and not sent
    elif kind == "http":
        assert not asked and sent[0]["status"] == 403 and sent[1]["body"].count(b"\n") == 1
    else:
        assert not asked and [message["type"] for message in sent] == ["websocket.close"]
