"""Companies: their identity, their label, and what a disconnect leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import psycopg
import pytest

from include.stores.realms import (
    RealmLabelTakenError,
    all_realms,
    disagreements,
    disconnect,
    ensure_realm,
    mark_connected,
    raise_push_epoch,
    realm_by_id,
    realm_by_key,
    realm_of,
)

URL = "https://sandbox-quickbooks.api.intuit.com"


@dataclass(frozen=True)
class Settings:
    """What an Airflow Connection says."""

    base_url: str = URL
    realm_id: str | None = "91"
    environment: str = "sandbox"


@pytest.fixture
def company(connection):
    """A connected company labelled us."""
    realm = ensure_realm(connection, "us", URL, "91", "sandbox")
    mark_connected(connection, realm.id, "anna")
    return realm_by_id(connection, realm.id)


def test_a_company_is_found_by_what_it_is_and_by_its_label(connection, company):
    """A slash at the end of the address makes no other company."""
    assert realm_of(connection, base_url=f"{URL}/", realm_id="91") == company
    assert realm_by_key(connection, "us") == company
    assert realm_of(connection, base_url=URL, realm_id="92") is None
    assert (company.is_connected, company.connected_by) == (True, "anna")


def test_the_same_company_keeps_its_row_under_another_label(connection, company):
    """The key is a label: connecting the company again under a new one changes nothing else."""
    again = ensure_realm(connection, "america", URL, "91", "sandbox")

    assert again == replace(company, realm_key="america")


def test_a_label_of_another_company_is_not_taken_by_itself(connection, company):
    """Another realm id, or another address, behind the same key is refused with what to do."""
    with pytest.raises(RealmLabelTakenError, match=r"company 91 .* not 92 .* disconnect it first"):
        ensure_realm(connection, "us", URL, "92", "sandbox")
    with pytest.raises(RealmLabelTakenError):
        ensure_realm(connection, "us", "https://quickbooks.api.intuit.com", "91", "production")

    assert all_realms(connection) == [company]


def test_a_person_can_move_the_label_from_sandbox_to_production(connection, company):
    """Both companies keep their rows; the sandbox is labelled by what it is."""
    live = ensure_realm(connection, "us", "https://quickbooks.api.intuit.com", "77", "production", take_label=True)

    assert realm_by_key(connection, "us") == live
    assert realm_by_id(connection, company.id).realm_key == "us-sandbox-91"


def test_the_push_epoch_rises_by_one(connection, company):
    """Each acquisition of the realm's lock gets a number of its own."""
    assert [raise_push_epoch(connection, company.id) for _ in range(3)] == [1, 2, 3]


def test_an_unknown_row_has_no_epoch(connection):
    """Raising the epoch of a realm that does not exist is an error."""
    with pytest.raises(LookupError):
        raise_push_epoch(connection, 4711)


@pytest.mark.row("F17")
def test_a_disconnect_archives_links_forgets_tokens_and_withdraws_what_is_planned(connection, company):
    """Active links: none; archive: as many as there were; what is in flight stays to be settled; the label is free."""
    write_links(connection, company.id, 3)
    write_plan(connection, company.id, ["planned", "held", "sending", "unknown", "done"])
    connection.execute("insert into qbo_sync.tokens values (%s, 'x', 'y', now(), now())", (company.id,))

    done = disconnect(connection, company.id, who="anna", why="we part")

    assert (done.links_archived, done.items_withdrawn) == (3, 2)
    assert count(connection, "links") == 0
    assert count(connection, "tokens") == 0
    archived = connection.execute(
        "select qbo_id, archived_by, archived_why, link ->> 'sync_token' as token from qbo_sync.link_archive"
    )
    assert archived.fetchall()[0] == {"qbo_id": "q0", "archived_by": "anna", "archived_why": "we part", "token": "0"}
    states = connection.execute("select state from qbo_sync.plan_items order by step").fetchall()
    assert [row["state"] for row in states] == ["stale", "stale", "sending", "unknown", "done"]
    assert realm_by_key(connection, "us") is None
    assert not realm_by_id(connection, company.id).is_connected


@pytest.mark.row("F20")
@pytest.mark.parametrize(("billing_id", "qbo_id"), [("b0", "q9"), ("b9", "q0")], ids=["billed twice", "held twice"])
def test_no_document_has_two_live_links(connection, company, billing_id, qbo_id):
    """A second link of a document, or of what QuickBooks holds, is refused by the database: there is nothing to clean up."""
    write_links(connection, company.id, 1)

    with pytest.raises(psycopg.errors.UniqueViolation):
        write_link(connection, company.id, billing_id, qbo_id)


def test_a_disconnect_is_all_or_nothing(connection, company, admin_dsn):
    """When one step fails, links and label are as before."""
    write_links(connection, company.id, 2)
    connection.execute("set lock_timeout = '200ms'")

    with psycopg.connect(admin_dsn) as other:
        other.execute("lock table qbo_sync.tokens in exclusive mode")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            disconnect(connection, company.id, who="anna")

    assert count(connection, "links") == 2
    assert count(connection, "link_archive") == 0
    assert realm_by_key(connection, "us").is_connected


def test_a_company_that_comes_back_keeps_its_row(connection, company):
    """Connecting again opens the same row, so that the archive of its links still belongs to it."""
    disconnect(connection, company.id, who="anna")

    again = ensure_realm(connection, "us", URL, "91", "sandbox")
    assert realm_by_key(connection, "us") is None
    mark_connected(connection, again.id, "bert")

    assert again.id == company.id
    assert realm_by_key(connection, "us").connected_by == "bert"


def test_where_all_agree_there_is_nothing_to_say(company):
    """Connection, row, tokens and CompanyInfo of one company raise no objection."""
    assert disagreements(Settings(), company, token_realm_id="91", company_id="91", company_country="US") == []
    assert disagreements(Settings(realm_id=None), company) == []


@pytest.mark.parametrize(
    ("settings", "facts", "says"),
    [
        (Settings(base_url="https://quickbooks.api.intuit.com"), {}, "the Connection leads to https://quickbooks"),
        (Settings(environment="production"), {}, "the Connection says environment production"),
        (Settings(realm_id="92"), {}, "the Connection names company 92"),
        (Settings(), {"token_realm_id": "93"}, "the tokens open company 93"),
        (Settings(), {"company_id": "94"}, "QuickBooks answered for company 94"),
        (Settings(), {"company_country": "GB"}, "QuickBooks says that the company is in GB, but it was in US before"),
    ],
)
def test_each_disagreement_is_named(company, settings, facts, says):
    """Another address, environment, realm id, token or country is one sentence that names both sides."""
    found = disagreements(settings, replace(company, country="US"), **facts)

    assert len(found) == 1
    assert says in found[0]


def write_links(connection, realm, number):
    for each in range(number):
        write_link(connection, realm, f"b{each}", f"q{each}")


def write_link(connection, realm, billing_id, qbo_id):
    connection.execute(
        "insert into qbo_sync.links (realm, environment, source, kind, billing_id, entity, qbo_id, sync_token, answer, "
        "origin, written_at) values (%s, 'sandbox', 'billing_db', 'invoice', %s, 'Invoice', %s, '0', '{}', 'created', now())",
        (realm, billing_id, qbo_id),
    )


def write_plan(connection, realm, states):
    plan = connection.execute(
        "insert into qbo_sync.plans (realm, source, dag_id, run_id, mode) "
        "values (%s, 'billing_db', 'd', 'r', 'push') returning id",
        (realm,),
    ).fetchone()["id"]
    for step, state in enumerate(states):
        connection.execute(
            "insert into qbo_sync.plan_items (plan_id, step, realm, environment, source, kind, billing_id, entity, action, "
            "reason, state) values (%s, %s, %s, 'sandbox', 'billing_db', 'invoice', %s, 'Invoice', 'create', 'new', %s)",
            (plan, step, realm, f"p{step}", state),
        )
    return plan


def count(connection, table):
    return connection.execute(f"select count(*) as n from qbo_sync.{table}").fetchone()["n"]
