"""Entry points of the demo company, called by ./ctl.

`prepare` runs in a database that has only `base`, because the chart of accounts and
the languages of the other addons are chosen when they are installed. `populate` runs
when all are there; it commits after every step and may be run again at any time: what
is done is not done twice, and what an addon installed later makes possible is added.

`logins` needs no Odoo, so the others import it only when they are called.
"""

from tools.demo.people import logins

__all__ = ["logins", "populate", "prepare"]


def prepare(env):
    """Name the main company, set its country, currency, language and time zone."""
    from tools.demo import company

    company.activate_languages(env)
    company.name_company(env)
    env.cr.commit()


def populate(env, progress=print):
    """Make users, master data, orders and approvals.

    :param env: environment of the superuser
    :param progress: called with a line of text after every step
    :return: what failed, one text each; empty when all is well
    :rtype: list[str]
    """
    from tools.demo import (
        approvals,
        audit,
        changes,
        company,
        orders,
        partners,
        production,
        products,
        purchase_approvals,
        stock_approvals,
        users,
    )
    from tools.demo.store import Demo

    demo = Demo(env, progress)
    # Name of the step, what to call it, what does it.
    for name, label, make in (
        ("users", "Users", users.make),
        ("website", "Website", company.dress_website),
        ("teams", "Sales teams", users.make_teams),
        ("products", "Products and price lists", products.make),
        ("partners", "Customers and suppliers", partners.make),
        ("credit", "Credit grades and limits", partners.grade),
        ("history", "A year of orders", orders.make_history),
        ("purchases", "Purchases", orders.make_purchases),
        ("production", "Production", production.make),
        ("pipeline", "Quotations", orders.make_pipeline),
        ("managers", "Who approves for whom", users.make_approvers),
        ("approvals", "Approvals", approvals.make),
        ("changes", "Change requests", changes.make),
        ("stock_approvals", "Stock under approval", stock_approvals.make),
        ("purchase_approvals", "Purchases under approval", purchase_approvals.make),
        ("audit", "Roles and requests for access", audit.make),
        ("alerts", "Seals and alerts", audit.settle),
    ):
        demo.step(name, label, make)
        if name == "users":
            users.grant(demo)
    return demo.warnings
