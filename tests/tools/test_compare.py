"""tools/compare.py as a user runs it, and its page in a real browser, which asks nothing of any network.

Without Selenium or Chromium the browser's tests are skipped, with PADDLE_MFS_BROWSER=1 they fail.
"""

import html
import importlib.util
import io
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_mfs.apps.compare.items import look_at
from paddle_mfs.apps.compare.page import write_page
from paddle_mfs.apps.compare.sets import match
from paddle_mfs.face.image import read_image, write_image

IS_THERE = importlib.util.find_spec("selenium") and shutil.which("chromium") and shutil.which("chromedriver")
REQUIRED = os.environ.get("PADDLE_MFS_BROWSER") == "1"
browser_test = pytest.mark.skipif(not IS_THERE and not REQUIRED, reason="selenium, chromium or chromedriver is missing")
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,900",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
NETWORK = ("http", "https", "ws", "wss", "ftp")
SIZE = 60, 40  # width, height of the pictures in the browser
RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (100, 30, 220)
DARKER = {"one": 4, "two": 2, "ten": 3}  # times, the upper left quarter of B: the darker green is, the nearer to blue


def test_three_folders(run_script, samples, tmp_path):
    """Faces, darker ones, and darker ones of half the size."""
    for name in ("800505", "800510"):
        face = read_image(samples / "faces" / f"{name}.jpg")
        darker = (face * (0.5 if name == "800510" else 0.9)).astype(np.uint8)
        for method, image in {"ours": face, "theirs": darker, "mesh": darker[::2, ::2]}.items():
            (tmp_path / method).mkdir(exist_ok=True)
            write_image(tmp_path / method / f"{name}.png", np.ascontiguousarray(image))
    Image.new("RGB", (9, 9)).save(tmp_path / "mesh" / "more.png")
    page = tmp_path / "output" / "compare.html"
    folders = [tmp_path / method for method in ("ours", "theirs", "mesh")]
    done = run_script("compare", *folders, "--face", "--output", page)
    assert (done.returncode, done.stdout) == (
        0,
        f"{page}: 2 names in ours, theirs and mesh, 1 only in mesh; 2 of mixed sizes, shown scaled to the first\n",
    ), done.stderr
    text = html.unescape(page.read_text(encoding="utf-8"))
    assert re.findall('data-name="(.*?)"', text) == ["800510", "800505"]
    assert "oval of the first picture's largest face, in levels" in text and "mesh is 160 × 160, shown scaled" in text


def test_what_is_refused_is_one_line(run_here, tmp_path):
    a = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(a)
    for words, told in {
        (a, tmp_path / "none"): f"error: {tmp_path}/none: no such folder or picture; check the path\n",
        (a, a, "--max-mb", "-1"): "error: --max-mb -1: give a number of 0 or more\n",
        (a, a, "--output", "page.png"): "error: --output page.png: the page is HTML; end its name in .html\n",
    }.items():
        done = run_here("compare", *words)
        assert (done.returncode, done.stderr) == (2, told)
    broken, good = tmp_path / "broken", tmp_path / "good"
    for folder in (broken, good):
        folder.mkdir()
        shutil.copy(a, folder / "one.png")
        (folder / "two.png").write_text("words" if folder == broken else "")
    page = tmp_path / "page.html"
    done = run_here("compare", good, broken, "--output", page)
    assert done.returncode == 1 and f"left out: {good}/two.png: is empty;" in done.stderr and page.exists()
    assert f"{page}: 2 names in good and broken\n" == done.stdout
    (good / "one.png").write_bytes(b"")
    page.unlink()
    done = run_here("compare", good, broken, "--output", page)
    assert done.returncode == 2 and "one.png: is empty;" in done.stderr and not page.exists()
    assert done.stderr.splitlines()[-1].endswith("(and 1 more like it)")


class Page:
    """The page of three sets in a browser: A is red, B green, C blue, B darker in places."""

    def __init__(self, folder):
        from selenium import webdriver

        for letter, colour in {"A": RED, "B": GREEN, "C": BLUE}.items():
            (folder / letter).mkdir()
            for name, times in DARKER.items():
                image = np.full((SIZE[1], SIZE[0], 3), colour, np.uint8)
                image[: SIZE[1] // 2, : SIZE[0] // 2] //= times if letter == "B" else 1
                write_image(folder / letter / f"{name}.png", image)
        sets = match([folder / letter for letter in "ABC"])
        items = [look_at(name, files) for name, files in sets.found.items()]
        self.beside = write_page(folder / "page.html", sets.labels, items, max_mb=0)
        write_page(folder / "whole.html", sets.labels, items)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for option in (*OPTIONS, f"--user-data-dir={folder / 'profile'}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        self.folder = folder

    def open(self, name):
        self.driver.get(Path(self.folder / name).as_uri())
        return self

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def names(self):
        return [one.text for one in self.all("figcaption .name")]

    def seen(self, place, number=0):
        """The colour shown there, x and y from 0 to 1, as the name of the nearest of A, B and C."""
        return self.colours([place], number)[0]

    def colours(self, places, number=0):
        shot = Image.open(io.BytesIO(self.all(".view")[number].screenshot_as_png)).convert("RGB")
        pixels = [shot.getpixel((round(x * (shot.width - 1)), round(y * (shot.height - 1)))) for x, y in places]
        return ["ABC"[int(np.argmax(pixel))] for pixel in pixels]

    def level(self, place, number=0):
        """How bright the picture is there."""
        shot = Image.open(io.BytesIO(self.all(".view")[number].screenshot_as_png)).convert("RGB")
        return max(shot.getpixel((round(place[0] * (shot.width - 1)), round(place[1] * (shot.height - 1)))))

    def choose(self, name, option):
        from selenium.webdriver.support.select import Select

        Select(self.all(f"#{name}")[0]).select_by_visible_text(option)

    def press(self, keys, number=0):
        self.all(".slider")[number].send_keys(keys)

    def asked_for(self):
        """The schemes of all that was loaded."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return {url.split(":")[0] for url in urls}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    page = Page(tmp_path_factory.mktemp("compare"))
    yield page
    page.driver.quit()


@browser_test
def test_the_slider_shows_more_of_either(page):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    page.open("whole.html")
    places = [(0.1, 0.8), (0.4, 0.8), (0.6, 0.8), (0.9, 0.8)]
    assert page.colours(places) == ["A", "A", "B", "B"] == page.colours(places, 1)
    page.press("b")
    assert page.colours(places) == ["B"] * 4 and page.colours(places, 1) == ["A", "A", "B", "B"]
    page.press(Keys.END)
    assert page.colours(places) == ["A"] * 4
    view = page.all(".view")[0]
    ActionChains(page.driver).move_to_element(view).click_and_hold().move_by_offset(
        -view.size["width"] // 4, 0
    ).release().perform()
    assert page.colours(places) == ["A", "B", "B", "B"]
    assert page.all(".slider")[0].get_attribute("aria-valuetext") == "25 % A, 75 % B"
    page.choose("right", "C")
    assert page.colours(places) == ["A", "C", "C", "C"]
    page.all("#together")[0].click()
    page.press("b", 1)
    assert page.colours(places) == page.colours(places, 2) == ["C"] * 4
    assert page.asked_for().isdisjoint(NETWORK)
    assert not [entry for entry in page.driver.get_log("browser") if entry["level"] == "SEVERE"]


@browser_test
def test_one_zoom_for_all(page):
    """The upper left quarter of B is darker: zoomed about the middle, twice, it ends at the same place."""
    page.open("page.html")
    assert page.beside.is_dir() and page.names()[0] == "two"
    for number in (0, 1):
        page.press("b", number)
    before = page.level((0.4, 0.4)), page.level((0.4, 0.4), 1), page.level((0.6, 0.6))
    assert before[1] < before[0] < before[2]
    page.press("+" * 6)  # 3.8 times; then as far to the right and down as it goes
    assert page.all("#zoom")[0].text == "3.81×"
    assert (page.level((0.4, 0.4)), page.level((0.4, 0.4), 1)) == before[:2]
    shifted = "document.querySelector('.slider').dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], "
    for arrow in ("ArrowRight", "ArrowDown"):
        for _ in range(30):
            page.driver.execute_script(f"{shifted}shiftKey: true, bubbles: true}}))", arrow)
    assert page.level((0.1, 0.1)) == page.level((0.1, 0.1), 1) == before[2]
    page.all("#fit")[0].click()
    assert page.level((0.4, 0.4)) == before[0] and page.all("#zoom")[0].text == "1×"
    asked_for = page.asked_for()
    assert "file" in asked_for and asked_for.isdisjoint(NETWORK)


@browser_test
def test_order_and_dark(page):
    page.open("whole.html")
    assert page.names() == ["two", "ten", "one"]
    page.choose("order", "differ least first")
    assert page.names() == ["one", "ten", "two"]
    page.choose("order", "by name")
    assert page.names() == ["one", "ten", "two"] and page.seen((0.9, 0.8)) == "B"
    page.press("n")
    focused = page.driver.execute_script("return document.activeElement.getAttribute('aria-label')")
    assert focused == "ten: how much of the left picture is shown"
    colour = "return getComputedStyle(document.body).backgroundColor"
    before = page.driver.execute_script(colour)
    page.all("#theme")[0].click()
    assert {before, page.driver.execute_script(colour)} == {"rgb(255, 255, 255)", "rgb(22, 22, 24)"}
