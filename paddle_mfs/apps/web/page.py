"""The local page: Gradio shows it and queues the swaps, `Swaps` does them, `Sessions` keeps the files apart."""

import html
import json
import os
import re
import signal
import threading
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from paddle_mfs.apps.web.origin import SameOrigin
from paddle_mfs.apps.web.removed import RemovedFiles
from paddle_mfs.apps.web.sessions import Limits, Sessions
from paddle_mfs.apps.web.swap import Swaps, preview
from paddle_mfs.provenance import read_provenance
from paddle_mfs.swap.options import SwapOptions
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import kind_of
from paddle_mfs.video.encoding import CODECS as ENCODERS
from paddle_mfs.video.pipeline import ClipOptions

LOCAL = ("127.0.0.1", "localhost", "::1")
GRADIO = "gradio==6.31.0"  # as in pyproject.toml
CODECS = ["the container's usual", *ENCODERS]
TIDIED = 5  # seconds after which what nobody uses any more is looked for again
INTRODUCTION = """# Face swap
Swap a face only with the consent of the people shown, source and target. Every result says, in the file, that it is
synthetic. Files stay on this computer and are removed when you close the page."""
CSS = """
.gradio-container {max-width: 1200px !important; margin: auto}
.html-container {padding: 0 !important}
.shown {height: 350px; display: flex; align-items: center; justify-content: center; border-radius: 8px;
        background: var(--background-fill-secondary); color: var(--body-text-color-subdued); overflow: hidden}
.shown img, .shown video {max-width: 100%; max-height: 350px; display: block}
a.result-file {display: block; text-align: center; padding: 9px; text-decoration: none; margin-top: 12px;
               border-radius: 8px; font-weight: 600; background: var(--button-primary-background-fill);
               color: var(--button-primary-text-color) !important}
.record pre {white-space: pre-wrap; overflow-wrap: anywhere; font-size: 11px; margin: 6px 0 0}
.record {margin-top: 10px; color: var(--body-text-color-subdued)}
.message {padding: 10px 14px; border-radius: 8px; background: var(--background-fill-secondary)}
.message.wrong {background: #fdecea; color: #8c1d18}
"""


def serve(
    host: str = "127.0.0.1",
    port: int | None = None,
    limits: Limits | None = None,
    weights: str | Path | None = None,
    encoder: str | Path | None = None,
    engine: str = "auto",
) -> None:
    """Serve the page until Ctrl-C, SIGTERM or SIGHUP; prints its address. Main thread only.

    Args:
        host: address to listen on. Anything but this computer lets everybody who reaches it use the page.
        port: None: the first free one from 7860 on.
        limits: what a page may take; None: the usual.
        weights, encoder, engine: see FaceSwapper.
    Raises: UserError when Gradio is missing or the port is taken; KeyboardInterrupt at the end.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    sessions = Sessions(limits or Limits())
    os.environ["GRADIO_TEMP_DIR"] = str(sessions.root)  # uploads arrive here. Read when gradio is imported
    try:
        gradio = _import_gradio()
        page = Page(gradio, sessions, Swaps(weights, encoder, engine))
        blocks = page.blocks()
        url = _launch(gradio, blocks, host, port, sessions.limits.mb)
        print(url, flush=True)
        while not ended.wait(TIDIED):
            sessions.tidy()
        blocks.close(verbose=False)
    finally:
        sessions.close()
    raise KeyboardInterrupt


def _import_gradio():
    try:
        import gradio
    except ImportError as error:
        raise UserError(f"the page needs Gradio ({error}); install it: pip install {GRADIO}") from None
    return gradio


def _launch(gradio, blocks, host, port, max_mb):
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    # Another site's page cannot reach this one under a name of its own (DNS rebinding).
    names = list(LOCAL) if host in LOCAL else ["*"]
    theme = gradio.themes.Default(
        primary_hue="blue", font=["system-ui", "sans-serif"], font_mono=["monospace"]
    )  # no web fonts
    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=names),
        Middleware(SameOrigin),
        Middleware(RemovedFiles),
    ]
    try:
        _, url, _ = blocks.queue().launch(
            server_name=host,
            server_port=port,
            share=False,
            prevent_thread_lock=True,
            quiet=True,
            ssr_mode=False,
            max_file_size=round(max_mb * 2**20),
            footer_links=[],
            theme=theme,
            css=CSS,
            pwa=False,
            run_history=False,
            app_kwargs={"middleware": middleware},
        )
    except OSError:
        raise UserError(
            f"port {port}: taken; choose another --port, or leave it out"
            if port
            else f"no free port on {host} from 7860 on; choose one with --port"
        ) from None
    return url


class Page:
    """What is on the page and what its parts do."""

    def __init__(self, gradio: ModuleType, sessions: Sessions, swaps: Swaps):
        self.gradio, self.sessions, self.swaps, self.limits = gradio, sessions, swaps, sessions.limits

    def blocks(self) -> Any:
        """The page, as `gradio.Blocks`."""
        gr = self.gradio

        with gr.Blocks(title="Face swap") as blocks:
            gr.Markdown(INTRODUCTION)
            message = gr.HTML(
                _said(f"Pictures and clips up to {self.limits.mb:g} MB, clips up to {self.limits.seconds:g} s."),
                elem_id="message",
                render=False,
            )
            with gr.Row():
                for role, hint in (("source", "the face to put on"), ("target", "the picture or clip to put it on")):
                    with gr.Column(min_width=220):
                        gr.Markdown(f"### {role.title()}")
                        shown = gr.HTML(_empty(hint), elem_id=role, min_height=350)
                        upload = gr.File(show_label=False, label=role, height=130, elem_id=f"{role}-file")
                    upload.upload(
                        self._taker(role, hint),
                        upload,
                        [upload, shown, message],
                        preprocess=False,  # a File's leaves an empty temporary file for every upload
                        show_progress_on=shown,
                        api_visibility="private",
                    )
                with gr.Column(min_width=220):
                    gr.Markdown("### Result")
                    result = gr.HTML(_empty("nothing yet"), elem_id="result", min_height=350)
            with gr.Row():
                face = gr.Dropdown(
                    ["largest", "all", "0", "1", "2", "3"],
                    value="largest",
                    label="Face",
                    allow_custom_value=True,
                    info="of the target; 0 is the leftmost",
                )
                strength = gr.Slider(0, 1, 1, step=0.05, label="Strength", info="of the identity")
                colour = gr.Slider(0, 1, 0, step=0.05, label="Colour match", info="with the target")
                with gr.Column(min_width=160):
                    mouth = gr.Checkbox(label="Keep the target's open mouth")
                    objects = gr.Checkbox(label="Keep what lies on the face")
            with gr.Accordion("Clips", open=False), gr.Row():
                start = gr.Number(None, label="Start", info="second; empty: the beginning")
                end = gr.Number(None, label="End", info="second; empty: the end")
                codec = gr.Dropdown(CODECS, value=CODECS[0], label="Codec")
                quality = gr.Number(None, label="Quality", info="CRF, lower is better; empty: the usual", precision=0)
            message.render()  # where one looks after an upload and after the click
            swap = gr.Button("Swap", variant="primary", elem_id="swap")
            swap.click(
                self._swap(),
                [face, strength, colour, mouth, objects, start, end, codec, quality],
                [result, message],
                show_progress_on=result,
                concurrency_limit=1,
                api_visibility="private",
            )
            blocks.unload(self._unloader())
        return blocks

    def _taker(self, role, hint):
        def take(file, request: self.gradio.Request):  # type: ignore[name-defined]
            try:
                session = self.sessions.get(request.session_hash)
                with session.in_use():
                    taken = session.take(role, file["path"])
                    return None, _shown(preview(taken, self.limits.seconds)), _said(f"{taken.name}: ready")
            except UserError as error:
                session.drop(role)
                return None, _empty(hint), self._wrong(error)  # None: the place to drop files is free again

        return take

    def _unloader(self):
        def unload(request: self.gradio.Request):  # type: ignore[name-defined]
            self.sessions.end(request.session_hash)

        return unload

    def _swap(self):
        gr = self.gradio

        def swap(
            face,
            strength,
            colour,
            mouth,
            objects,
            start,
            end,
            codec,
            quality,
            request: gr.Request,  # type: ignore[name-defined]
            progress=gr.Progress(),  # noqa: B008  # gradio finds it by this default
        ):
            try:
                options = SwapOptions(strength, colour, mouth, objects)
                clip = ClipOptions(start, end, codec=None if codec == CODECS[0] else codec, quality=quality)
                session = self.sessions.get(request.session_hash)
                with session.in_use():
                    progress(None, desc="loading")
                    path, summary = self.swaps.run(
                        session, face, options, clip, lambda done, total: progress((done, total), unit="frames")
                    )
                    return _result(path), _said(f"{path.name}: {summary or 'done'}")
            except UserError as error:
                return gr.skip(), self._wrong(error)

        return swap

    def _wrong(self, error):
        """A UserError as the page shows it: files by the names the user gave them."""
        text = re.sub(rf"{re.escape(str(self.sessions.root))}/[^/]+/[^/]+/", "", str(error))
        return f'<div class="message wrong" role="alert">{html.escape(text)}</div>'


def _said(text):
    return f'<div class="message" role="status">{html.escape(text)}</div>'


def _empty(hint):
    return f'<div class="shown">{html.escape(hint)}</div>'


def _url(path):
    return "gradio_api/file=" + quote(str(path))


def _shown(path):
    """The picture or the player. A file is shown as it is, not coded again."""
    is_clip = kind_of(path) == "clip"
    kind = "video controls preload='auto'" if is_clip else f"img alt='{html.escape(path.stem, quote=True)}'"
    return f'<div class="shown"><{kind} src="{_url(path)}">{"</video>" if is_clip else ""}</div>'


def _result(path):
    """The output with its download, which is the file itself, and the record read back from it."""
    record = html.escape(json.dumps(read_provenance(path), indent=1, ensure_ascii=False))
    name = html.escape(path.name, quote=True)
    return (
        f'{_shown(path)}<a class="result-file" href="{_url(path)}" download="{name}">Download {name}</a>'
        f'<details class="record"><summary>What the file says about itself</summary><pre>{record}</pre></details>'
    )
