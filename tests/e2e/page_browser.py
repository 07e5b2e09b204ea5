#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The status page in a headless Chromium. Exit 77: it cannot start. PAGE_SHOTS: where screenshots go."""

import base64
import json
import os
import pathlib
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lab"))
import unix_http  # noqa: E402

EDGE = "http://127.0.0.1:9464"
MANY = 10000
LIMIT_S = 30
# What the API takes as texts, and a browser must not take for more.
HOSTILE = "<img src=x onerror=document.title='taken'><script>document.title='taken'</script>\"'&lt;`${1}\u202e"
HOSTILE_USER = "u$(id);<b>x</b>"


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def ok(what):
    print(f"ok - {what}", flush=True)


def api(method, path, body=None):
    connection = unix_http.Connection(os.environ["PAGE_SOCKET"])
    status, text = connection.call(method, path, None if body is None else json.dumps(body))
    connection.close()
    check(status < 300, f"{method} {path}: {status} {text[:300]}")
    return json.loads(text) if text else None


def start():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run",
                     "--disable-sync", "--hide-scrollbars", "--lang=en-GB", f"--user-data-dir={os.environ['PAGE_DIR']}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    try:
        return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    except WebDriverException as error:
        print(f"skipped: chromium cannot start: {str(error).splitlines()[0]}", flush=True)
        sys.exit(77)


class Page:
    def __init__(self, driver):
        self.driver = driver

    def open(self, path):
        self.driver.get(EDGE + path)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def text(self, selector):
        return self.js("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def until(self, what, condition):
        """Waits until condition() is true; the page may be drawn anew meanwhile."""
        end = time.monotonic() + LIMIT_S * int(os.environ.get("SALLYPORT_SLOW", "1"))
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for: {what}; the page says: {self.text('body')[:1500]}")
            self.js("return new Promise((done) => setTimeout(done, 50))")

    def has(self, text, selector="body"):
        self.until(text, lambda: text in self.text(selector))

    def lacks(self, text, selector="body"):
        self.until(f"no {text}", lambda: text not in self.text(selector))

    def size(self, width, height, dark=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def fits(self, what):
        wide, inner = self.js("return [document.documentElement.scrollWidth, innerWidth]")
        check(wide <= inner, f"{what}: {wide} px in {inner}")

    def quiet(self, what):
        """No error on the console since the last time."""
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        check(not said, f"{what}: the console says {said}")

    def shot(self, name):
        if os.environ.get("PAGE_SHOTS"):
            shot = self.driver.execute_cdp_cmd("Page.captureScreenshot",
                                               {"format": "webp", "quality": 40})
            path = os.path.join(os.environ["PAGE_SHOTS"], name)
            pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))


def show_edge(page):
    page.open("/")
    page.has("page-1", "#rows")
    page.has("all well", "#state")
    check(page.text("#carrying") == "XDP" and page.text("#why") == "as configured", "who carries")
    page.has("1 of 1 builds", "#shown")
    page.has("build.enabled", "#events")
    page.has("forwarded", "#verdicts")
    page.until("a connection", lambda: page.text("#connections") == "1")
    page.until("that of the build", lambda: page.text("#rows tr:not([hidden]):nth-child(2) td:nth-child(7)") == "1")
    ok("the page shows engine, builds, events, verdicts and connections")


def show_changes(page):
    api("PUT", "/v1/builds/later", {"title": "acme/api#2", "nodes": [{"index": 0}]})
    page.has("acme/api#2", "#rows")
    page.js("window.same = document.querySelector('#rows')")
    api("DELETE", "/v1/builds/later")
    page.lacks("acme/api#2", "#rows")
    page.has("build.ended", "#events")
    page.driver.find_element(By.CSS_SELECTOR, "#which option[value=all]").click()
    page.has("ended: cancelled", "#rows")
    page.driver.find_element(By.CSS_SELECTOR, "#which option[value=open]").click()
    check(page.js("return window.same === document.querySelector('#rows')"), "the page was not loaded anew")
    ok("a build appears and goes while the page is open")


def show_build(page):
    page.open("/builds/page-1")
    page.has("Node 0: Debug via SSH", "#nodes")
    page.has(os.environ["PAGE_CLIENT"], "#nodes")
    command = api("GET", "/v1/builds/page-1")["nodes"][0]["ssh"]
    check(page.text("#nodes pre") == command, page.text("#nodes pre"))
    first = page.text("#left")
    page.until("the countdown", lambda: page.text("#left") < first)
    page.driver.execute_cdp_cmd("Browser.grantPermissions", {
        "origin": EDGE, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    page.driver.find_element(By.CSS_SELECTOR, "#nodes button.copy").send_keys(Keys.ENTER)
    page.has("Copied", "#nodes button.copy")
    check(page.js("return navigator.clipboard.readText()") == command, "what was copied")
    ok("a build's page has the command, who is connected, a countdown, and copies by the keyboard")


def show_waiting(page):
    api("PUT", "/v1/builds/waits", {"user": "ubuntu", "nodes": [{"index": 0}, {"index": 1}]})
    page.open("/builds/waits")
    page.has("Node 0: Wait for SSH", "#nodes")
    page.has("Node 1: Wait for SSH", "#nodes")
    api("DELETE", "/v1/builds/waits")
    page.has("it was cancelled", "#deadline")
    check(page.text("#nodes") == "", "no command of what has ended")
    ok("nodes that are not ready say Wait for SSH, and what is over says why")


def show_hostile(page):
    body = {"title": HOSTILE, "organisation": HOSTILE, "actors": [HOSTILE], "key_fingerprints": [HOSTILE],
            "user": HOSTILE_USER, "nodes": [{"index": 0}]}
    try:
        api("PUT", "/v1/builds/hostile", body)
    except AssertionError:
        api("PUT", "/v1/builds/hostile", {**body, "user": "u"})
    api("PUT", "/v1/builds/__proto__", {"nodes": [{"index": 0}]})
    for path, place in (("/", "#rows"), ("/builds/hostile", "#title")):
        page.open(path)
        page.has(HOSTILE[:60], place)
        check(page.js("return document.querySelectorAll('main img, main script, main b').length") == 0, path)
        check("taken" != page.js("return document.title"), path)
    page.has(HOSTILE[:60], "#keys")
    page.open("/builds/__proto__")
    page.has("Node 0: Wait for SSH", "#nodes")
    for build in ("hostile", "__proto__"):
        api("DELETE", f"/v1/builds/{build}")
    ok("hostile texts are texts")


def show_phone(page):
    page.size(390, 844, dark=True)
    for path, place in (("/", "#rows"), ("/builds/page-1", "#nodes")):
        page.open(path)
        page.has("page-1" if path == "/" else "Debug via SSH", place)
        page.fits(path)
    check(page.js("return getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)", "dark")
    page.shot("page-build.webp")
    page.size(1280, 900)
    ok("a phone's width needs no scrolling sideways, and dark is dark")


def sync_many():
    nodes = [{"index": 0, "address": api("GET", "/v1/builds/page-1")["nodes"][0]["address"], "port": 22}]
    builds = [{"id": "page-1", "user": "ubuntu", "nodes": nodes}]
    builds += [{"id": f"many-{i}", "title": f"acme/web#{i}", "user": "ubuntu", "actors": [f"dev{i % 40}"],
                "nodes": [{"index": 0}]} for i in range(MANY)]
    api("POST", "/v1/sync", {"builds": builds})


def show_many(page):
    page.open("/")
    page.has("page-1", "#rows")
    sync_many()
    page.has("10,001 of 10,0", "#shown")
    check(page.js("return document.querySelectorAll('#rows tr').length") < 100, "rows in sight alone are there")
    page.driver.find_element(By.CSS_SELECTOR, "th[data-key=created] button").click()
    page.has("acme/web#9999", "#rows")
    page.js("const box = document.querySelector('#builds'); box.scrollTop = box.scrollHeight")
    page.has("page-1", "#rows")
    page.driver.find_element(By.TAG_NAME, "body").send_keys("/")
    check(page.js("return document.activeElement.id") == "find", "/ goes to the search")
    page.driver.find_element(By.ID, "find").send_keys("dev7 #7")
    page.until("what is sought", lambda: page.text("#shown").split(" ")[0] == str(
        sum(1 for i in range(MANY) if f"dev{i % 40}".startswith("dev7") and str(i).startswith("7"))))
    api("PUT", "/v1/builds/many-7777", {"title": "acme/web#7 dev7 renamed", "nodes": [{"index": 0}]})
    page.driver.find_element(By.ID, "find").send_keys(" renamed")
    page.has("renamed", "#rows")
    page.driver.find_element(By.ID, "find").send_keys(Keys.CONTROL + "a")
    page.driver.find_element(By.ID, "find").send_keys(Keys.DELETE)
    page.has("10,001 of", "#shown")
    ok("10,000 builds are sorted, sought, scrolled through and changed")


def main():
    driver = start()
    page = Page(driver)
    try:
        for show in (show_edge, show_changes, show_build, show_waiting, show_hostile, show_phone, show_many):
            show(page)
            page.quiet(show.__name__)
        page.open("/")
        page.has("page-1", "#rows")
        page.shot("page.webp")
        ok("nothing was said on the console")
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
