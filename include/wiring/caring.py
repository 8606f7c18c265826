"""Care: what is unknown is settled, people are told before it hurts, and what grows is kept small."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from include.billing_sync import notices
from include.billing_sync.company import CompanyFacts, changes_between
from include.billing_sync.notices import Notice
from include.stores.attempts_care import tidy as tidy_state
from include.stores.notices import NoticeStore
from include.stores.realms import AnotherCompanyError
from include.wiring import connections
from include.wiring.changes import STREAM
from include.wiring.forms import keep_days_of
from include.wiring.migrations import require_current_schema
from include.wiring.realms import Realm, open_realm
from include.wiring.reference import refresh_company
from include.wiring.runs import run_of
from qbo_hook.errors import QboError, QboTokenExpired

log = logging.getLogger("ledgerline")

AT_ONCE = timedelta(0)


def settle(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Look up what became of sendings whose answer was lost. A push that is running does so itself."""
    from include.wiring.pushing import LogJournal
    from include.wiring.settling import settle_unknowns

    run = run_of(context)
    with open_realm(realm_key) as realm:
        counts = settle_unknowns(realm, run.run_id, LogJournal())
    if counts.is_busy:
        log.info("%s: a push is running, which settles what is unknown itself", realm_key)
    else:
        log.info("%s: %s settled, %s still unknown", realm_key, counts.settled, counts.left)
    return {"realm_key": realm_key, "settled": counts.settled, "unknown": counts.left}


def watch(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Look at sign-on, reads, company and what stands still; remember what nobody was told yet."""
    run_of(context)
    with open_realm(realm_key) as realm:
        now = datetime.now(UTC)
        new = look(realm, now)
        return {"realm_key": realm_key, "new": len(new)}


def look(realm: Realm, now: datetime) -> list[Notice]:
    """Everything that a person should know of a realm now, remembered; returns what is new and logs all of it."""
    store = NoticeStore(realm.state, realm.id)
    found: list[Notice] = []
    facts = None
    try:
        facts = _facts(realm)
    except AnotherCompanyError as error:
        cure = "Nothing is synchronised until the Connection leads to the realm's own company again."
        found.append(Notice("wrong_company", str(error), f"Another company answers: {error}.", cure))
    found += _found(realm, store, now)
    # The facts count as told when their change is remembered: one transaction, or a change would be lost or told twice.
    with realm.state.transaction():
        if facts is not None:
            found += _changes(store, facts, now)
            store.keep_told_facts(facts)
        new = store.put(found, now)
    for one in found:
        log.warning("%s: %s %s%s", realm.key, one.text, one.cure, "" if one in new else " (told before)")
    return new


def tell_of_sign_on(realm_key: str) -> None:
    """Mail that the sign-on is over, once, as soon as a run meets it. What goes wrong here leaves the run its own error."""
    from include.wiring.notice_mails import mail_notices

    try:
        with open_realm(realm_key) as realm:
            store, now = NoticeStore(realm.state, realm.id), datetime.now(UTC)
            age = store.sign_on_age()
            if age is not None:
                store.put(notices.sign_on_notices(age, now), now)
                log.info("%s: %s", realm_key, mail_notices(realm))
    except (psycopg.Error, RuntimeError) as error:
        log.warning("%s: nobody was mailed that the sign-on is over: %s", realm_key, error)


def report(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Mail what nobody was mailed yet. Says whether both looks at the realm did their work."""
    from include.wiring.notice_mails import mail_notices

    run_of(context)
    with open_realm(realm_key) as realm:
        log.info("%s: %s", realm_key, mail_notices(realm))
    return {"realm_key": realm_key, "is_done": _is_done(context["ti"])}


def tidy(context: Mapping[str, Any]) -> dict[str, Any]:
    """Make the audit's next partitions, end plans nobody pushed, delete what is older than it has to be kept."""
    keep = timedelta(days=keep_days_of(context["params"]))
    with connections.connect_state() as state:
        require_current_schema(state)
        done = tidy_state(state, datetime.now(UTC), keep)
    counts = {name: getattr(done, name) for name in done.__dataclass_fields__}
    log.info(", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()))
    return counts


def _found(realm: Realm, store: NoticeStore, now: datetime) -> Iterator[Notice]:
    age = store.sign_on_age()
    if age is not None:
        yield from notices.sign_on_notices(age, now)
    yield from notices.reads_notices(store.reads_used(now), realm.settings.read_budget, now)
    yield from notices.stuck_notices(store.stuck(now, STREAM), now)


def _facts(realm: Realm) -> CompanyFacts | None:
    """The company as QuickBooks shows it now; None where it cannot be asked, which is told of on its own."""
    try:
        return refresh_company(realm.client, realm.state, realm.row, AT_ONCE).facts
    except QboTokenExpired as error:
        log.warning("%s: %s", realm.key, error)
    except QboError as error:
        log.warning(
            "%s: QuickBooks did not show the company, so a change in it is told of tomorrow: %s", realm.key, error
        )
    return None


def _changes(store: NoticeStore, facts: CompanyFacts, now: datetime) -> Sequence[Notice]:
    told = store.told_facts()
    return [] if told is None else list(notices.change_notices(changes_between(told, facts), now))


def _is_done(ti: Any) -> bool:
    # A look that failed left nothing behind; the tasks of one realm share the place in the map.
    looks = [ti.xcom_pull(task_ids=f"realm.{step}", map_indexes=ti.map_index) for step in ("settle", "watch")]
    return all(looks)
