"""QBO's Faults: the tree of exceptions, the catalogue of codes, and how each is printed.

``Fault``            a business or system fault in QBO's usual envelope, HTTP 400 unless it says otherwise
``GatewayFault``     401, 403 and 429 of Intuit's gateway, in its lower-case envelope
``NotSimulated``     501: the simulator does not know this part of QBO and says so instead of guessing

Texts are those recorded from QBO where a recording exists.
"""

from qbo_simulator.wire import Json

VALIDATION = "ValidationFault"
SYSTEM = "SystemFault"

MESSAGES = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Transaction ID cannot be linked",
    "1040": "Batch size exceeds limit",
    "1050": "Unsupported content type",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String",
    "2050": "String length is either shorter or longer than supported by specification",
    "2060": "Invalid Date",
    "2070": "Invalid Number",
    "2130": "Invalid Request Id Format",
    "2140": "Invalid Amount",
    "2150": "Invalid Percent",
    "2160": "Invalid Quantity",
    "2170": "Invalid Enumeration",
    "2200": "Invalid URL",
    "2210": "Invalid Email Address",
    "2220": "Invalid Currency",
    "2230": "Invalid Boolean",
    "2250": "Line information is missing in the request",
    "2260": "PostingType is missing in the request",
    "2270": "TaxApplicableOn is missing in the request",
    "2290": "Invalid Line Amount",
    "2300": "Total debits must equal total credits",
    "2500": "Invalid Reference Id",
    "3000": "Invalid Custom Field",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "5020": "Permission Denied Error",
    "5030": "Feature Not Supported Error",
    "6000": "A business validation error has occurred while processing your request",
    "6010": "Invalid Account Type",
    "6060": "Opening balance date is missing",
    "6070": "Amount calculation incorrect in the request",
    "6080": "Invalid Name",
    "6090": "Invalid Discount Line in the request",
    "6100": "Invalid Line TaxCode in the request",
    "6130": "Invalid BillWithParent",
    "6140": "Duplicate Document Number Error",
    "6150": "Invalid ParentRef in the request",
    "6160": "Invalid Custom Sales Tax",
    "6170": "TxnTaxDetail should not be provided when GlobalTaxCalculation is NotApplicable",
    "6180": "Hierarchy exceeds the number of levels allowed",
    "6190": "Invalid Company Status",
    "6200": "Account Period Closed, Cannot Update Through Services API",
    "6210": "Account Period Closed, Cannot Update Through Services API",
    "6220": "Cannot make inactive",
    "6240": "Duplicate Name Exists Error",
    "6250": "Customer is inactive",
    "6270": "Transaction date is prior to start date for inventory item",
    "6280": "Cannot make inactive: unbilled charges",
    "6290": "NameOf is missing in the request",
    "6300": "EmployeeRef or VendorRef is missing in the request",
    "6310": "CustomerRef is required when BillableStatus is Billable",
    "6330": "HourlyRate is required when BillableStatus is Billable",
    "6350": "Either the hours or the start and end time are required",
    "6360": "The break is longer than the time worked",
    "6370": "StartTime must be before EndTime",
    "6380": "The duration exceeds the maximum",
    "6390": "Hours and start and end time exclude each other",
    "6420": "Invalid Email Status",
    "6430": "Invalid Account Type used",
    "6440": "Invalid Line Information",
    "6480": "Cannot delete a linked transaction",
    "6520": "Invalid quantity of an item",
    "6540": "Deposited Transaction cannot be changed",
    "10000": "An application error has occurred while processing your request",
    "10100": "The result is too big",
}

NOT_FOUND_DETAIL = (
    "Object Not Found : Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
CLOSED_BOOKS_DETAIL = (
    "The account period has closed and the account books cannot be updated through through the QBO Services API. "
    "Please use the QBO website to make these changes."
)
LAPSED_DETAIL = (
    "Subscription period has ended or canceled or there was a billing problem : You can't add data to QuickBooks Online "
    "Plus because your trial or subscription period ended."
)


class Fault(Exception):
    """One refused request (or batch item), printed as ``{"Fault": {"Error": [...], "type": ...}}``."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        element: str | None = None,
        type: str = VALIDATION,
        status: int = 400,
        message: str | None = None,
        is_timed: bool = True,
    ) -> None:
        super().__init__(f"{code} {detail}")
        self.code = code
        self.detail = detail
        self.element = element
        self.type = type
        self.status = status
        self.message = message or MESSAGES[code]
        self.is_timed = is_timed

    def body(self, in_batch: bool = False) -> Json:
        """The ``Fault`` object; inside a batch ``element`` is always there, empty when unknown."""
        error: Json = {"Message": self.message, "Detail": self.detail, "code": self.code}
        if self.element is not None or in_batch:
            error["element"] = self.element or ""
        return {"Error": [error], "type": self.type}


class GatewayFault(Exception):
    """A refusal by the gateway before the company is reached: 401, 403, 429."""

    def __init__(self, status: int, message: str, detail: str | None, code: str, type: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.detail = detail
        self.code = code
        self.type = type

    def body(self, milliseconds: int) -> Json:
        """The wide envelope of null fields around a lower-case fault."""
        error = {"message": self.message, "detail": self.detail, "code": self.code, "element": None}
        return {
            "warnings": None,
            "intuitObject": None,
            "fault": {"error": [error], "type": self.type},
            "report": None,
            "queryResponse": None,
            "batchItemResponse": [],
            "attachableResponse": [],
            "syncErrorResponse": None,
            "requestId": None,
            "time": milliseconds,
            "status": None,
            "cdcresponse": [],
        }


class NotSimulated(Exception):
    """QBO can do this and the simulator cannot: answered 501 with the name of the gap."""


def unauthorized(why: str) -> GatewayFault:
    """401 of an expired, revoked or unknown access token."""
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    return GatewayFault(401, message, why, "3200", "AUTHENTICATION")


def forbidden() -> GatewayFault:
    """403 of a token that belongs to another company, or of a disconnected app."""
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return GatewayFault(403, message, None, "3100", "SERVICE")


def unsupported(operation: str) -> Fault:
    """500 Unsupported Operation (its HTTP status is 400)."""
    return Fault("500", f"Operation {operation} is not supported.")


def missing(parameter: str) -> Fault:
    """2020: a required value is not there."""
    return Fault("2020", f"Required parameter {parameter} is missing in the request", element=parameter)


def business(detail: str, element: str | None = None) -> Fault:
    """6000: a rule of the books was broken."""
    return Fault("6000", f"Business Validation Error: {detail}", element=element)


def not_found(detail: str = NOT_FOUND_DETAIL) -> Fault:
    """610: missing, deleted or inactive."""
    return Fault("610", detail)


def bad_reference(kind: str, id: object) -> Fault:
    """2500: the id after ``kind`` (Names, Items, Accounts, ...) does not exist."""
    return Fault("2500", f"Invalid Reference Id : {kind} element id {id} not found")


def stale(user: str) -> Fault:
    """5010: the SyncToken is not the current one."""
    return Fault(
        "5010",
        f"Stale Object Error : You and {user} were working on this at the same time. "
        f"{user} finished before you did, so your work was not saved.",
    )
