"""Other sites' pages may not use this one: what a browser sends for them is refused.

A browser says in the header `Origin` which site's page a request comes from (https://www.rfc-editor.org/rfc/rfc6454);
it does so for whatever can change or start anything, and for WebSockets.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from paddle_mfs.apps.web.asgi import App, Message, Receive, Send, answer


class SameOrigin:
    """ASGI middleware that answers 403 to a request whose Origin is not the host and port it is sent to.

    Requests without an Origin (a page being opened, programs) pass.
    """

    def __init__(self, app: App):
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or is_same_origin(dict(scope["headers"])):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: servers answer 403
        else:
            await answer(send, 403, "this page cannot be used from another site")


def is_same_origin(headers: dict[bytes, bytes]) -> bool:
    """Whether a request with these headers (names in lower case) comes from a page of the host it is sent to."""
    if b"origin" not in headers:
        return True
    origin, host = headers[b"origin"].decode("latin-1").lower(), headers.get(b"host", b"").decode("latin-1").lower()
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == host != ""
