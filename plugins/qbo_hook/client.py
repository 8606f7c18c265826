"""The client of one QuickBooks company: everything that this project asks of QBO's API (QBO.md).

Building a request and sending it are two steps: the bytes of a write are stored in between (DESIGN.md, section 5, rule 3).
The convenience methods at the end do both at once, for reads and for writes that need no outbox.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from qbo_hook.auth import Refresher, utc_now
from qbo_hook.batch import BatchItem, ItemAnswer, Payload, parse_batch
from qbo_hook.building import RequestBuilder
from qbo_hook.environments import badge
from qbo_hook.errors import QboBadAnswer, QboConfigError
from qbo_hook.governor import Governor, Limits, Permit
from qbo_hook.paging import all_rows
from qbo_hook.queries import MAX_ROWS, select, select_count
from qbo_hook.retries import Randomness, Waits
from qbo_hook.sending import Sender
from qbo_hook.tokens import TokenStore
from qbo_hook.transport import Transport
from qbo_hook.verdicts import as_entity
from qbo_hook.wire import Answer, Request

# QBO returns at most this many objects for one CDC call, over all entities, and has no next page (QBO.md, section 7).
CDC_CEILING = 1000


@dataclass(frozen=True)
class Changes:
    """What changed in a company.

    :param entities: for each entity asked for, its changed ones; a deleted one has ``status`` = ``Deleted``
    :param server_time: QBO's own time of the answer, ISO 8601; the next call starts a little before it
    :param is_complete: False if QBO may have held more than it returned
    """

    entities: Mapping[str, list[dict[str, Any]]]
    server_time: str
    is_complete: bool


class QboClient(RequestBuilder):
    """Talks to one QuickBooks company.

    :param transport: carries the calls
    :param auth: buys new tokens
    :param tokens: keeps the company's tokens
    :param realm_id: Intuit's id of the company
    :param base_url: of the API, see :func:`qbo_hook.environments.base_url_for`
    :param governor: says when a call may go out; shared by all who call this company
    :param clock: gives the time in UTC
    :param sleep: waits for a number of seconds
    :param limits: of the company; the client itself uses the batch size
    :param waits: how patient to be
    :param app_name: sent as User-Agent
    :param rng: source of the jitter between repeats
    :raises QboConfigError: if the realm id is not a number
    """

    def __init__(
        self,
        *,
        transport: Transport,
        auth: Refresher,
        tokens: TokenStore,
        realm_id: str,
        base_url: str,
        governor: Governor,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
        limits: Limits | None = None,
        waits: Waits | None = None,
        app_name: str = "Ledgerline",
        rng: Randomness | None = None,
    ) -> None:
        super().__init__(realm_id, (limits or Limits()).batch_size)
        self.base_url = base_url.rstrip("/")
        self.governor = governor
        self._sender = Sender(
            transport=transport,
            auth=auth,
            tokens=tokens,
            realm_id=realm_id,
            base_url=base_url,
            governor=governor,
            clock=clock,
            sleep=sleep,
            waits=waits or Waits(),
            app_name=app_name,
            rng=rng,
        )

    @property
    def environment_badge(self) -> str:
        """``production``, ``sandbox`` or ``simulator``."""
        return badge(self.base_url)

    def send(
        self,
        request: Request,
        permit: Permit | None = None,
        *,
        is_first_sending: bool = True,
        not_after: datetime | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> Answer:
        """Send a request once, repeating only what was surely not executed, and reads.

        Repeated at once: not connected, 401 (once, after one refresh), 429 (the whole company pauses), a name lock; for reads
        also time-outs, 5xx and torn answers (DESIGN.md, section 5, rule 5).

        :param request: from one of the ``build_…`` methods, or stored earlier
        :param permit: taken from the governor before; given back here in any case. None: one is taken here
        :param is_first_sending: False if the same write went out before with unknown outcome; then no fault means *refused*
        :param not_after: UTC; nothing is sent later, and no repeat waits beyond it
        :param meanwhile: done when the request has left and before its answer is waited for; with each repeat too, and not at
            all if nothing leaves. It must not raise an Exception, and its time does not count against the limit of the call
        :return: a readable success without a Fault
        :raises QboUnknownOutcome: if a write may have been executed; ask QBO before anything is repeated
        :raises QboTooLate: if ``not_after`` has passed; nothing was sent
        :raises QboError: any other of :mod:`qbo_hook.errors`; its ``failure_mode`` tells what may happen next
        """
        return self._sender.send(
            request, permit, is_first_sending=is_first_sending, not_after=not_after, meanwhile=meanwhile
        )

    def parse_entity(self, answer: Answer, entity: str) -> dict[str, Any]:
        """The entity in an answer to a read or a write.

        :param answer: from :meth:`send`
        :param entity: QBO's name
        :return: as QBO holds it; a deleted one is only its Id and ``status``
        :raises QboBadAnswer: if the answer does not hold it; for a write the outcome is unknown then
        """
        found = as_entity(_envelope(answer), entity)
        if found is None:
            raise self._unfit(answer, f"no {entity}")
        return found

    def parse_batch(
        self, answer: Answer, items: Sequence[BatchItem], *, is_first_sending: bool = True
    ) -> dict[str, ItemAnswer]:
        """What became of each item of a batch; see :func:`qbo_hook.batch.parse_batch`."""
        return parse_batch(answer, items, is_first_sending=is_first_sending)

    def create(self, entity: str, payload: Payload, request_id: str) -> dict[str, Any]:
        """Make one entity; parameters of :meth:`build_create`, errors of :meth:`send`.

        :return: the entity as QBO holds it
        """
        return self.parse_entity(self.send(self.build_create(entity, payload, request_id)), entity)

    def update(self, entity: str, payload: Payload, request_id: str, *, is_sparse: bool = True) -> dict[str, Any]:
        """Change one entity; parameters of :meth:`build_update`, errors of :meth:`send`.

        :return: the entity as QBO holds it
        :raises QboStaleObject: if somebody has changed it since its SyncToken was read
        """
        return self.parse_entity(self.send(self.build_update(entity, payload, request_id, is_sparse=is_sparse)), entity)

    def void(self, entity: str, id: str, sync_token: str, request_id: str) -> dict[str, Any]:
        """Set a document to zero; parameters of :meth:`build_void`, errors of :meth:`send`.

        :return: the document as QBO holds it
        """
        return self.parse_entity(self.send(self.build_void(entity, id, sync_token, request_id)), entity)

    def delete(self, entity: str, id: str, sync_token: str, request_id: str) -> dict[str, Any]:
        """Remove a transaction for good; parameters of :meth:`build_delete`, errors of :meth:`send`.

        :return: its Id and ``status`` = ``Deleted``
        """
        return self.parse_entity(self.send(self.build_delete(entity, id, sync_token, request_id)), entity)

    def send_email(self, entity: str, id: str, send_to: str | None, request_id: str) -> dict[str, Any]:
        """Have QBO mail a document; parameters of :meth:`build_send`, errors of :meth:`send`.

        :return: the document with ``EmailStatus`` and ``DeliveryInfo``
        """
        return self.parse_entity(self.send(self.build_send(entity, id, send_to, request_id)), entity)

    def batch(self, items: Sequence[BatchItem], request_id: str) -> dict[str, ItemAnswer]:
        """Send several operations in one call; parameters of :meth:`build_batch`.

        :return: for each bId the entity, or the error of this item
        :raises QboBatchRefused: if the batch as a whole was refused; nothing was executed
        :raises QboError: any other error of :meth:`send`
        """
        return self.parse_batch(self.send(self.build_batch(items, request_id)), items)

    def read(self, entity: str, id: str) -> dict[str, Any]:
        """One entity as QBO holds it now.

        :param entity: QBO's name
        :param id: QBO's id
        :raises QboNotFound: if it does not exist or was deleted
        :raises QboError: any other error of :meth:`send`
        """
        return self.parse_entity(self.send(self.build_read(entity, id)), entity)

    def query(self, statement: str) -> dict[str, Any]:
        """Ask in QBO's query language; one page at most.

        :param statement: with values written by :func:`qbo_hook.queries.literal`
        :return: the QueryResponse; empty if nothing was found
        :raises QboBadAnswer: if the answer is none to a query
        :raises QboError: any other error of :meth:`send`
        """
        answer = self.send(self.build_query(statement))
        response = _envelope(answer).get("QueryResponse")
        if not isinstance(response, dict):
            raise self._unfit(answer, "no QueryResponse")
        return response

    def query_page(
        self,
        entity: str,
        where: str | None = None,
        order: str | Sequence[str] = (),
        *,
        start: int = 1,
        size: int = MAX_ROWS,
    ) -> list[dict[str, Any]]:
        """One page of entities; parameters of :func:`qbo_hook.queries.select`, errors of :meth:`query`."""
        rows = self.query(select(entity, where, order, start=start, size=size)).get(entity, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise QboBadAnswer(f"QuickBooks' answer holds no list of {entity}", realm_id=self.realm_id)
        return rows

    def query_all(
        self,
        entity: str,
        where: str | None = None,
        order: str | Sequence[str] = (),
        *,
        size: int = MAX_ROWS,
    ) -> Iterator[dict[str, Any]]:
        """All entities that fit, page by page; a page is held in memory, not the whole.

        :param entity: QBO's name
        :param where: conditions joined by AND; list entities hide inactive ones unless asked (``Active IN (true, false)``)
        :param order: fields; Id breaks ties
        :param size: rows per page, 2 to 1,000
        :raises QboConfigError: if size is out of bounds
        :raises QboBadAnswer: if the list changes faster than it can be read
        :raises QboError: any other error of :meth:`query`
        """
        if size < 2:
            raise QboConfigError("a page needs room for two rows")
        return all_rows(lambda start, rows: self.query_page(entity, where, order, start=start, size=rows), size)

    def count(self, entity: str, where: str | None = None) -> int:
        """How many entities there are.

        :param entity: QBO's name
        :param where: conditions joined by AND
        :raises QboBadAnswer: if the answer holds no number
        :raises QboError: any other error of :meth:`query`
        """
        total = self.query(select_count(entity, where)).get("totalCount")
        if not isinstance(total, int):
            raise QboBadAnswer(f"QuickBooks did not say how many {entity} there are", realm_id=self.realm_id)
        return total

    def cdc(self, entities: Sequence[str], changed_since: datetime) -> Changes:
        """Everything that changed since a moment, at most 30 days ago, deletions included (QBO.md, section 7).

        :param entities: names; TimeActivity, TaxCode, TaxRate, TaxAgency and JournalCode are not covered
        :param changed_since: with offset
        :raises QboConfigError: for an entity that is not covered, or a time without offset
        :raises QboBadAnswer: if the answer is none to CDC
        :raises QboError: any other error of :meth:`send`
        """
        if changed_since.tzinfo is None:
            raise QboConfigError("changed_since needs its offset")
        answer = self.send(self.build_cdc(entities, changed_since.isoformat(timespec="seconds")))
        envelope = _envelope(answer)
        try:
            lists = [listed for response in envelope["CDCResponse"] for listed in response["QueryResponse"]]
            found = {entity: [row for listed in lists for row in listed.get(entity, [])] for entity in entities}
        except (KeyError, TypeError, AttributeError) as error:
            raise self._unfit(answer, "no CDCResponse") from error
        is_complete = sum(len(rows) for rows in found.values()) < CDC_CEILING
        return Changes(found, str(envelope.get("time", "")), is_complete)

    def company_info(self) -> dict[str, Any]:
        """CompanyInfo: name, country, features; errors of :meth:`send`."""
        return self.parse_entity(self.send(self.build_singleton("companyinfo")), "CompanyInfo")

    def preferences(self) -> dict[str, Any]:
        """Preferences: numbering, closing date, tax, currencies; errors of :meth:`send`."""
        return self.parse_entity(self.send(self.build_singleton("preferences")), "Preferences")

    def _unfit(self, answer: Answer, what: str) -> QboBadAnswer:
        return QboBadAnswer(
            f"QuickBooks' answer holds {what}",
            http_status=answer.status,
            intuit_tid=answer.intuit_tid,
            realm_id=self.realm_id,
            answer=answer,
        )


def _envelope(answer: Answer) -> dict[str, Any]:
    try:
        envelope = answer.json()
    except ValueError:
        return {}
    return envelope if isinstance(envelope, dict) else {}
