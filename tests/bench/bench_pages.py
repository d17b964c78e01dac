"""How long pages take, how soon `serve` shows the first one, and how much memory it holds.

    python tests/bench/bench_pages.py [address ...]

Starts `serve` with an empty data folder and waits for the first page; then with the invented people of the demo, goes
on as the first of them, asks for each address 300 times and prints the middle and the 95th of 100 times.
Goals: first page within 2 s, 95 of 100 pages within 50 ms, 200 MB.
"""

import http.cookiejar
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = ["/", "/about/", "/help/", "/people/", "/check/", "/today/", "/plan/", "/exercise/MV01/", "/readyz"]
TIMES = 300
CODE = "import pathlib, sys; from upperback.web.serve import serve; "
CODE += "serve('127.0.0.1', 0, pathlib.Path(sys.argv[1]), sys.argv[2] == 'demo', False)"


class Running:
    """`serve` as a process, and a browser that was let in."""

    def __init__(self, folder: str, kind: str) -> None:
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", CODE, folder, kind],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        assert self.process.stdout is not None
        link = next(found.group() for line in self.process.stdout if (found := re.search(r"http://\S+/open/\S+", line)))
        self.base = link.split("/open/", maxsplit=1)[0]
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.opener.open(link).read()
        self.first_page_s = time.perf_counter() - began

    def go_on_as(self, person: str | None = None) -> None:
        """Chooses somebody: by their id, or the first one on the page."""
        page = self.opener.open(f"{self.base}/people/").read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        listed = re.findall(r'name="person" value="([\w-]+)"', page)
        if token and (person or listed):
            fields = {"csrfmiddlewaretoken": token.group(1), "person": person or listed[0]}
            self.opener.open(f"{self.base}/people/choose/", urllib.parse.urlencode(fields).encode()).read()

    def stop(self) -> None:
        """Ends the process."""
        self.process.terminate()
        self.process.wait(10)


def main() -> int:
    """Prints the figures; 1 when a goal is missed."""
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for turn in ("new", "known"):
            running = Running(folder, "real")
            running.stop()
            print(f"first page after {running.first_page_s:.2f} s ({turn} data folder)")
            missed = missed or running.first_page_s > 2
    with tempfile.TemporaryDirectory() as folder:
        running = Running(folder, "demo")
        try:
            return int(_pages(running) or missed)
        finally:
            running.stop()


def _pages(running: Running) -> bool:
    missed = False
    running.go_on_as()
    for address in sys.argv[1:] or ADDRESSES:
        try:
            taken_ms = sorted(_once(running.opener, running.base + address) for _ in range(TIMES))
        except urllib.error.HTTPError as error:
            print(f"{address:<20} answers {error.code}")
            continue
        p50, p95 = taken_ms[TIMES // 2], taken_ms[TIMES * 95 // 100]
        missed = missed or p95 > 50
        print(f"{address:<20} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   max {taken_ms[-1]:6.1f} ms")
    memory_mb = _memory_mb(running.process.pid)
    if memory_mb is not None:
        print(f"resident memory {memory_mb:.0f} MB")
        missed = missed or memory_mb > 200
    return missed


def _once(opener: urllib.request.OpenerDirector, address: str) -> float:
    began = time.perf_counter()
    opener.open(address).read()
    return (time.perf_counter() - began) * 1000


def _memory_mb(pid: int) -> float | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found.group(1)) / 1024 if found else None


if __name__ == "__main__":
    sys.exit(main())
