#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The fleet on the status page of edge a, in a headless Chromium: b is lost while it looks. PAGE_LOSE: what loses it."""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(__file__))
import page_browser as browser  # noqa: E402


def main():
    driver = browser.start()
    page = browser.Page(driver)
    try:
        page.open("/")
        page.has("a has what the store has.", "#fleet-current")
        for text in ("announced", "yes"):
            page.has(text, "#fleet-edges")
        page.has("epoch ", "#fleet-store")
        page.has("http://", "#fleet-members")
        rows = page.js("return [...document.querySelectorAll('#fleet-edges tr')].map((row) => row.cells[0].innerText)")
        browser.check(rows == ["a", "b"], f"the edges: {rows}")
        browser.check(page.js("return document.querySelector('#fleet-edges-head th').title") != "", "what a column means")
        page.has("all well", "#state")
        browser.ok("the page shows the fleet's edges and its store")
        subprocess.run(os.environ["PAGE_LOSE"], shell=True, check=True)
        page.has("Edge b of the fleet is not heard of.", "#problem-list")
        page.has("needs a look", "#state")
        page.until("b in red", lambda: page.js("return document.querySelectorAll('#fleet-edges tr.bad').length") == 1)
        page.fits("the page with a fleet")
        page.size(390, 844)
        page.fits("on a phone")
        page.quiet("the fleet")
        browser.ok("and an edge that is lost")
    finally:
        driver.quit()


main()
