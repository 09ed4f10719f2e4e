"""Products, categories, price lists, currencies and the features of the sales app."""

from odoo.fields import Command

from tools.demo import catalog

# (key, English, Chinese, currency, percentage off the list price, None for no rule)
PRICELISTS = (
    ("standard", "Standard", "标准价格表", "CNY", None),
    ("key", "Key Account −8 %", "重点客户价（−8 %）", "CNY", 8),
    ("export", "Export USD", "出口价格表（美元）", "USD", 0),
)
# Units of the foreign currency for one yuan, oldest month first.
USD_RATES = (
    0.1372, 0.1375, 0.1379, 0.1381, 0.1378, 0.1383, 0.1386,
    0.1389, 0.1387, 0.1391, 0.1394, 0.1396, 0.1399, 0.1401,
)  # fmt: skip

# Features of the sales and invoicing apps that the company uses.
FEATURES = (
    "product.group_product_pricelist",
    "sale.group_discount_per_so_line",
    "account.group_delivery_invoice_address",
)


def make(demo):
    """Make products and price lists."""
    _switch_features_on(demo)
    if not demo.has("product.template"):
        return None
    _make_currency(demo)
    _make_pricelists(demo)
    if demo.has("account.fiscal.position"):
        _make_export_position(demo)
    categories = demo.make(
        "product.category",
        {f"category_{key}": {"name": name} for key, name in catalog.CATEGORIES.items()},
    )
    products = _make_products(
        demo, dict(zip(catalog.CATEGORIES, categories, strict=False))
    )
    return f"{len(products)} products, {len(PRICELISTS)} price lists"


def _switch_features_on(demo):
    """Give every employee the features, as the settings would."""
    employees = demo.ref("base.group_user")
    for name in FEATURES:
        feature = demo.optional(name)
        if feature:
            employees._apply_group(feature)


def _make_currency(demo):
    """Trade in US dollars too, with a rate for every month."""
    dollar = demo.ref("base.USD")
    dollar.active = True
    demo.make(
        "res.currency.rate",
        {
            f"rate_usd_{number}": {
                "currency_id": dollar.id,
                "company_id": demo.env.company.id,
                "name": demo.moment(days=30 * (len(USD_RATES) - number) + 1).date(),
                "rate": rate,
            }
            for number, rate in enumerate(USD_RATES)
        },
    )


def _make_pricelists(demo):
    """Make the price lists; Odoo's own becomes the standard one."""
    own = demo.env["product.pricelist"].search(
        [("company_id", "in", (False, demo.env.company.id))], limit=1
    )
    if own and not demo.optional("__demo__.pricelist_standard"):
        demo.name(own, ["pricelist_standard"])
    values = {}
    for number, (key, english, _chinese, currency, percent) in enumerate(PRICELISTS):
        # In the price itself: the discount on an order is what its salesperson gave.
        rule = {
            "compute_price": "formula",
            "base": "list_price",
            "price_discount": percent,
            "price_round": 0.01,
        }
        values[f"pricelist_{key}"] = {
            "name": english,
            "sequence": number,
            "currency_id": demo.ref(f"base.{currency}").id,
            "company_id": demo.env.company.id,
            "item_ids": [] if percent is None else [Command.create(rule)],
        }
    pricelists = demo.make("product.pricelist", values)
    for pricelist, row in zip(pricelists, PRICELISTS, strict=True):
        pricelist.name = row[1]
        demo.translate(pricelist, name=row[2])


def _make_export_position(demo):
    """Map the standard sales tax to none for customers abroad."""
    standard = demo.env.company.account_sale_tax_id
    if not standard:
        return
    position = demo.make(
        "account.fiscal.position",
        {
            "fiscal_position_export": {
                "name": "Export",
                "company_id": demo.env.company.id,
            }
        },
    )
    demo.translate(position, name="出口免税")
    tax = demo.make(
        "account.tax",
        {
            "tax_export": {
                "name": "0% Export",
                "amount": 0,
                "type_tax_use": "sale",
                "tax_group_id": standard.tax_group_id.id,
                "fiscal_position_ids": [Command.set(position.ids)],
                "original_tax_ids": [Command.set(standard.ids)],
            }
        },
    )
    demo.translate(tax, name="0% 出口")


def _label(family, specification, language):
    """Return the name of a size, in English (0) or Chinese (1)."""
    parts = specification.split("|")
    return f"{family[2 + language]} {parts[min(language, len(parts) - 1)]}"


def _make_products(demo, categories):
    """Make every size of every family."""
    rows = {}
    for family in catalog.FAMILIES:
        for number, size in enumerate(family.sizes, 1):
            rows[f"product_{family.code}_{number}".lower().replace("-", "_")] = (
                family,
                f"{family.code}-{number:02d}",
                size,
            )
    values = {
        name: _product_values(demo, categories, family, code, size)
        for name, (family, code, size) in rows.items()
    }
    products = demo.make("product.template", values)
    for product, (family, _code, size) in zip(products, rows.values(), strict=True):
        demo.translate(product, name=_label(family, size[0], 1))
    old = [family.archived for family, _code, _size in rows.values()]
    products.filtered(lambda p: old[products.ids.index(p.id)]).action_archive()
    return products


def _product_values(demo, categories, family, code, size):
    """Return the values of one product."""
    specification, price, cost = size
    values = {
        "name": _label(family, specification, 0),
        "default_code": code,
        "categ_id": categories[family.category].id,
        "type": family.kind,
        "list_price": price,
        "standard_price": cost,
        "sale_ok": family.sold,
    }
    if demo.has("product.template", "purchase_ok"):
        values["purchase_ok"] = family.kind != "service"
    if demo.has("product.template", "is_storable"):
        values["is_storable"] = family.kind == "consu"
    if demo.has("product.template", "sale_delay"):
        values["sale_delay"] = family.lead
    return values
