"""The page in a real headless Chromium, driven by its WebDriver."""

import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import pytest

from amdanet_ros.view.frame import encoded

DRIVER, CHROMIUM = shutil.which("chromedriver"), shutil.which("chromium")


class Browser:
    """A session of WebDriver."""

    def __init__(self, port, profile):
        self._base = f"http://127.0.0.1:{port}"
        self._wait_until_ready()
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"]
        arguments += [f"--user-data-dir={profile}"]
        options = {"args": arguments, "binary": CHROMIUM}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.call("POST", "/session", capabilities={"alwaysMatch": wanted})
        self._base += f"/session/{session['sessionId']}"

    def _wait_until_ready(self):
        end = time.monotonic() + 20
        while True:
            try:
                if self.call("GET", "/status")["ready"]:
                    return
            except OSError:
                if time.monotonic() > end:
                    raise

    def call(self, method, path, **body):
        request = urllib.request.Request(
            self._base + path,
            method=method,
            data=json.dumps(body).encode() if method == "POST" else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def run(self, script):
        return self.call("POST", "/execute/sync", script=script, args=[])

    def until(self, condition):
        """Wait in the page until a condition of JavaScript holds; return its value."""
        script = f"""
            const done = arguments[arguments.length - 1];
            const end = performance.now() + 15000;
            const look = () => {{
              const value = {condition};
              if (value || performance.now() > end) done(value || null);
              else requestAnimationFrame(look);
            }};
            look();"""
        value = self.call("POST", "/execute/async", script=script, args=[])
        assert value is not None, condition
        return value


@pytest.fixture
def browser(tmp_path):
    """A browser, where Debian's chromium and chromium-driver are installed."""
    if not (DRIVER and CHROMIUM):
        pytest.skip("chromium and chromium-driver are not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    driver = subprocess.Popen(
        [DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    made = None
    try:
        made = Browser(port, tmp_path / "profile")
        yield made
    finally:
        if made is not None:
            made.call("DELETE", "")
        driver.terminate()
        driver.wait(10)


def grey(canvas):
    """JavaScript: the grey value in the middle of a canvas."""
    return f"document.querySelector('{canvas}').getContext('2d').getImageData(9, 9, 1, 1).data[0]"


def test_the_page_shows_frames_that_change_slides_and_pauses(server, frame, browser):
    ended = threading.Event()

    def produce():
        level = 0
        while not ended.wait(0.02):
            level = (level + 5) % 60
            server.hub.put(encoded(frame(level=level)))

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        browser.call("POST", "/url", url=server.address.url)
        browser.until("Number(document.body.dataset.frames) >= 5")
        shown = grey("figure[data-name=rgb] canvas")
        first = browser.run(f"return {shown}")
        assert 115 <= first <= 185
        browser.until(f"Math.abs({shown} - {first}) > 10")
        text = browser.run("return document.body.innerText")
        for words in ("live", "made for a test", "frozen: shutter", "person", "25.0 %", "-2.5 ms"):
            assert words in text

        browser.run("document.getElementById('show-slider').click()")
        assert browser.run("return document.getElementById('grid').offsetParent === null")
        left, right = browser.run(f"return [{grey('#above')}, {grey('#below')}]")
        assert 60 < (right - left) % 256 < 256  # the overlay and RGB lie apart
        for share in (25, 80):
            browser.run(
                f"const range = document.getElementById('position'); range.value = {share};"
                "range.dispatchEvent(new Event('input'))"
            )
            edge = "document.getElementById('edge').offsetLeft"
            whole = "document.getElementById('stage').clientWidth"
            assert abs(browser.run(f"return 100 * {edge} / {whole}") - share) < 1
            clip = browser.run("return getComputedStyle(document.getElementById('above')).clipPath")
            assert f"{100 - share}%" in clip

        browser.run("document.getElementById('pause').click()")
        browser.until("document.getElementById('state').textContent === 'paused'")
        frames = int(browser.run("return document.body.dataset.frames"))
        while server.hub.watchers:
            server.hub.next(0, 0.02)
        assert int(browser.run("return document.body.dataset.frames")) == frames
        browser.run("document.getElementById('pause').click()")
        browser.until(f"Number(document.body.dataset.frames) > {frames + 2}")

        said = browser.call("POST", "/se/log", type="browser")
        assert [each for each in said if each["level"] == "SEVERE"] == []
    finally:
        ended.set()
        producer.join()
