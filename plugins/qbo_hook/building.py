"""Turns what is wanted into exact requests (QBO.md, sections 2, 4, 5 and 9). Nothing here calls anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from qbo_hook import wire_json
from qbo_hook.batch import BatchItem, Payload, values_of
from qbo_hook.errors import QboConfigError
from qbo_hook.wire import JSON, Request

# Since August 2025 QBO treats every lower value as 75, so this says what happens anyway and keeps it so (QBO.md, section 2).
MINOR_VERSION = "75"
MAX_REQUEST_ID = 50
MAX_BATCH_REQUEST_ID = 36
# A longer query goes into the body of a POST, because servers cut addresses at about 8,000 bytes.
LONGEST_QUERY_IN_ADDRESS = 1500

_NAME = re.compile(r"[A-Za-z]+")
_ID = re.compile(r"[0-9A-Za-z-]+")
# Invoices have an operation of their own; the others are voided by an update with an option (QBO.md, section 0, point 24).
_VOID_BY_OPERATION = frozenset({"Invoice"})
_VOID_BY_INCLUDE = frozenset({"Payment", "SalesReceipt", "BillPayment", "RefundReceipt"})
_WITHOUT_CDC = frozenset({"JournalCode", "TimeActivity", "TaxAgency", "TaxCode", "TaxRate"})


class RequestBuilder:
    """Builds requests for one company.

    :param realm_id: Intuit's id of the company
    :param batch_size: items that one batch may hold
    :raises QboConfigError: if the realm id is not a number
    """

    def __init__(self, realm_id: str, batch_size: int = 30) -> None:
        if not realm_id.isdecimal():
            raise QboConfigError(f"realm_id must be a number, not {realm_id!r}")
        self.realm_id = realm_id
        self.batch_size = batch_size

    @property
    def root(self) -> str:
        """Path under which everything of the company lies."""
        return f"/v3/company/{self.realm_id}"

    def build_create(self, entity: str, payload: Payload, request_id: str) -> Request:
        """A request that makes one entity.

        :param entity: QBO's name, such as ``Invoice``
        :param payload: as QBO wants it, with numbers as Decimal or int; or the stored text of it
        :param request_id: at most 50 characters, never used before in this company
        :raises QboConfigError: if entity or request id cannot be sent
        :raises TypeError: if the payload holds a float
        """
        return self._write(entity, payload, request_id)

    def build_update(self, entity: str, payload: Payload, request_id: str, *, is_sparse: bool = True) -> Request:
        """A request that changes one entity.

        :param entity: QBO's name
        :param payload: with ``Id`` and ``SyncToken``; ``Line`` replaces all lines
        :param request_id: as for a create
        :param is_sparse: True keeps fields that are not in the payload, False clears them (QBO.md, section 9.0);
            a stored text says it itself
        :raises QboConfigError: as for a create, or if Id or SyncToken is missing
        """
        _need_version(payload)
        body = {**payload, "sparse": True} if is_sparse and isinstance(payload, Mapping) else payload
        return self._write(entity, body, request_id)

    def build_void(self, entity: str, id: str, sync_token: str, request_id: str) -> Request:
        """A request that sets a document to zero and keeps its number.

        :param entity: Invoice, Payment, SalesReceipt, BillPayment or RefundReceipt
        :param id: QBO's id
        :param sync_token: of the version last seen
        :param request_id: as for a create
        :raises QboConfigError: if QBO cannot void such an entity
        """
        version = {"Id": id, "SyncToken": sync_token}
        if entity in _VOID_BY_OPERATION:
            return self._write(entity, version, request_id, (("operation", "void"),))
        if entity in _VOID_BY_INCLUDE:
            options = (("operation", "update"), ("include", "void"))
            return self._write(entity, {**version, "sparse": True}, request_id, options)
        raise QboConfigError(f"QuickBooks has no void for {entity}")

    def build_delete(self, entity: str, id: str, sync_token: str, request_id: str) -> Request:
        """A request that removes a transaction for good; entries of lists cannot be deleted.

        :param entity: QBO's name
        :param id: QBO's id
        :param sync_token: of the version last seen
        :param request_id: as for a create
        :raises QboConfigError: as for a create
        """
        return self._write(entity, {"Id": id, "SyncToken": sync_token}, request_id, (("operation", "delete"),))

    def build_send(self, entity: str, id: str, send_to: str | None, request_id: str) -> Request:
        """A request by which QBO mails a document.

        :param entity: such as ``Invoice``
        :param id: QBO's id
        :param send_to: address, None for the document's own
        :param request_id: as for a create
        :raises QboConfigError: as for a create
        """
        to = (("sendTo", send_to),) if send_to else ()
        return Request(
            method="POST",
            path=f"{self._path(entity)}/{_checked_id(id)}/send",
            params=(*to, *_identity(request_id, MAX_REQUEST_ID)),
            body=b"",
            content_type="application/octet-stream",
            request_id=request_id,
            kind="write",
        )

    def build_batch(self, items: Sequence[BatchItem], request_id: str) -> Request:
        """A request that carries several operations; they succeed or fail one by one, in no promised order.

        :param items: 1 to 30, with different bIds, none depending on another
        :param request_id: at most 36 characters; request id and bId together name an item
        :raises QboConfigError: if it breaks one of these limits
        """
        if not 1 <= len(items) <= self.batch_size:
            raise QboConfigError(f"a batch holds 1 to {self.batch_size} items, not {len(items)}")
        if len({item.b_id for item in items}) < len(items):
            raise QboConfigError("two items of a batch have the same bId")
        reads = sum(item.is_read for item in items)
        return Request(
            method="POST",
            path=f"{self.root}/batch",
            params=_identity(request_id, MAX_BATCH_REQUEST_ID),
            body=wire_json.dumps({"BatchItemRequest": [item.to_json() for item in items]}),
            content_type=JSON,
            request_id=request_id,
            kind="batch",
            is_idempotent=reads == len(items),
            operations=len(items),
            reads=reads,
        )

    def build_read(self, entity: str, id: str) -> Request:
        """A request for one entity.

        :param entity: QBO's name
        :param id: QBO's id
        """
        return self._read(f"{self._path(entity)}/{_checked_id(id)}")

    def build_singleton(self, resource: str) -> Request:
        """A request for something that a company has once.

        :param resource: ``preferences`` or ``companyinfo``
        """
        own_id = f"/{self.realm_id}" if resource == "companyinfo" else ""
        return self._read(f"{self.root}/{resource}{own_id}")

    def build_query(self, statement: str) -> Request:
        """A request that asks in QBO's query language; a long one travels in the body.

        :param statement: see :mod:`qbo_hook.queries` for the escaping
        """
        if len(statement.encode()) <= LONGEST_QUERY_IN_ADDRESS:
            return self._read(f"{self.root}/query", (("query", statement),))
        return Request(
            method="POST",
            path=f"{self.root}/query",
            params=(("minorversion", MINOR_VERSION),),
            body=statement.encode(),
            content_type="application/text",
            is_idempotent=True,
            reads=1,
        )

    def build_cdc(self, entities: Sequence[str], changed_since: str) -> Request:
        """A request for everything that changed (QBO.md, section 7).

        :param entities: names that CDC covers
        :param changed_since: ISO 8601 with offset, at most 30 days ago
        :raises QboConfigError: for an entity that CDC does not cover
        """
        if uncovered := sorted(_WITHOUT_CDC.intersection(entities)):
            raise QboConfigError(f"QuickBooks' change data capture does not cover {', '.join(uncovered)}")
        names = ",".join(_checked_name(entity) for entity in entities)
        return self._read(f"{self.root}/cdc", (("entities", names), ("changedSince", changed_since)))

    def _read(self, path: str, params: tuple[tuple[str, str], ...] = ()) -> Request:
        minor = ("minorversion", MINOR_VERSION)
        return Request(method="GET", path=path, params=(*params, minor), is_idempotent=True, reads=1)

    def _write(
        self, entity: str, payload: Payload, request_id: str, options: tuple[tuple[str, str], ...] = ()
    ) -> Request:
        return Request(
            method="POST",
            path=self._path(entity),
            params=(*options, *_identity(request_id, MAX_REQUEST_ID)),
            body=wire_json.dumps(payload),
            content_type=JSON,
            request_id=request_id,
            kind="write",
        )

    def _path(self, entity: str) -> str:
        return f"{self.root}/{_checked_name(entity).lower()}"


def _identity(request_id: str, longest: int) -> tuple[tuple[str, str], ...]:
    if not 1 <= len(request_id) <= longest:
        raise QboConfigError(f"a request id has 1 to {longest} characters, not {len(request_id)}")
    return (("requestid", request_id), ("minorversion", MINOR_VERSION))


def _need_version(payload: Payload) -> None:
    values = values_of(payload)
    missing = [name for name in ("Id", "SyncToken") if values.get(name) in (None, "")]
    if missing:
        raise QboConfigError(f"an update needs {' and '.join(missing)}")


def _checked_name(entity: str) -> str:
    if not _NAME.fullmatch(entity):
        raise QboConfigError(f"{entity!r} is no name of a QuickBooks entity")
    return entity


def _checked_id(id: str) -> str:
    if not _ID.fullmatch(id):
        raise QboConfigError(f"{id!r} is no QuickBooks id")
    return id
