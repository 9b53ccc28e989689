"""A page that is closed takes its files along. A browser that still asks for one is told so, and no stack trace is
printed."""

from __future__ import annotations

from pathlib import Path

from paddle_mfs.apps.web.asgi import App, Message, Receive, Send, answer

FILE = "/gradio_api/file="  # begins the path of a request for a file


class RemovedFiles:
    """ASGI middleware that answers 404 to a request for a file that was removed after the request came; if the answer
    had begun by then, it ends there."""

    def __init__(self, app: App):
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except (FileNotFoundError, RuntimeError):  # that it is not there is a RuntimeError of Gradio's and Starlette's
            if not _is_removed(scope):
                raise
            if not begun:
                await answer(send, 404, "this file was removed when its page was closed")


def _is_removed(scope):
    before, is_file, path = scope.get("path", "").partition(FILE)
    return bool(is_file) and not before and not Path(path).exists()
