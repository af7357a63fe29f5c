"""The server under 50 clients that read rows: requests a second, p50, p99 and memory, beside a bare starlette app."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
FILES, LINES, WINDOW = 40, 500, 200

BARE = """
import sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

BODY = b"x" * int(sys.argv[2])

async def rows(request):
    await request.body()
    return Response(BODY, media_type="application/json")

app = Starlette(routes=[Route("/api/review.rows", rows, methods=["POST"])])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="h11", log_level="error", access_log=False)
"""


@dataclass
class Load:
    """What a load run saw: seconds a request, and (seconds since the start, KiB resident) of the server."""

    seconds: float
    requests: list[float] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    failed: int = 0

    def row(self, name: str) -> tuple[str, ...]:
        """A line of the table."""
        cuts = statistics.quantiles(self.requests, n=100)
        slope = per_minute(self.memory[len(self.memory) // 3 :])
        return (
            name,
            f"{len(self.requests):,}",
            f"{len(self.requests) / self.seconds:,.0f}",
            f"{cuts[49] * 1000:.1f}",
            f"{cuts[98] * 1000:.1f}",
            f"{max(self.requests) * 1000:.0f}",
            f"{self.memory[0][1] / 1024:.1f}",
            f"{self.memory[-1][1] / 1024:.1f}",
            f"{slope / 1024:+.2f}",
            str(self.failed),
        )


HEAD = ("server", "requests", "req/s", "p50 ms", "p99 ms", "max ms", "MiB start", "MiB end", "MiB/min", "failed")


def per_minute(points: list[tuple[float, int]]) -> float:
    """The slope of memory by least squares, KiB a minute."""
    return statistics.linear_regression(*zip(*points, strict=True)).slope * 60 if len(points) > 2 else 0.0


def make_workspace(folder: Path) -> None:
    """A repository whose branch `feature` changes every fifth line of 40 files of 500 lines."""
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@example.invalid"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    for branch, step in (("main", 0), ("feature", 5)):
        if step:
            subprocess.run([*git, "checkout", "--quiet", "-b", branch], check=True)
        for number in range(FILES):
            lines = [f"value_{i} = {i * (2 if step and i % step == 0 else 1)}  # {number}" for i in range(LINES)]
            (folder / f"file{number}.py").write_text("\n".join(lines) + "\n")
        subprocess.run([*git, "add", "--all"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", branch], check=True)


@contextmanager
def exosuit(folder: Path) -> Iterator[tuple[int, int, int, str, str]]:
    """A review on the workspace: port, process id of the server, files of the change, its id, its token."""
    environment = os.environ | {"EXOSUIT_STATE": str(folder.parent / "state")}
    command = [sys.executable, "-m", "exosuit", "-C", str(folder), "review", "main..feature", "--no-open", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        parts = urlsplit(told["url"])
        yield parts.port or 0, process.pid, FILES, told["change"], parse_qs(parts.query)["token"][0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextmanager
def bare(size: int) -> Iterator[tuple[int, int]]:
    """The baseline: a starlette app that answers a constant of `size` bytes; port and process id."""
    port = 20_000 + os.getpid() % 20_000
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port), str(size)])
    try:
        for _ in range(200):
            try:
                urlopen(Request(f"http://127.0.0.1:{port}/api/review.rows", b"{}", method="POST"), timeout=5).read()
                break
            except OSError:
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def resident(pid: int) -> int:
    """KiB of memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def request(host: str, token: str, fields: dict[str, object]) -> bytes:
    """A POST of review.rows as bytes."""
    body = json.dumps(fields).encode()
    head = f"POST /api/review.rows HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def client(port: int, ask: Callable[[], bytes], until: float, load: Load) -> None:
    """One client on one connection, one request after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    while time.monotonic() < until:
        began = time.monotonic()
        writer.write(ask())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        load.requests.append(time.monotonic() - began)
        load.failed += not head.startswith(b"HTTP/1.1 200")
    writer.close()


async def watch(pid: int, until: float, load: Load) -> None:
    """The server's memory, once a second."""
    began = time.monotonic()
    while time.monotonic() < until:
        load.memory.append((time.monotonic() - began, resident(pid)))
        await asyncio.sleep(1)
    load.memory.append((time.monotonic() - began, resident(pid)))


async def run(port: int, pid: int, clients: int, seconds: float, ask: Callable[[], bytes]) -> Load:
    """All clients for so many seconds, after a second to warm up."""
    await asyncio.gather(*(client(port, ask, time.monotonic() + 1, Load(1)) for _ in range(clients)))
    load, until = Load(seconds), time.monotonic() + seconds
    await asyncio.gather(watch(pid, until, load), *(client(port, ask, until, load) for _ in range(clients)))
    return load


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "workspace"
        folder.mkdir()
        make_workspace(folder)
        with exosuit(folder) as (port, pid, files, change, token):
            asked = random.Random(1)

            def ask() -> bytes:
                fields = {
                    "change": change,
                    "file": asked.randint(1, files),
                    "start": asked.randint(0, 300),
                    "count": WINDOW,
                }
                return request(f"127.0.0.1:{port}", token, fields)

            sample = {"change": change, "file": 1, "start": 100, "count": WINDOW}
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            url = f"http://127.0.0.1:{port}/api/review.rows"
            size = len(urlopen(Request(url, json.dumps(sample).encode(), headers), timeout=30).read())
            ours = asyncio.run(run(port, pid, options.clients, options.seconds, ask))
    with bare(size) as (port, pid):
        constant = request(f"127.0.0.1:{port}", "none", sample)
        other = asyncio.run(run(port, pid, options.clients, max(5.0, options.seconds / 4), lambda: constant))
    rows = [HEAD, ours.row("exosuit: rows of a file"), other.row("bare starlette, a constant")]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  ".join(cells))
    print(
        f"{options.clients} clients, answers of about {size:,} bytes; clients and server share {os.cpu_count()} cores"
    )
    return 1 if ours.failed or other.failed else 0


if __name__ == "__main__":
    sys.exit(main())
