"""Pages for people: the list of the control plane's routes, and documents under the addresses that QuickBooks' own app uses.

No page loads anything from elsewhere, so that they open on a machine without a network.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Response

from qbo_simulator import wire
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.world import World

if TYPE_CHECKING:
    from fastapi import FastAPI

DOCUMENT_PAGES = {
    "invoice": "Invoice",
    "creditmemo": "CreditMemo",
    "recvpayment": "Payment",
    "bill": "Bill",
}
"""The pages of QuickBooks' app that links to documents lead to, each with its entity."""

_HTML = "text/html; charset=utf-8"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#21262a}}
table{{border-collapse:collapse;width:100%}}
td,th{{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #d5dade}}
td.number{{text-align:right}}code,pre{{background:#f2f4f5;border-radius:4px;padding:.1rem .3rem}}pre{{padding:1rem;overflow:auto}}
small{{color:#5b656c}}</style></head><body>{body}</body></html>"""


def router(world: World, web: FastAPI) -> APIRouter:
    """Routes of the pages."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/_sim/docs")
    async def docs() -> Response:
        """Every route of the control plane with what it does."""
        return _page("Control plane", _routes(web.openapi()))

    @routes.get("/app/{page}")
    async def document(page: str, txnId: str) -> Response:  # noqa: N803 - the parameter's name in QuickBooks' addresses
        """A document as QuickBooks holds it, in whichever of the companies has one of this id."""
        if page not in DOCUMENT_PAGES:
            raise HTTPException(404, f"there is no page {page}; there are: {', '.join(DOCUMENT_PAGES)}")
        entity = ENTITIES[DOCUMENT_PAGES[page]]
        found = []
        for company in world.companies.values():
            books = world.books(company)
            row = books.row(entity, int(txnId)) if txnId.isdecimal() else None
            if row is not None and not row[5]:
                found.append((company.name, wire.parse(books.text(entity, row[0]))))
        if not found:
            raise HTTPException(404, f"no company holds {entity.name} {txnId}; it may have been deleted")
        return _page(f"{entity.name} {txnId}", "".join(_document(name, held) for name, held in found))

    return routes


def _page(title: str, body: str) -> Response:
    return Response(_PAGE.format(title=escape(title), body=f"<h1>{escape(title)}</h1>{body}"), media_type=_HTML)


def _routes(description: dict[str, Any]) -> str:
    rows = (
        f"<tr><td><code>{method.upper()}</code></td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(str(route.get('description') or route.get('summary') or ''))}</td></tr>"
        for path, methods in description["paths"].items()
        for method, route in methods.items()
    )
    return f"<table>{''.join(rows)}</table><p>The same for programs: <a href='/_sim/openapi.json'>/_sim/openapi.json</a></p>"


def _document(company: str, held: dict[str, Any]) -> str:
    party = held.get("CustomerRef") or held.get("VendorRef") or {}
    facts = {
        "Number": held.get("DocNumber"),
        "Customer or vendor": party.get("name"),
        "Date": held.get("TxnDate"),
        "Due": held.get("DueDate"),
        "Total": held.get("TotalAmt"),
        "Balance": held.get("Balance"),
        "Memo": held.get("PrivateNote"),
    }
    shown = "".join(
        f"<tr><th>{name}</th><td>{escape(str(value))}</td></tr>" for name, value in facts.items() if value is not None
    )
    lines = "".join(
        f"<tr><td>{escape(str(line.get('Description') or line.get('DetailType', '')))}</td>"
        f'<td class="number">{escape(str(line.get("Amount", "")))}</td></tr>'
        for line in held.get("Line", ())
    )
    whole = escape(wire.encode(held))
    heading = f"<h2>{escape(company)}</h2>"
    return f"{heading}<table>{shown}</table><h3>Lines</h3><table>{lines}</table><pre><small>{whole}</small></pre>"
