"""The error tree: what its drawing says is what the classes do."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys

import pytest

from qbo_hook import Fault, FaultError, QboError, QboUnknownOutcome, QboValidationError, classify, errors

DRAWN = re.compile(r"^    [│├└─ ]*(Qbo\w+) +(\w+)  ", re.MULTILINE)


def all_classes(root: type[QboError] = QboError) -> list[type[QboError]]:
    return [root, *(found for child in root.__subclasses__() for found in all_classes(child))]


def test_the_drawn_tree_names_every_class_with_its_failure_mode() -> None:
    """A reader of the drawing knows every error and what may happen after it."""
    drawn = dict(DRAWN.findall(errors.__doc__ or ""))

    assert drawn == {kind.__name__: kind.failure_mode for kind in all_classes() if kind is not QboError}


def test_every_class_has_one_of_four_failure_modes() -> None:
    """Whoever catches an error can decide by four words."""
    assert {kind.failure_mode for kind in all_classes()} == {"refused", "not_executed", "unknown", "realm"}


def test_an_error_tells_where_it_happened() -> None:
    """Text is for people: the sentence, then call, status and Intuit's trace id."""
    error = QboError("It failed", method="POST", path="/v3/company/1/invoice", http_status=400, intuit_tid="1-a")

    assert str(error) == "It failed [POST /v3/company/1/invoice, HTTP 400, intuit_tid 1-a]"
    assert str(QboError("It failed")) == "It failed"


def test_a_fault_gives_its_class_and_cure() -> None:
    """What the catalogue knows travels with the error."""
    fault = Fault((FaultError("6240", "Duplicate Name Exists Error", ""),), "ValidationFault")

    error = QboValidationError("no", fault=fault, entry=classify(fault))

    assert error.fault_class == "duplicate_name"
    assert "name is taken" in str(error.cure)
    assert (QboError("no").fault_class, QboError("no").cure) == (None, None)


def test_context_added_later_replaces_nothing() -> None:
    """The place where an error arose knows best."""
    error = QboError("It failed", path="/first")

    error.add_context(path="/second", realm_id="1")

    assert (error.path, error.realm_id) == ("/first", "1")


def test_a_failure_mode_of_its_own_survives_pickling() -> None:
    """Errors cross process borders whole."""
    error = QboValidationError("no", realm_id="1", failure_mode="unknown")

    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - made on the line itself

    assert (copied.failure_mode, copied.realm_id, str(copied)) == ("unknown", "1", "no")
    assert QboUnknownOutcome("x").failure_mode == "unknown"


@pytest.mark.parametrize("foreign", ["airflow", "pandas", "great_expectations", "include"])
def test_the_public_face_needs_no_airflow(foreign: str) -> None:
    """The client is usable where Airflow is not installed."""
    program = f"import sys, qbo_hook; sys.exit({foreign!r} in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": _plugins()}, check=False)

    assert done.returncode == 0


def _plugins() -> str:
    return str(errors.__file__).rpartition("/qbo_hook/")[0]
