"""Exact money: Decimal amounts, rounded half up in one place."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")

# ISO 4217: the currencies whose minor unit is not the hundredth. A currency that is in neither table is unknown.
_OTHER_EXPONENTS = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"], 0),
    **dict.fromkeys(["XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_CENT_CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
    CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
    JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
    NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - a table of codes reads better than a list of strings
)


def is_known_currency(code: str) -> bool:
    """Whether the three-letter ISO 4217 code is one that money can be stated in."""
    return code in _CENT_CURRENCIES or code in _OTHER_EXPONENTS


def exponent(currency: str) -> int:
    """Digits after the point of the currency's minor unit (ISO 4217). Raises ValueError for an unknown code."""
    if currency in _OTHER_EXPONENTS:
        return _OTHER_EXPONENTS[currency]
    if currency in _CENT_CURRENCIES:
        return 2
    raise ValueError(f"{currency!r} is not an ISO 4217 currency code")


def round_half_up(amount: Decimal, digits: int = 2) -> Decimal:
    """The amount at ``digits`` places, halves away from zero: how QBO and accountants round."""
    return amount.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def product_is_certain(quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    """Whether quantity x price gives ``amount`` however a half cent is rounded, so that both may be sent to QBO."""
    product = quantity * price
    return product.quantize(CENT, rounding=ROUND_HALF_UP) == product.quantize(CENT, rounding=ROUND_HALF_EVEN) == amount


def is_exact(amount: Decimal, digits: int = 2) -> bool:
    """Whether the amount needs no more than ``digits`` places."""
    return amount == round_half_up(amount, digits)


def for_people(amount: Decimal, currency: str | None = None) -> str:
    """An amount to be read: thousands apart, never fewer places than its currency has, and never rounded."""
    places = exponent(currency) if currency and is_known_currency(currency) else 2
    normal = amount.normalize()
    exact = max(0, -int(normal.as_tuple().exponent))
    return f"{normal:,.{max(places, exact)}f}"


def parse_amount(text: str) -> Decimal:
    """A finite Decimal from its text. Raises ValueError for anything else (NaN and infinities too)."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]!r} is not a number") from None
    if not amount.is_finite():
        raise ValueError(f"{text[:40]!r} is not a finite number")
    return amount
