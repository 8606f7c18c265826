"""The control plane under ``/_sim``: what a test or a demo does to the simulated world."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, HTTPException, Query, Request, Response

from qbo_simulator import __version__, ledger, wire
from qbo_simulator.books import ROW
from qbo_simulator.clock import iso_utc, parse_moment
from qbo_simulator.company import DEFAULT_PREFERENCES, Company
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.entities.registry import BY_FOLDED_NAME
from qbo_simulator.errors import Fault
from qbo_simulator.ledger import trial_balance
from qbo_simulator.limits import DOCUMENTATION as LIMITS
from qbo_simulator.loaded import check_loaded
from qbo_simulator.mishaps import KINDS, Rule, UnknownRule
from qbo_simulator.rules import TEMPLATES
from qbo_simulator.sample.build import DEFAULT_REALM, UnknownSeed, connected, seed
from qbo_simulator.sample.keep import UnusableFile, load, save
from qbo_simulator.settings import DOCUMENTATION
from qbo_simulator.web.act import UnknownDeed, act
from qbo_simulator.web.webhooks import UnknownSubscription
from qbo_simulator.world import World

if TYPE_CHECKING:
    from qbo_simulator.app import Simulator

Payload = Annotated[dict[str, Any], Body()]


def company_of(world: World, realm_id: str) -> Company:
    """The company, or 404."""
    company = world.companies.get(realm_id)
    if company is None:
        raise HTTPException(404, f"no company {realm_id}; there are: {', '.join(world.companies) or 'none'}")
    return company


def entity_of(name: str) -> EntityType:
    """The entity type, or 404."""
    entity = BY_FOLDED_NAME.get(name.lower())
    if entity is None:
        raise HTTPException(404, f"no entity {name}")
    return entity


def router(simulator: "Simulator") -> APIRouter:
    """Routes of the control plane."""
    world, tokens, journal = simulator.world, simulator.tokens, simulator.journal
    routes = APIRouter(prefix="/_sim", tags=["control"])

    @routes.get("/health")
    async def health() -> dict[str, Any]:
        """Ready, and what is in it."""
        return {
            "status": "ok",
            "version": __version__,
            "now": iso_utc(world.clock.now()),
            "companies": list(world.companies),
        }

    @routes.post("/reset")
    async def reset(empty: bool = False) -> dict[str, Any]:
        """Forget everything; unless ``empty``, build the default company again."""
        simulator.reset()
        if not empty:
            simulator.build_first_state()
        return {"companies": list(world.companies)}

    @routes.post("/seed")
    async def seed_company(wanted: Payload) -> dict[str, Any]:
        """Create (or replace) a company; answers its app, refresh token and a valid access token."""
        try:
            with world.transaction():
                result = seed(world, tokens, wanted)
        except UnknownSeed as error:
            raise HTTPException(422, str(error)) from error
        finally:
            tokens.forget_cached()
        return result

    @routes.delete("/companies/{realm_id}")
    async def remove_company(realm_id: str) -> dict[str, Any]:
        """Forget one company with all its objects; the grants of its apps remain and lead nowhere."""
        company_of(world, realm_id)
        with world.transaction():
            world.remove_company(realm_id)
        return {"companies": list(world.companies)}

    @routes.post("/companies/{realm_id}/save")
    async def save_company(realm_id: str, wanted: Payload) -> dict[str, Any]:
        """Write a company with all its objects into the new file ``path`` on the simulator's machine."""
        company = company_of(world, realm_id)
        try:
            return {"path": wanted.get("path"), "objects": save(world, company, Path(str(wanted.get("path"))))}
        except UnusableFile as error:
            raise HTTPException(422, str(error)) from error

    @routes.post("/companies/load")
    async def load_company(wanted: Payload) -> dict[str, Any]:
        """Take a saved company in, in place of the one with its realm id; answers like ``/_sim/seed``."""
        try:
            company = load(world, Path(str(wanted.get("path"))))
        except UnusableFile as error:
            raise HTTPException(422, str(error)) from error
        tokens.forget_cached()
        with world.transaction():
            return connected(tokens, company, wanted)

    @routes.post("/apps")
    async def add_app(wanted: Payload) -> dict[str, Any]:
        """Register an app: client_id, client_secret, name, redirect_uris (none: any is accepted)."""
        if unknown := set(wanted) - {"client_id", "client_secret", "name", "redirect_uris"}:
            raise HTTPException(422, f"unknown key {sorted(unknown)[0]!r}")
        try:
            tokens.add_app(**wanted)
        except TypeError as error:
            raise HTTPException(422, "client_id and client_secret are required") from error
        return {"client_id": wanted["client_id"]}

    @routes.post("/token/{realm_id}")
    async def token(realm_id: str) -> dict[str, str]:
        """A valid access token of a company, without OAuth."""
        company_of(world, realm_id)
        grant = tokens.newest_grant(realm_id)
        if grant is None:
            raise HTTPException(404, f"no app is connected to {realm_id}")
        with world.transaction():
            return {"access_token": tokens.issue_access(grant)}

    @routes.get("/state/{realm_id}/{entity_name}")
    async def state(
        realm_id: str,
        entity_name: str,
        id: str | None = None,
        doc_number: str | None = None,
        name: str | None = None,
        include_deleted: bool = False,
        limit: int = Query(10_000, ge=1),
    ) -> dict[str, Any]:
        """Objects as QBO would print them, for assertions; numbers as JSON numbers."""
        company = company_of(world, realm_id)
        entity = entity_of(entity_name)
        with world.transaction():
            ledger.look(world.books(company), entity)
        conditions = ["company = ?", "entity = ?"]
        values: list[Any] = [company.key, entity.name]
        if not include_deleted:
            conditions.append("deleted = 0")
        for column, value in (("id", id), ("doc_number", doc_number), ("name", name)):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        where = " and ".join(conditions)
        count = world.database.execute(f"select count(*) from objects where {where}", values).fetchone()[0]  # noqa: S608 - constants
        rows = world.database.execute(f"select {ROW} from objects where {where} order by id limit ?", [*values, limit])  # noqa: S608
        books = world.books(company)
        objects = [json.loads(books.printed(entity, row)) | ({"status": "Deleted"} if row[5] else {}) for row in rows]
        return {"entity": entity.name, "count": count, "objects": objects}

    @routes.post("/objects/{realm_id}/{entity_name}")
    async def load_objects(realm_id: str, entity_name: str, request: Request) -> dict[str, int]:
        """Store objects exactly as QBO prints them (Id, SyncToken and MetaData included), without any rule."""
        company = company_of(world, realm_id)
        entity = entity_of(entity_name)
        try:
            documents = wire.decode(await request.body())
            with world.transaction():
                for document in documents:
                    check_loaded(entity, document)
                    world.books(company).load(entity, document)
        except (ValueError, KeyError, TypeError) as error:
            raise HTTPException(422, f"not an object as QBO prints it: {error}") from error
        world.cache.clear()
        return {"loaded": len(documents)}

    @routes.post("/sequences/{realm_id}")
    async def set_sequences(realm_id: str, values: Payload) -> dict[str, int]:
        """The last number used of a sequence: names, transactions, items, accounts, addresses, document numbers.

        Document numbers are counted from 1000.
        """
        company = company_of(world, realm_id)
        for name, last in values.items():
            world.database.execute(
                "insert or replace into sequences (company, name, last) values (?, ?, ?)",
                (company.key, name, int(last)),
            )
        return values

    @routes.get("/totals/{realm_id}/{entity_name}")
    async def totals(realm_id: str, entity_name: str) -> dict[str, Any]:
        """Number, sum of TotalAmt and sum of Balance of one entity, in exact decimals."""
        company = company_of(world, realm_id)
        row = world.database.execute(
            "select count(*), coalesce(sum(total), 0), coalesce(sum(balance), 0) from objects "
            "where company = ? and entity = ? collate nocase and deleted = 0",
            (company.key, entity_name),
        ).fetchone()
        return {"count": row[0], "total": f"{wire.from_cents(row[1]):.2f}", "balance": f"{wire.from_cents(row[2]):.2f}"}

    @routes.get("/ledger/{realm_id}")
    async def read_ledger(realm_id: str) -> dict[str, Any]:
        """Sums by account (debits positive, in the home currency), and the documents whose postings do not add up to zero."""
        company = company_of(world, realm_id)
        with world.transaction():
            return trial_balance(world.books(company))

    @routes.get("/journal")
    async def read_journal(
        after: int = 0, limit: int = 1000, realm_id: str | None = None, path: str | None = None
    ) -> list[dict[str, Any]]:
        """All requests with their answers, oldest first."""
        return journal.entries(after, limit, realm_id, path)

    @routes.delete("/journal")
    async def clear_journal() -> dict[str, str]:
        """Forget the journal."""
        journal.clear()
        return {"status": "cleared"}

    @routes.get("/clock")
    async def read_clock() -> dict[str, Any]:
        """Simulated time."""
        return {
            "now": iso_utc(world.clock.now()),
            "today": world.clock.today().isoformat(),
            "is_frozen": world.clock.frozen_at is not None,
        }

    @routes.post("/clock")
    async def change_clock(change: Payload) -> dict[str, Any]:
        """``{"advance": seconds}``, ``{"set": "2026-03-01T12:00:00-08:00"}``, ``{"freeze": true}``; several at once are fine."""
        if unknown := set(change) - {"advance", "set", "freeze"}:
            raise HTTPException(422, f"unknown key {sorted(unknown)[0]!r}")
        try:
            if "set" in change:
                world.clock.set(parse_moment(str(change["set"])))
            if "freeze" in change:
                world.clock.freeze(bool(change["freeze"]))
            if "advance" in change:
                world.clock.advance(float(change["advance"]))
        except (ValueError, TypeError) as error:
            raise HTTPException(422, str(error)) from error
        world.save_clock()
        with world.transaction():
            for company in world.companies.values():
                TEMPLATES.make_due(world.books(company))
        if world.listens:
            simulator.webhooks.wake()
        return await read_clock()

    @routes.get("/preferences/{realm_id}")
    async def read_preferences(realm_id: str) -> dict[str, Any]:
        """Preferences of a company, and its subscription and connection."""
        company = company_of(world, realm_id)
        return {**company.preferences, "is_subscribed": company.is_subscribed, "is_connected": company.is_connected}

    @routes.post("/preferences/{realm_id}")
    async def change_preferences(realm_id: str, values: Payload) -> dict[str, Any]:
        """Change preferences (and ``is_subscribed``, ``is_connected``, ``name``, ``exchange_rates``) of a company."""
        company = company_of(world, realm_id)
        own = {"is_subscribed", "is_connected", "name", "exchange_rates"}
        if unknown := set(values) - set(DEFAULT_PREFERENCES) - own:
            raise HTTPException(
                422, f"unknown preference {sorted(unknown)[0]!r}; known: {', '.join([*DEFAULT_PREFERENCES, *own])}"
            )
        for name, value in values.items():
            if name in own:
                setattr(company, name, value)
            else:
                company.preferences[name] = value
        company.sync_token += 1
        world.save_company(company)
        return await read_preferences(realm_id)

    @routes.get("/settings")
    async def read_settings() -> dict[str, Any]:
        """What QBO does not document, as chosen here."""
        return {
            name: {"value": value, "meaning": DOCUMENTATION[name]} for name, value in world.settings.as_dict().items()
        }

    @routes.post("/settings")
    async def change_settings(values: Payload) -> dict[str, Any]:
        """Change settings."""
        try:
            world.change_settings(values)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return world.settings.as_dict()

    @routes.get("/limits")
    async def read_limits() -> dict[str, Any]:
        """Limits, what each means, and what has been counted."""
        return {"values": simulator.limits.as_dict(), "meanings": LIMITS, "usage": simulator.limits.usage()}

    @routes.post("/limits")
    async def change_limits(values: Payload) -> dict[str, Any]:
        """Change limits; counting begins anew."""
        try:
            simulator.limits.change(values)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        simulator.limits.forget()
        return simulator.limits.as_dict()

    @routes.get("/faults")
    async def read_faults() -> dict[str, Any]:
        """Rules with what they have done, and all kinds."""
        return {"rules": simulator.mishaps.as_list(), "kinds": KINDS}

    @routes.post("/faults")
    async def add_fault(wanted: Payload) -> dict[str, Any]:
        """Add a rule; see the kinds of GET /_sim/faults. By default it strikes the first call that meets its conditions, once."""
        try:
            rule = simulator.mishaps.add(Rule.from_request(wanted))
        except (UnknownRule, TypeError) as error:
            raise HTTPException(422, str(error)) from error
        return {"number": rule.number}

    @routes.delete("/faults")
    async def clear_faults() -> dict[str, str]:
        """Remove all rules."""
        simulator.mishaps.clear()
        return {"status": "cleared"}

    @routes.delete("/faults/{number}")
    async def remove_fault(number: int) -> dict[str, str]:
        """Remove one rule."""
        if not simulator.mishaps.remove(number):
            raise HTTPException(404, f"no rule {number}")
        return {"status": "removed"}

    @routes.get("/webhooks")
    async def read_webhooks() -> list[dict[str, Any]]:
        """Who listens, how far each has been told, and what waits for its repetition."""
        return [asdict(one) for one in simulator.webhooks.subscriptions]

    @routes.post("/webhooks")
    async def add_webhook(wanted: Payload) -> dict[str, Any]:
        """Listen: url, verifier_token, format (cloudevents or legacy), entities, realm_ids, aggregate_seconds, is_automatic."""
        try:
            return asdict(simulator.webhooks.subscribe(wanted))
        except (UnknownSubscription, TypeError) as error:
            raise HTTPException(422, str(error)) from error

    @routes.delete("/webhooks")
    async def clear_webhooks() -> dict[str, str]:
        """Nobody listens any more."""
        simulator.webhooks.clear()
        return {"status": "cleared"}

    @routes.post("/webhooks/deliver")
    async def deliver_webhooks(duplicate: bool = False, shuffle: int | None = None) -> list[dict[str, Any]]:
        """Deliver now what is due; on demand each delivery twice, or its events out of order (``shuffle`` is a seed)."""
        return await simulator.webhooks.deliver_all(duplicate, shuffle)

    @routes.post("/act")
    async def act_as_accountant(request: Request) -> Response:
        """Do in QuickBooks what an accountant does; a deed that QBO refuses answers 409 with the Fault."""
        try:
            wanted = wire.decode(await request.body())
        except ValueError as error:
            raise HTTPException(422, f"the body is not JSON: {error}") from error
        if not isinstance(wanted, dict):
            raise HTTPException(422, "the body must be an object")
        company = company_of(world, str(wanted.get("realm_id", DEFAULT_REALM)))
        try:
            with world.transaction():
                result = act(world, world.books(company), wanted)
            simulator.webhooks.wake()
        except Fault as fault:
            return Response(wire.encode({"Fault": fault.body()}), 409, media_type="application/json")
        except (UnknownDeed, wire.UnreadableJson, ValueError, TypeError) as error:
            raise HTTPException(422, str(error)) from error
        return Response(wire.encode(result), media_type="application/json")

    return routes
