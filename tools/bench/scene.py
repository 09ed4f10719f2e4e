"""People, customers, products and policies that the measured work needs."""

from dataclasses import dataclass

from tools.bench.work import LINES, SuiteWork, TierWork, Work

CUSTOMERS = 20
PRODUCTS = 20
# nobody orders for so much: the policy is asked, and does not match
OUT_OF_REACH = 1_000_000_000.0


@dataclass(frozen=True)
class Scene:
    """Ids of what the work is done with."""

    company: int
    seller: int
    approvers: list
    customers: list
    products: list

    def order_values(self, index):
        """Return the values of the order number `index`."""
        return {
            "partner_id": self.customers[index % len(self.customers)],
            "order_line": [
                (
                    0,
                    0,
                    {
                        "product_id": self.products[(index + n) % len(self.products)],
                        "product_uom_qty": 1 + n,
                        "price_unit": 100.0 + n,
                    },
                )
                for n in range(LINES)
            ],
        }


def create_user(env, login, groups, **values):
    """Create an employee who reads notices in Odoo: no mail leaves the benchmark."""
    return env["res.users"].create(
        {
            "name": login.capitalize(),
            "login": f"bench_{login}",
            "email": f"{login}@bench.example",
            "notification_type": "inbox",
            "group_ids": [(6, 0, [env.ref(group).id for group in groups])],
            **values,
        }
    )


def as_user(env, login):
    """Return the environment of somebody whom :func:`create_user` made, as in the web.

    :param env: environment of the superuser
    """
    user = env["res.users"].search([("login", "=", f"bench_{login}")])
    context = {
        "lang": "en_US",
        "tz": "UTC",
        "uid": user.id,
        "allowed_company_ids": user.company_ids.ids,
    }
    return env(user=user.id, context=context, su=False)


def build(env):
    """Create the scene that all systems share; return it."""
    env = env(context={"no_reset_password": True, "tracking_disable": True})
    everything = "sales_team.group_sale_salesman_all_leads"
    seller = create_user(env, "seller", ["sales_team.group_sale_salesman"])
    approvers = [create_user(env, name, [everything]) for name in ("first", "second")]
    customers = env["res.partner"].create(
        [
            {
                "name": f"Bench customer {number}",
                "is_company": True,
                "street": f"{number} Main Street",
                "city": "Springfield",
                "zip": "12345",
                "country_id": env.ref("base.us").id,
                "email": f"customer{number}@bench.example",
                "phone": "+1 555 0100",
            }
            for number in range(CUSTOMERS)
        ]
    )
    products = env["product.product"].create(
        [
            {
                "name": f"Bench product {number}",
                "list_price": 100.0,
                "standard_price": 60.0,
                "is_storable": True,
            }
            for number in range(PRODUCTS)
        ]
    )
    warehouse = env["stock.warehouse"].search(
        [("company_id", "=", env.company.id)], limit=1
    )
    for product in products:
        env["stock.quant"]._update_available_quantity(
            product, warehouse.lot_stock_id, 1_000_000
        )
    return Scene(
        env.company.id,
        seller.id,
        [approver.id for approver in approvers],
        customers.ids,
        products.ids,
    )


def _policy(env, scene, amount_min):
    """Make a policy of our suite, the only one: two levels, a named person each."""
    env["approval.policy"].search([]).action_archive()
    return env["approval.policy"].create(
        {
            "name": "Bench",
            "model_id": env["ir.model"]._get_id("sale.order"),
            "operation": "confirm",
            "amount_min": amount_min,
            # confirming is measured by itself
            "auto_execute": False,
            "step_ids": [
                (
                    0,
                    0,
                    {
                        "name": f"Level {level}",
                        "sequence": level,
                        "approver_type": "users",
                        "user_ids": [(6, 0, [approver])],
                    },
                )
                for level, approver in enumerate(scene.approvers, 1)
            ],
        }
    )


def _tiers(env, scene):
    """Make OCA's two tiers, asked one after the other."""
    # reviews are numbered from the highest sequence of the definitions down
    return env["tier.definition"].create(
        [
            {
                "name": f"Level {level}",
                "model_id": env["ir.model"]._get_id("sale.order"),
                "review_type": "individual",
                "reviewer_id": approver,
                "definition_domain": "[('amount_total', '>', 1.0)]",
                "sequence": 100 - level,
                "approve_sequence": True,
            }
            for level, approver in enumerate(scene.approvers, 1)
        ]
    )


def plain(env, scene):
    """Set up nothing: plain Odoo."""
    return Work


def no_match(env, scene):
    """Set up our suite with a policy that matches no order."""
    _policy(env, scene, OUT_OF_REACH)
    return Work


def match(env, scene):
    """Set up our suite with a policy that matches every order."""
    _policy(env, scene, 1.0)
    return SuiteWork


def tiers(env, scene):
    """Set up OCA's tier validation for every order."""
    _tiers(env, scene)
    return TierWork


def match_unchecked(env, scene):
    """Set up our suite without the automatic review: the engine alone."""
    env["approval.check"].search([]).action_archive()
    return match(env, scene)


def _log(env, names):
    """Set up OCA's full log of these models."""
    for name in names:
        model = env["ir.model"]._get(name)
        env["auditlog.rule"].create(
            {
                "name": model.name,
                "model_id": model.id,
                "log_type": "full",
                "log_read": False,
                "log_write": True,
                "log_create": True,
                "log_unlink": True,
            }
        ).set_to_confirmed()


def tiers_logged(env, scene):
    """Set up OCA's tier validation, and its full log of orders and lines."""
    _log(env, ("sale.order", "sale.order.line"))
    return tiers(env, scene)


def logged(env, scene):
    """Set up OCA's full log of the documents that our audit trail records."""
    _log(
        env,
        "sale.order sale.order.line purchase.order purchase.order.line stock.picking"
        " stock.move account.move account.move.line res.partner res.users"
        " product.template".split(),
    )
    return Work


SET_UPS = {
    function.__name__: function
    for function in (
        plain,
        no_match,
        match,
        match_unchecked,
        tiers,
        tiers_logged,
        logged,
    )
}
