"""How long pages take, how soon `serve` shows the first one, and how much memory it holds.

    python tests/bench/bench_pages.py [address ...]

Starts `serve` with a data folder of its own, comes in by the one-time link, asks for each address 300 times and prints
the middle and the 95th of 100 times. Goals: first page within 2 s, 95 of 100 pages within 50 ms, 200 MB.
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
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = ["/", "/about/", "/help/", "/check/", "/plan/", "/today/", "/readyz"]
TIMES = 300
CODE = "import pathlib, sys; from upperback.web.serve import serve; "
CODE += "serve('127.0.0.1', 0, pathlib.Path(sys.argv[1]), True, False)"


def main() -> int:
    """Prints the figures; 1 when a goal is missed."""
    addresses = sys.argv[1:] or ADDRESSES
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, folder],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        try:
            return _measure(process, began, addresses)
        finally:
            process.terminate()
            process.wait(10)


def _measure(process: subprocess.Popen[str], began: float, addresses: list[str]) -> int:
    assert process.stdout is not None
    link = next(found.group() for line in process.stdout if (found := re.search(r"http://\S+/open/\S+", line)))
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    opener.open(link).read()
    first_s = time.perf_counter() - began
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(f"first page after {first_s:.2f} s")
    missed = first_s > 2
    base = link.split("/open/", maxsplit=1)[0]
    for address in addresses:
        try:
            taken_ms = sorted(_once(opener, base + address) for _ in range(TIMES))
        except urllib.error.HTTPError as error:
            print(f"{address:<20} answers {error.code}")
            continue
        p50, p95 = taken_ms[TIMES // 2], taken_ms[TIMES * 95 // 100]
        missed = missed or p95 > 50
        print(f"{address:<20} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   max {taken_ms[-1]:6.1f} ms")
    memory_mb = _memory_mb(process.pid)
    if memory_mb is not None:
        print(f"resident memory {memory_mb:.0f} MB")
        missed = missed or memory_mb > 200
    return int(missed)


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
