"""A scripted provider in a process of its own: python -m tests.providers [--port N] [--dialect NAME] [--script FILE].

Prints one line of JSON once it listens, `{"url": "http://127.0.0.1:PORT"}`, and serves until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from pathlib import Path

from tests.providers.server import ANSWERS, DIALECTS, KEY, MODEL, Limits, Provider


async def serve(provider: Provider) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = await provider.start()
    print(json.dumps({"url": provider.url}), flush=True)
    await ended.wait()
    server.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.providers", description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="a free one if 0")
    parser.add_argument("--dialect", action="append", choices=sorted(DIALECTS), help="again for more; all if left out")
    parser.add_argument("--script", type=Path, help="a JSON list of answers")
    parser.add_argument("--key", action="append", help=f"accepted keys ({KEY})")
    parser.add_argument("--any-key", action="store_true", help="accept every key")
    parser.add_argument("--model", action="append", help=f"served models ({MODEL})")
    parser.add_argument("--any-model", action="store_true", help="accept every model")
    parser.add_argument("--limit", type=int, nargs=2, metavar=("REQUESTS", "SECONDS"), help="refuse what is beyond")
    asked = parser.parse_args()
    provider = Provider(
        ANSWERS.validate_json(asked.script.read_bytes()) if asked.script else (),
        dialects=asked.dialect or DIALECTS,
        keys=None if asked.any_key else asked.key or (KEY,),
        models=None if asked.any_model else asked.model or (MODEL,),
        limits=Limits(*asked.limit) if asked.limit else None,
        port=asked.port,
    )
    asyncio.run(serve(provider))


if __name__ == "__main__":
    main()
