"""Plain Python: figures as people read them, for the reasons of the checks."""

from odoo.tools import format_amount, formatLang


def percent(env, value):
    """Return a percentage with as many decimals as it needs, at most two."""
    value = round(value, 2)
    digits = next(d for d in (0, 1, 2) if d == 2 or round(value, d) == value)
    return f"{formatLang(env, value, digits=digits)} %"


def money(env, amount, currency):
    """Return an amount in a currency."""
    return format_amount(env, amount, currency)


def unit_price(env, price, currency):
    """Return a price with the decimals that it has: those of small parts are many."""
    most = 4 if abs(price) >= 1 else 6
    price, least = round(price, most), currency.decimal_places
    digits = next(
        (d for d in range(least, most) if round(price, d) == price), max(most, least)
    )
    if digits == least:
        return money(env, price, currency)
    parts = [currency.symbol, formatLang(env, price, digits=digits)]
    if currency.position == "after":
        parts.reverse()
    return "\N{NO-BREAK SPACE}".join(parts)


def first_and_more(env, reasons):
    """Return the first reason, and how many lines have more to say."""
    if len(reasons) == 1:
        return reasons[0]
    if len(reasons) == 2:
        return env._("%(reason)s Another line needs attention too.", reason=reasons[0])
    return env._(
        "%(reason)s %(count)s more lines need attention as well.",
        reason=reasons[0],
        count=len(reasons) - 1,
    )
