"""The fidelity page says what the code does."""

from pathlib import Path

from qbo_simulator import fidelity
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.operations import VOIDED_BY_INCLUDE
from tests.simulator.client import Qbo

PAGE = Path(__file__).resolve().parents[2] / "simulator" / "FIDELITY.md"


def test_the_page_in_the_repository_is_the_generated_one() -> None:
    """`python -m qbo_simulator --fidelity > simulator/FIDELITY.md` brings it up to date."""
    assert PAGE.read_text() == fidelity.page()


def test_every_cell_of_change_data_capture_is_true(qbo: Qbo) -> None:
    """What is exact is answered, what is refused is 501 with its name, and an empty one is no entity of it (4001)."""
    for name, entity in ENTITIES.items():
        answer = qbo.get("cdc", entities=name, changedSince="2026-01-01")

        expected = {"exact": 200, "refused (501)": 501, "": 400}[fidelity.cell(entity, "cdc")]
        assert answer.status == expected, (name, answer.text)
        assert answer.status != 400 or answer.error["code"] == "4001", (name, answer.text)


def test_every_cell_is_true(qbo: Qbo) -> None:
    """An operation that is exact is not answered 501, one that is refused is, and an empty one is unsupported."""
    for name, entity in ENTITIES.items():
        if name == "ExchangeRate":
            continue  # it has a resource of its own, with tests of its own
        for operation in ("create", "update", "delete", "void"):
            cell = fidelity.cell(entity, operation)
            body = {} if operation == "create" else {"Id": "999999", "SyncToken": "0"}
            by_include = operation == "void" and name in VOIDED_BY_INCLUDE
            parameters = {"include": "void"} if by_include else {"operation": operation}

            answer = qbo.post(name.lower(), body, **parameters)

            expected = {"exact": (200, 400), "refused (501)": (501,), "": (400, 501)}[cell]
            assert answer.status in expected, (name, operation, answer.text)
            assert (cell == "exact") == (answer.status != 501 and answer.error["code"] != "500"), (
                name,
                operation,
                answer.text,
            )
