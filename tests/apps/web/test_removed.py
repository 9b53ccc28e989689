"""A file that is removed while a browser asks for it, as when its page is closed."""

import asyncio

import pytest

from paddle_mfs.apps.web.removed import RemovedFiles


def answer(path, app):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": f"/gradio_api/file={path}", "headers": []}
    asyncio.run(RemovedFiles(app)(scope, None, send))
    return sent


@pytest.mark.parametrize("range_header", [[], [(b"range", b"bytes=1-2")]])
def test_removed_before_the_answer(tmp_path, range_header):
    responses = pytest.importorskip("starlette.responses")

    async def app(scope, receive, send):
        await responses.FileResponse(tmp_path / "face.png")({**scope, "headers": range_header}, receive, send)

    start, body = answer(tmp_path / "face.png", app)
    assert start["status"] == 404 and body["body"].count(b"\n") == 1


def test_removed_in_the_middle(tmp_path):
    path = tmp_path / "face.png"
    path.write_bytes(b"12345")

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        path.unlink()
        path.read_bytes()

    assert [message["type"] for message in answer(path, app)] == ["http.response.start"]


@pytest.mark.parametrize("error, is_there", [(RuntimeError, True), (FileNotFoundError, True), (ValueError, False)])
def test_other_errors_stay_errors(tmp_path, error, is_there):
    path = tmp_path / "face.png"
    if is_there:
        path.write_bytes(b"12345")

    async def app(scope, receive, send):
        raise error

    with pytest.raises(error):
        answer(path, app)
