"""How long a reader waits for Python on the site: a visit in headless Chromium, from the first check to the next chapter.

    python benchmarks/visit.py                    three visits to _build/html, on a machine that does nothing else
    python benchmarks/visit.py --site FOLDER      to another build

Each visit has a browser of its own, in which nothing is stored. A step is timed from the press of its button to its last line
of output; what the server sent meanwhile is counted. Writes the median of each step, with the browser, the processor and the
load of the machine, to visit.json beside the other results of this chip, or to the folder named with --out.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "benchmarks")]

import machines  # noqa: E402
import serve  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FIRST, SECOND = "book/self_attention/scaled_dot_product.html", "book/self_attention/masks.html"
CHECK = ".run-cell.tag_exercise-check"
ENDED = "e => !e.hasAttribute('data-busy') && /^(Done in|An error|Stopped|Python|This browser)/.test(e.querySelector('.run-status').innerText)"


class Counting(serve.Handler):
    """Counts the bytes of all bodies that were sent."""

    sent = 0

    def copyfile(self, source, outputfile) -> None:
        data = source.read()
        Counting.sent += len(data)
        outputfile.write(data)


def opened(page, address: str):
    page.goto(address)
    page.wait_for_selector("html[data-pyodide]", state="attached")
    page.wait_for_load_state("networkidle")
    return page


def pressed(page, selector: str, code: str | None = None) -> tuple[float, float]:
    """Seconds and megabytes from the press of a cell's Run to its end."""
    cell = page.locator(selector).first
    cell.evaluate("e => { for (; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true }")
    if code is not None:
        cell.locator("textarea").fill(code)
    before, start = Counting.sent, time.perf_counter()
    cell.locator(".run-run").click()
    page.wait_for_function(ENDED, arg=cell.element_handle(), timeout=300_000)
    said = cell.locator(".run-status").inner_text()
    if not said.startswith("Done"):
        raise RuntimeError(said)
    return time.perf_counter() - start, (Counting.sent - before) / 1e6


def visit(browser, address: str) -> dict[str, tuple[float, float]]:
    """Every step of one visit: (seconds, megabytes)."""
    context = browser.new_context()
    page = opened(context.new_page(), f"{address}/{FIRST}")
    steps = {"first check, nothing kept": pressed(page, CHECK), "the same check again": pressed(page, CHECK)}
    opened(page, f"{address}/{SECOND}")
    steps["next chapter, first run"] = pressed(page, ".run-cell", "1 + 1")
    steps["next chapter, first check"] = pressed(page, CHECK)
    steps["first figure"] = pressed(page, ".run-cell", "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()")
    page.close()
    page = opened(context.new_page(), f"{address}/{FIRST}")
    steps["new tab, first check"] = pressed(page, CHECK)
    context.close()
    return steps


def report(visits: list[dict], version: str) -> dict:
    """Medians, and where they were measured."""
    rows = [{"step": step, "seconds": round(statistics.median(one[step][0] for one in visits), 2),
             "megabytes": round(max(one[step][1] for one in visits), 2)} for step in visits[0]]
    here = machines.this() | {"cores": os.cpu_count(), "load": [round(load, 1) for load in os.getloadavg()]}
    return {"machine": here, "browser": f"Chromium {version}", "visits": len(visits), "steps": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description="Time a reader's visit.")
    parser.add_argument("--site", type=Path, default=ROOT / "_build" / "html", help="a built site")
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--out", type=Path, default=machines.RESULTS, help="folder of results")
    args = parser.parse_args()
    serve.Handler = Counting
    server = serve.start(args.site, port=0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        visits = [visit(browser, f"http://127.0.0.1:{server.server_address[1]}") for _ in range(args.visits)]
        found = report(visits, re.sub(r"^\D*", "", browser.version))
        browser.close()
    server.shutdown()
    for row in found["steps"]:
        print(f"{row['step']:28} {row['seconds']:6.2f} s {row['megabytes']:6.2f} MB")
    print(f"{found['browser']}, {found['machine']['processor']}, load {found['machine']['load'][0]}: {machines.save('visit', found, args.out)}")


if __name__ == "__main__":
    main()
