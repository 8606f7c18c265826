"""Mishaps on demand: rules that make single calls go wrong in the ways in which the real service does."""

import random
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from qbo_simulator.world import World

KINDS = {
    "before_write": "an error status (status, body) is answered and nothing is executed",
    "after_write": "executed and committed, then an error status is answered; or, with status 200, a SystemFault",
    "lose_answer": "executed and committed, then the connection is closed without an answer",
    "drop": "the connection is closed without an answer, and nothing is executed",
    "cut": "executed and committed, then the connection is closed in the middle of the answer's body",
    "delay": "the call takes `seconds` longer, before it is executed or (when: after) after it was committed",
    "name_lock": "writes of customers, vendors and employees are refused: 6000, one name at a time (items: positions in a batch)",
    "token_expired": "401, although the token is good",
    "throttled": "429, although the limits are not reached",
    "half_batch": "the first `items` operations of a batch are executed and committed, then an error status is answered",
    "fault": "a business fault of your own (code, detail, status)",
}
BODIES = ("html", "fault", "empty", "xml")


class UnknownRule(ValueError):
    """A rule that cannot be understood."""


@dataclass(slots=True)
class Rule:
    """Which calls, how often, and what happens to them."""

    kind: str
    # Which calls: all conditions that are given must hold; text conditions are parts of the path.
    realm_id: str | None = None
    method: str | None = None
    path: str | None = None
    operation: str | None = None
    entity: str | None = None
    # How often: the n-th matching call (or one of several), at most `count` times (0 = without end), with a probability.
    nth: list[int] = field(default_factory=list)
    count: int = 1
    probability: float = 1.0
    seed: int = 1
    # What happens.
    status: int = 503
    body: str = "html"
    seconds: float = 0.0
    when: str = "before"
    items: list[int] = field(default_factory=list)
    code: str = "6000"
    detail: str = ""
    # What has happened.
    number: int = 0
    matched: int = 0
    fired: int = 0

    @classmethod
    def from_request(cls, wanted: dict[str, Any]) -> "Rule":
        """Read a rule; raises ``UnknownRule``."""
        known = {one.name for one in fields(cls)} - {"number", "matched", "fired"}
        if unknown := sorted(set(wanted) - known):
            raise UnknownRule(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
        if wanted.get("kind") not in KINDS:
            raise UnknownRule(f"kind must be one of: {', '.join(KINDS)}")
        values = dict(wanted)
        for name in ("nth", "items"):
            if isinstance(values.get(name), int):
                values[name] = [values[name]]
        rule = cls(**values)
        if rule.body not in BODIES:
            raise UnknownRule(f"body must be one of: {', '.join(BODIES)}")
        if rule.when not in ("before", "after"):
            raise UnknownRule("when must be before or after")
        return rule

    def concerns(self, method: str, path: str, realm_id: str, operation: str, entity: str) -> bool:
        """Whether a call meets the conditions."""
        return (
            (self.method is None or self.method.upper() == method)
            and (self.path is None or self.path.lower() in path.lower())
            and (self.realm_id is None or self.realm_id == realm_id)
            and (self.operation is None or self.operation.lower() == operation)
            and (self.entity is None or self.entity.lower() == entity.lower())
        )

    def strikes(self) -> bool:
        """Count a matching call and say whether the mishap happens to it."""
        self.matched += 1
        if self.count and self.fired >= self.count:
            return False
        if self.nth and self.matched not in self.nth:
            return False
        if self.probability < 1 and _chance(self.seed, self.matched) >= self.probability:
            return False
        self.fired += 1
        return True


def _chance(seed: int, number: int) -> float:
    """A reproducible number between 0 and 1, also after a restart."""
    return random.Random(f"{seed}/{number}").random()  # noqa: S311 - reproducible on purpose, not a secret


class Mishaps:
    """All rules, kept in the state file with what they have done."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rules: list[Rule] = [Rule(**values) for values in world.recall("mishaps") or []]

    def add(self, rule: Rule) -> Rule:
        """Add a rule behind the others."""
        rule.number = max((one.number for one in self.rules), default=0) + 1
        self.rules.append(rule)
        self._keep()
        return rule

    def clear(self) -> None:
        """Remove all rules."""
        self.rules.clear()
        self._keep()

    def remove(self, number: int) -> bool:
        """Remove one rule; false when there is none of this number."""
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if rule.number != number]
        self._keep()
        return len(self.rules) < before

    def pick(self, method: str, path: str, realm_id: str, operation: str, entity: str) -> Rule | None:
        """The first rule that strikes this call; the others only count it."""
        struck = None
        matching = [rule for rule in self.rules if rule.concerns(method, path, realm_id, operation, entity)]
        for rule in matching:
            if struck is not None:
                rule.matched += 1
            elif rule.strikes():
                struck = rule
        if matching:
            self._keep()
        return struck

    def as_list(self) -> list[dict[str, Any]]:
        """Rules with what they have done."""
        return [asdict(rule) for rule in self.rules]

    def _keep(self) -> None:
        self.world.remember("mishaps", self.as_list())
