"""Billing's own digest of the rows that a document is read from: whether they are the same again is asked without reading them.

PostgreSQL writes each row of a billing file as one text, all columns included, and hashes it. What a document is made of (its
header, its lines, its customer) is the same when all these hashes are the same under the same settings of the session. Where
one is not, nothing is concluded: the rows are read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

_DIGEST = b"encode(sha256(convert_to(file::text, 'UTF8')), 'hex')"


@dataclass(slots=True)
class Digests:
    """The digests of one document's rows while they come in, in any order."""

    headers: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def of(self, customer: str) -> str:
        """The document's digest, given its customer's row."""
        return combined("".join(sorted(self.headers)), "".join(sorted(self.lines)), customer)


def with_digest(file: bytes) -> bytes:
    """The query of a billing file with the digest of each row as its last column."""
    return b"select file.*, " + _DIGEST + b" as row_digest from (" + file + b"\n) as file"


def by_key(file: bytes, key: str) -> bytes:
    """The query of a billing file reduced to the digests of the rows of each key, sorted and in one text."""
    name = key.encode()
    ordered = b"string_agg(row_digest, '' order by row_digest collate \"C\")"
    digests = b"select file." + name + b"::text as key, " + _DIGEST + b" as row_digest from (" + file + b"\n) as file"
    # Behind an offset each row is hashed once; otherwise PostgreSQL does it a second time for the order.
    return b"select key, " + ordered + b" from (" + digests + b" offset 0) as digests group by key"


def combined(header: str, lines: str, customer: str) -> str:
    """The digest of a document, from those of its parts."""
    return hashlib.sha256(f"{header}|{lines}|{customer}".encode()).hexdigest()
