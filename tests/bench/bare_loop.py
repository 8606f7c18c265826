"""The yardstick of the push: `requests` posts prepared bodies one after the other and keeps nothing.

`python -m tests.bench.bare_loop FILE` reads what to post from FILE and writes the seconds that it took into it.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import requests


def main() -> None:
    """Post all bodies over one connection and stop at the first answer that is not a success."""
    file = Path(sys.argv[1])
    work = json.loads(file.read_text())
    headers = {
        "Authorization": f"Bearer {work['token']}",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    calls = [(work["base_url"] + call["path"], call["params"], call["body"].encode()) for call in work["calls"]]
    with requests.Session() as session:
        session.trust_env = False
        started = time.perf_counter()
        for url, params, body in calls:
            session.post(url, params=params, data=body, headers=headers, timeout=150).raise_for_status()
        seconds = time.perf_counter() - started
    file.write_text(json.dumps({"seconds": seconds, "calls": len(calls)}))


if __name__ == "__main__":
    main()
