"""tools/web.py as a user sees it, in headless Chromium.

Without Gradio, Selenium or Chromium these tests are skipped, with PADDLE_MFS_BROWSER=1 they fail.
"""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

import av
import numpy as np
import pytest
from PIL import Image

from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import picture_sha256, read_provenance

MISSING = [f"{name} (make setup)" for name in ("gradio", "selenium") if importlib.util.find_spec(name) is None]
MISSING += [
    f"{name} (apt-get install chromium chromium-driver)"
    for name in ("chromium", "chromedriver")
    if not shutil.which(name)
]
REQUIRED = os.environ.get("PADDLE_MFS_BROWSER") == "1"  # where all is known to be there, nothing is skipped
browser_test = pytest.mark.skipif(bool(MISSING) and not REQUIRED, reason=f"not installed: {', '.join(MISSING)}")
PATIENCE = 60  # seconds
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1100",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # as without a network


def wait(condition, what):
    """Until condition() is true; returns what it returned."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


class Server:
    """tools/web.py in a process of its own, its temporary files in `folder`."""

    def __init__(self, root, folder, *arguments):
        self.folder = folder
        environment = {**os.environ, "PYTHONPATH": str(root), "TMPDIR": str(folder)}
        self.process = subprocess.Popen(
            [sys.executable, str(root / "tools" / "web.py"), *arguments],
            env=environment,
            cwd=folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.url = self.process.stdout.readline().strip()

    def files(self):
        """What users gave and got: the files in folders within the program's own."""
        return sorted(path for path in self.folder.glob("paddle_mfs_web_*/*/**/*") if path.is_file())

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE)[1]


@pytest.fixture(scope="module")
def server(root):
    folder = Path(tempfile.mkdtemp())
    server = Server(root, folder, "--max-mb", "2", "--max-seconds", "2", "--max-session-mb", "3")
    assert server.url, server.stop()
    yield server
    server.stop(signal.SIGKILL)
    shutil.rmtree(folder)


class Browser:
    """One open page."""

    def __init__(self, url, folder):
        from selenium import webdriver

        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for option in (*OPTIONS, f"--user-data-dir={folder / 'profile'}"):
            options.add_argument(option)
        options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        self.driver.get(url)
        wait(lambda: self.all("#target-file input[type=file]") and self.all("#swap"), "the page")

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def text(self, selector):
        """Its text now, "" when it is not there (the page replaces its parts)."""
        return self.driver.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def value(self, selector, name):
        return self.driver.execute_script("return document.querySelector(arguments[0])?.[arguments[1]]", selector, name)

    def upload(self, role, path, wanted=None):
        """Choose a file; returns once the message holds `wanted` (default: it is ready)."""
        self.all(f"#{role}-file input[type=file]")[0].send_keys(str(path))
        self.says(wanted or f"{path.name}: ready")
        wait(lambda: self.all(f"#{role}-file input[type=file]"), f"a place for the next {role}")

    def swap(self):
        self.all("#swap")[0].click()

    def says(self, words):
        wait(lambda: words in self.text("#message"), f"{words!r} (it says {self.text('#message')!r})")

    def download(self, folder, name):
        self.driver.execute_script("arguments[0].click()", wait(lambda: self.all("a.result-file"), "the download")[0])
        return wait(lambda: next(iter(folder.glob(name)), None), name)

    def hosts(self):
        """All hosts the page has asked for anything (a new tab asks only the browser itself)."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return {urlparse(url).hostname for url in urls if urlparse(url).scheme in ("http", "https", "ws", "wss")}


@pytest.fixture
def open_page(server, tmp_path):
    pages = []

    def open_it(name="browser"):
        folder = tmp_path / name
        folder.mkdir()
        pages.append(Browser(server.url, folder))
        return pages[-1], folder

    yield open_it
    for page in pages:
        page.driver.quit()
    wait(lambda: not server.files(), f"the files to go: {server.files()}")


def write_clip(path, picture, frames, rate=10):
    """A small clip of a picture that moves."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
        for number in range(frames):
            moved = np.ascontiguousarray(np.roll(picture, number % 5, 1))
            output.mux(stream.encode(av.VideoFrame.from_ndarray(moved, "rgb24")))
        output.mux(stream.encode())
    return path


@browser_test
def test_picture(open_page, server, samples, swapper):
    page, folder = open_page()
    page.upload("source", samples / "source.jpg")
    page.upload("target", samples / "target.jpg")
    page.swap()
    page.says("target_source.png: done")
    wait(lambda: page.value("#result img", "naturalWidth") == 512, "the result to be shown")
    assert page.value("#source img", "naturalWidth") and page.value("#target img", "naturalWidth")
    assert "compositeWithTrainedAlgorithmicMedia" in page.value(".record pre", "textContent")
    output = page.download(folder, "target_source.png")
    record = read_provenance(output)
    assert record["synthetic"] is True and record["source_sha256"] == picture_sha256(samples / "source.jpg")
    target = read_image(samples / "target.jpg")
    assert (read_image(output) == swapper.swap(target)).all()
    assert page.hosts() == {"127.0.0.1"}
    assert "consent" in page.text("body")


@browser_test
def test_clip(open_page, samples, tmp_path):
    page, folder = open_page()
    small = read_image(samples / "target.jpg")[::2, ::2]
    clip = write_clip(tmp_path / "clip.mp4", small, 10)
    page.upload("source", samples / "source.jpg")
    page.upload("target", clip)
    page.swap()
    page.says("clip_source.mp4: 10 frames, 10 swapped")
    wait(lambda: page.value("#result video", "videoWidth") == 256, "the result to be played")
    assert read_provenance(page.download(folder, "clip_source.mp4"))["synthetic"] is True
    too_long = write_clip(tmp_path / "long.mp4", small, 25)
    page.upload("target", too_long, "long.mp4: lasts 2.5 s, the limit is 2 s")


@browser_test
def test_bad_files(open_page, server, samples, tmp_path):
    page, _ = open_page()
    page.swap()
    page.says("no source picture yet; choose one first")
    words = tmp_path / "some words.jpg"
    words.write_text("these are words")
    page.upload("source", words, "some words.jpg: is not a picture")
    page.upload("source", samples / "source.jpg")
    wall = tmp_path / "wall.png"
    Image.new("RGB", (300, 300), (90, 120, 90)).save(wall)
    page.upload("target", wall)
    page.swap()
    page.says("wall.png: no face found")
    assert page.text("#message").count("\n") == 0 and str(server.folder) not in page.text("body")
    large = tmp_path / "large.mp4"
    large.write_bytes(bytes(2**21 + 1))
    page.all("#target-file input[type=file]")[0].send_keys(str(large))
    wait(
        lambda: re.search(r"exceed the maximum allowed size of 2\S* MB: .large.mp4", page.text("body"), re.I),
        "the limit",
    )
    assert "Traceback" not in page.text("body")


@browser_test
def test_the_sum_of_uploads(open_page, server, tmp_path):
    """One line when it is too much; a page opened anew begins anew."""
    page, folder = open_page()
    noise = np.random.default_rng(0).integers(0, 256, (750, 750, 3), np.uint8)
    for name in ("first.png", "second.png"):
        Image.fromarray(noise).save(tmp_path / name)  # 1.6 MB each
    page.upload("source", tmp_path / "first.png")
    page.upload("target", tmp_path / "second.png", "second.png: with it this page's uploads come to more than 3 MB;")
    assert page.text("#message").count("\n") == 0 and {path.name for path in server.files()} == {
        "first.png",
        "first.preview.jpg",
    }
    page.driver.refresh()
    wait(lambda: not server.files(), "the files of the closed page to go")
    wait(lambda: page.all("#target-file input[type=file]"), "the page")
    page.upload("target", tmp_path / "second.png")


@browser_test
def test_two_pages(open_page, server, samples, tmp_path):
    """Each has files of its own, one waits for the other, and closing a page in the middle of a clip stops its swap."""

    def folders():
        return {path.relative_to(server.folder).parts[1] for path in server.files()}

    clip = write_clip(tmp_path / "clip.mp4", read_image(samples / "target.jpg"), 195, rate=100)
    first, _ = open_page("first")
    second, _ = open_page("second")
    for page, target in ((first, clip), (second, samples / "target.jpg")):
        page.upload("source", samples / "source.jpg")
        page.upload("target", target)
    assert len(folders()) == 2
    first.swap()
    wait(lambda: re.search(r"\b\d+/195 frames", first.text("#result")), "the progress")
    second.swap()
    wait(lambda: "queue" in second.text("#result"), "the queue")
    first.driver.quit()
    second.says("target_source.png: done")
    wait(lambda: len(folders()) == 1, "the first page's files to go")


@browser_test
def test_nothing_is_written_beside_the_code(server, root):
    """Gradio writes a stub, `page.pyi`, beside a subclass of one of its components."""
    assert not list((root / "paddle_mfs").rglob("*.pyi"))


@browser_test
def test_only_this_computer(server, run_script):
    assert server.url.startswith("http://127.0.0.1:")
    request = urllib.request.Request(server.url, headers={"Host": "other.example"})  # a name that leads here by its DNS
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(request)
    port = urlparse(server.url).port
    done = run_script("web", "--port", port)
    assert (
        done.returncode == 2 and done.stderr == f"error: port {port}: taken; choose another --port, or leave it out\n"
    )


@browser_test
def test_other_sites_are_refused(server):
    """What a page of another site makes the browser send, to each endpoint that changes or starts something."""
    host = urlparse(server.url).netloc

    def status(path, origin, body=b"{}", kind="application/json"):
        request = urllib.request.Request(f"http://{host}/gradio_api/{path}", body, {"Content-Type": kind})
        if origin:
            request.add_header("Origin", origin)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\nwords\r\n--x--\r\n'
    for origin in ("http://evil.example", "http://127.0.0.1:1", f"https://{host}.evil.example", "null"):
        for path in ("queue/join", "run/predict", "api/predict", "call/predict", "cancel", "reset", "component_server"):
            code, told = status(path, origin)
            assert code == 403 and told.count(b"\n") == 1, (path, origin, code, told)
        assert status("upload", origin, part, "multipart/form-data; boundary=x")[0] == 403
    assert not server.files()
    for origin in (f"http://{host}", None):
        assert status("reset", origin, b'{"event_id": "none"}') == (200, b'{"success":true}')


def nothing_is_left(folder):
    """The browser's own folder is all that there is."""
    return [path.name for path in folder.iterdir() if path.name != "profile"] == []


@browser_test
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_stopping_removes_all(root, samples, tmp_path, number):
    server = Server(root, tmp_path)
    page = Browser(server.url, tmp_path)
    page.upload("source", samples / "source.jpg")
    wait(lambda: page.value("#source img", "naturalWidth"), "the picture to be shown")
    assert server.files()
    errors = server.stop(number)
    assert server.process.returncode == 130 and errors == "interrupted\n"
    page.driver.quit()
    assert nothing_is_left(tmp_path)


@browser_test
def test_a_page_that_nobody_uses_loses_its_files(root, samples, tmp_path):
    server = Server(root, tmp_path, "--max-idle", "0.01")
    page = Browser(server.url, tmp_path)
    page.upload("source", samples / "source.jpg")
    wait(lambda: not server.files(), "the files to go")
    page.swap()
    page.says("this page lost its connection, or was not used, and its files were removed; reload it")
    page.driver.refresh()
    wait(lambda: page.all("#source-file input[type=file]"), "the page")
    page.upload("source", samples / "source.jpg")
    server.stop(signal.SIGINT)
    assert server.process.returncode == 130
    page.driver.quit()
    assert nothing_is_left(tmp_path)


def test_without_gradio(root):
    code = (
        "import runpy, sys; sys.modules['gradio'] = None; sys.argv = ['web']; "
        "runpy.run_path('tools/web.py', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        text=True,
        capture_output=True,
    )
    [pinned] = re.findall(r'^web = \["(.+)"\]', (root / "pyproject.toml").read_text(), re.MULTILINE)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert f"pip install {pinned}\n" in done.stderr
