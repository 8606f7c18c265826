"""TaxService: the one way to make tax codes and tax rates."""

from decimal import Decimal
from typing import Any

from qbo_simulator.books import Books
from qbo_simulator.entities.fields import Shape, choice, listed, object_id, quantity, text
from qbo_simulator.entities.registry import ENTITIES
from qbo_simulator.entities.shapes import BASE
from qbo_simulator.errors import Fault, bad_reference, missing
from qbo_simulator.wire import Json

DETAIL = Shape(
    "TaxRateDetails",
    {
        "TaxRateName": text(100),
        "TaxRateId": text(30),
        "RateValue": quantity,
        "TaxAgencyId": text(30),
        "TaxApplicableOn": choice("Sales", "Purchase"),
    },
)
SERVICE = Shape("TaxService", {"TaxCode": text(100), "TaxCodeId": text(30), "TaxRateDetails": listed(DETAIL), **BASE})
LISTS = {"Sales": "SalesTaxRateList", "Purchase": "PurchaseTaxRateList"}
DUPLICATE_RATE = (
    "The name supplied already exists. : Another tax rate is already using this \nname. Please use a different name."
)


def create_tax_code(books: Books, raw: Any) -> Json:
    """Make a tax code with new or known rates; answers the request with the ids."""
    if not isinstance(raw, dict):
        raise Fault("2010", "Property Name:Can not deserialize instance of com.intuit.schema.finance.v3.TaxService")
    wanted = SERVICE.read(raw)
    for name in ("TaxCode", "TaxRateDetails"):
        if not wanted.get(name):
            raise missing(name)
    if _named(books, "TaxCode", wanted["TaxCode"]):
        raise Fault("6240", "The name supplied already exists. : Another tax code is already using this name.")
    lists: dict[str, list[Json]] = {name: [] for name in LISTS.values()}
    for detail in wanted["TaxRateDetails"]:
        rate_id, name = _rate(books, detail)
        detail["TaxRateId"] = rate_id
        entries = lists[LISTS[detail.get("TaxApplicableOn", "Sales")]]
        entries.append(
            {
                "TaxRateRef": {"value": rate_id, "name": name},
                "TaxTypeApplicable": "TaxOnAmount",
                "TaxOrder": len(entries),
            }
        )
    code = {
        "Name": wanted["TaxCode"],
        "Description": wanted["TaxCode"],
        "Active": True,
        "Hidden": False,
        "Taxable": True,
        "TaxGroup": True,
        **{name: {"TaxRateDetail": entries} for name, entries in lists.items()},
    }
    wanted["TaxCodeId"] = str(books.insert(ENTITIES["TaxCode"], code).id)
    return {name: wanted[name] for name in ("TaxCode", "TaxCodeId", "TaxRateDetails")}


def _rate(books: Books, detail: Json) -> tuple[str, str]:
    """Id and name of the rate that a detail names or makes."""
    if "TaxRateId" in detail:
        number = object_id(detail["TaxRateId"])
        record = None if number is None else books.find(ENTITIES["TaxRate"], number)
        if record is None:
            raise bad_reference("TaxRates", detail["TaxRateId"])
        return str(record.id), record.name
    for name in ("TaxRateName", "RateValue", "TaxAgencyId"):
        if name not in detail:
            raise missing(name)
    if "TaxApplicableOn" not in detail:
        raise Fault("2270", "TaxApplicableOn is required for a new tax rate.", element="TaxApplicableOn")
    agency = object_id(detail["TaxAgencyId"])
    if agency is None or books.find(ENTITIES["TaxAgency"], agency) is None:
        raise bad_reference("TaxAgencies", detail["TaxAgencyId"])
    if _named(books, "TaxRate", detail["TaxRateName"]):
        raise Fault("6240", DUPLICATE_RATE)
    if not 0 <= detail["RateValue"] <= Decimal(100):
        raise Fault(
            "2150", f"Percent must be between 0 and 100. Supplied value:{detail['RateValue']}", element="RateValue"
        )
    rate = {
        "Name": detail["TaxRateName"],
        "Description": detail["TaxRateName"],
        "Active": True,
        "RateValue": detail["RateValue"],
        "AgencyRef": {"value": detail["TaxAgencyId"]},
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
        "EffectiveTaxRate": [{"RateValue": detail["RateValue"], "EffectiveDate": f"{books.today}T00:00:00-08:00"}],
    }
    record = books.insert(ENTITIES["TaxRate"], rate)
    return str(record.id), record.name


def _named(books: Books, entity: str, name: str) -> bool:
    row = books.database.execute(
        "select 1 from objects where company = ? and entity = ? and deleted = 0 and name = ?",
        (books.company.key, entity, name),
    ).fetchone()
    return row is not None
