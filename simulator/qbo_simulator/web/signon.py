"""The page on which a person chooses a company and grants or refuses access."""

from html import escape

from qbo_simulator.company import Company
from qbo_simulator.web.http import Answer

HTML = "text/html; charset=utf-8"
_CARRIED = ("client_id", "redirect_uri", "response_type", "scope", "state")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#21262a}}
fieldset{{border:1px solid #c7ced4;border-radius:6px}}label{{display:block;padding:.3rem 0}}
button{{font:inherit;padding:.5rem 1.2rem;margin:1rem .5rem 0 0;border-radius:6px;border:1px solid #108000;cursor:pointer}}
button[value=connect]{{background:#108000;color:#fff}}button[value=cancel]{{background:#fff;color:#108000}}
small{{color:#5b656c}}</style></head><body>{body}</body></html>"""


def page(app_name: str, values: dict[str, str], companies: list[Company]) -> Answer:
    """The form; everything the app sent is carried along."""
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(values[name], quote=True)}">'
        for name in _CARRIED
        if name in values
    )
    choices = "".join(
        f'<label><input type="radio" name="realm_id" value="{company.realm_id}"{" checked" if place == 0 else ""}> '
        f"{escape(company.name)} <small>{company.country}, {company.environment}, {company.realm_id}</small></label>"
        for place, company in enumerate(companies)
    )
    body = (
        f"<h1>Connect {escape(app_name)}</h1><p>{escape(app_name)} asks for access to a company of this simulator: "
        f"<small>{escape(values.get('scope', ''))}</small></p>"
        f'<form method="post" action="/connect/oauth2">{hidden}<fieldset><legend>Company</legend>'
        f"{choices or '<p>There is no company.</p>'}</fieldset>"
        '<button name="decision" value="connect">Connect</button><button name="decision" value="cancel">No thanks</button></form>'
    )
    return Answer(200, _PAGE.format(title="Sign on", body=body).encode(), HTML)


def error_page(problem: str) -> Answer:
    """What the app did wrong; nobody is sent back to an address that cannot be trusted."""
    body = f"<h1>Sorry, but this app didn't connect</h1><p>{escape(problem)}</p>"
    return Answer(400, _PAGE.format(title="Undetermined", body=body).encode(), HTML)
