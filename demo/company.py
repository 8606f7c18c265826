"""Closes the books of the demo company, as an accountant would: `python -m demo.company --simulator ADDRESS`.

The demo's billing has documents on the last closed day and before it, which show `period_closed`.
"""

from __future__ import annotations

import argparse
import json
from urllib.request import Request, urlopen

REALM_ID = "9130000000000001"
CLOSED_UP_TO = "2026-07-31"


def close_books(simulator: str, realm_id: str = REALM_ID, day: str = CLOSED_UP_TO) -> None:
    """Set the closing date through the simulator's control plane. Raises OSError when it does not answer."""
    body = json.dumps({"BookCloseDate": day}).encode()
    headers = {"Content-Type": "application/json"}
    request = Request(f"{simulator}/_sim/preferences/{realm_id}", data=body, headers=headers)  # noqa: S310 - the demo's own server
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
        answer.read()


def main() -> None:
    """Close the books and say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulator", required=True, help="address such as http://127.0.0.1:8099")
    close_books(parser.parse_args().simulator)
    print(f"the demo company's books are closed up to {CLOSED_UP_TO}")


if __name__ == "__main__":
    main()
