"""How our pages leave the server: rendered, never cached, with headers that let nothing foreign in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from qbo_console.rendering import render


def page(
    request: Request,
    template: str,
    *,
    status_code: int = 200,
    is_framed: bool = True,
    form_targets: tuple[str, ...] = (),
    **values: Any,
) -> HTMLResponse:
    """A rendered page.

    :param is_framed: whether Airflow may show it in its own frame; pages that act are shown on their own only
    :param form_targets: addresses outside that a form on this page may lead to, by redirection
    """
    content = render(template, base=base_path(request), **values)
    return html(content, status_code=status_code, is_framed=is_framed, form_targets=form_targets)


def html(
    content: str, *, status_code: int = 200, is_framed: bool = True, form_targets: tuple[str, ...] = ()
) -> HTMLResponse:
    """A page that is rendered already."""
    return HTMLResponse(content, status_code, headers=_headers(is_framed, form_targets))


def csv_file(name: str, parts: Iterable[str]) -> Response:
    """A CSV as a download, sent part by part; the mark at its beginning makes spreadsheets read it as UTF-8.

    :param parts: read while the answer is sent, so they open and close for themselves what they are read from
    """
    content = (part.encode() for part in itertools.chain(["\ufeff"], parts))
    return StreamingResponse(content, media_type="text/csv; charset=utf-8", headers=_file_headers(name))


def html_file(name: str, text: str) -> Response:
    """A page as a download."""
    return _file(name, text.encode(), "text/html; charset=utf-8")


def base_path(request: Request) -> str:
    """The path under which this app is mounted, behind a prefix of the whole Airflow too."""
    return str(request.scope.get("root_path", ""))


def _headers(is_framed: bool, form_targets: tuple[str, ...]) -> dict[str, str]:
    targets = " ".join(["'self'", *sorted({_origin(target) for target in form_targets})])
    policy = {
        "default-src": "'none'",
        # The styles are inside the page, which opens offline as well.
        "style-src": "'unsafe-inline'",
        "img-src": "'self' data:",
        "script-src": "'self'",
        "form-action": targets,
        "frame-ancestors": "'self'" if is_framed else "'none'",
        "base-uri": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Frame-Options": "SAMEORIGIN" if is_framed else "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _file(name: str, content: bytes, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers=_file_headers(name))


def _file_headers(name: str) -> dict[str, str]:
    plain_name = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    return {
        "Content-Disposition": f'attachment; filename="{plain_name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
