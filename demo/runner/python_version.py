"""Which Python versions the project runs on; written so that much older versions can read this file and say so."""

OLDEST = (3, 11)
NEWEST = (3, 14)


def trouble_with_python(version: "tuple[int, ...]") -> "str | None":
    """Return one line about an unfit Python version, given as in `sys.version_info`, or None when it fits."""
    found = version[:2]
    if OLDEST <= found <= NEWEST:
        return None
    kind = "too old" if found < OLDEST else "too new"
    cure = "install one of these and name it: make demo PYTHON=python3.12"
    return f"Python {found[0]}.{found[1]} is {kind}, Ledgerline needs 3.11 to 3.14 -> {cure}"
