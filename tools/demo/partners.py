"""Customers with contacts and delivery addresses, and suppliers."""

from stdnum.cn import uscc

from odoo.fields import Command

from tools.demo import names, users
from tools.demo.people import CHINESE, CUSTOMER, ENGLISH, salespeople
from tools.demo.store import TIME_ZONE

CHINESE_CUSTOMERS = 264
KEY_ACCOUNTS = 24
BLOCKED = 6
BLOCK_REASONS = ("逾期货款超过 90 天", "合同纠纷处理中", "法院列为被执行人")
# Customers whose master data has a gap: no address and no tax number.
INCOMPLETE = 5

# Share of the customers and credit limit in CNY per grade; the grades of the addon.
GRADES = {
    "A": (20, (2_000_000, 5_000_000)),
    "B": (45, (600_000, 1_500_000)),
    "C": (27, (100_000, 300_000)),
    "D": (8, (0, 30_000)),
}
TERMS = (
    ("account.account_payment_term_30days", 5),
    ("account.account_payment_term_end_following_month", 4),
    ("account.account_payment_term_45days", 3),
    ("account.account_payment_term_15days", 2),
    ("account.account_payment_term_immediate", 2),
    ("account.account_payment_term_advance_60days", 1),
)
TAGS = {
    "key": ("Key Account", "重点客户"),
    "oem": ("OEM", "OEM 厂商"),
    "integrator": ("System Integrator", "系统集成商"),
    "dealer": ("Distributor", "经销商"),
}


def weighted(rng, pairs):
    """Return one of `pairs` (what, weight), by weight."""
    values, weights = zip(*pairs, strict=True)
    return rng.choices(values, weights)[0]


def tax_number(rng, area):
    """Return a well-formed unified social credit code of the district `area`."""
    body = "".join(rng.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=8))
    number = f"91{area}MA{body[:7]}"
    return number + uscc.calc_check_digit(number)


class _Writer:
    """Collects the values of the customers."""

    def __init__(self, demo):
        self.demo = demo
        self.rng = demo.chance("partners")
        self.companies = {}
        self.children = {}
        env = demo.env
        self.china = env.ref("base.cn")
        self.countries = {c.code: c.id for c in env["res.country"].search([])}
        self.states = {
            city[1]: env.ref(f"base.state_cn_{city[1]}").id
            for cities in names.REGIONS.values()
            for city in cities
        }
        self.tags = demo.make(
            "res.partner.category",
            {f"tag_{key}": {"name": english} for key, (english, _zh) in TAGS.items()},
        )
        for tag, (_english, chinese) in zip(self.tags, TAGS.values(), strict=True):
            demo.translate(tag, name=chinese)
        self.terms = [
            (demo.ref(xmlid).id, weight)
            for xmlid, weight in TERMS
            if demo.optional(xmlid)
        ]

    def person(self):
        """Return (name, pinyin) of somebody."""
        family, family_pinyin = self.rng.choice(names.SURNAMES)
        given, given_pinyin = self.rng.choice(names.GIVEN_NAMES)
        return family + given, f"{given_pinyin}.{family_pinyin}"

    def place(self, city):
        """Return the address values of some street in `city`."""
        name, state, code, _area, _administrative, districts = city
        district = self.rng.choice(districts)
        road = self.rng.choice(names.ROADS)
        return {
            "street": f"{district}{road} {self.rng.randint(1, 399)} 号",
            "city": name,
            "state_id": self.states[state],
            "zip": code,
            "country_id": self.china.id,
        }

    def phone(self, city):
        """Return a telephone number in `city`."""
        return f"+86 {city[3]} 5550 {self.rng.randint(1000, 9999)}"

    def company_name(self, city, taken):
        """Return the name of a Chinese company that is not in `taken` yet."""
        while True:
            brand = "".join(self.rng.choice(half) for half in names.SYLLABLES)
            trade = weighted(self.rng, names.TRADES)
            form = weighted(self.rng, names.LEGAL_FORMS)
            if (brand, trade) not in taken:
                taken.add((brand, trade))
                return f"{city[0].removesuffix('市')}{brand}{trade}{form}"

    def sales_values(self, region, number, key_account):
        """Return who sells to a customer, and on what terms."""
        login = salespeople(region)[number % len(salespeople(region))]
        tag = self.rng.choice(["oem", "integrator", "dealer"])
        tags = [self.demo.ref(f"tag_{tag}").id]
        if key_account:
            tags.append(self.demo.ref("tag_key").id)
        values = {
            "user_id": users.user(self.demo, login).id,
            "category_id": [Command.set(tags)],
        }
        if self.demo.has("res.partner", "customer_rank"):
            values["customer_rank"] = 1
        if self.demo.has("res.partner", "team_id"):
            values["team_id"] = self.demo.ref(f"team_{region}").id
        if self.terms:
            values["property_payment_term_id"] = weighted(self.rng, self.terms)
        if self.demo.has("product.pricelist"):
            pricelist = "export" if region == "overseas" else "standard"
            if key_account:
                pricelist = "key"
            values["property_product_pricelist"] = self.demo.ref(
                f"pricelist_{pricelist}"
            ).id
        return values

    def chinese_customer(self, number, region, taken):
        """Add customer `number`, in one of the cities of `region`."""
        city = self.rng.choice(names.REGIONS[region])
        name = f"customer_{number:03d}"
        key_account = number <= KEY_ACCOUNTS
        values = {
            "name": self.company_name(city, taken),
            "is_company": True,
            "ref": f"C{number:04d}",
            "lang": CHINESE,
            "phone": self.phone(city),
            "email": f"c{number:04d}@example.com",
            "vat": tax_number(self.rng, city[4]),
            **self.place(city),
            **self.sales_values(region, number, key_account),
        }
        if CHINESE_CUSTOMERS - INCOMPLETE < number <= CHINESE_CUSTOMERS:
            values.update(street=False, zip=False, vat=False, phone=False)
        self.companies[name] = values
        for index in range(self.rng.choice([1, 1, 2])):
            self.contact(name, number, index, city)
        if key_account or self.rng.random() < 0.4:
            self.delivery(name, values["name"], city, region)

    def contact(self, name, number, index, city):
        """Add a contact person to the customer `name`."""
        person, pinyin = self.person()
        self.children[f"{name}_contact_{index}"] = (
            name,
            {
                "name": person,
                "type": "contact",
                "function": weighted(self.rng, names.FUNCTIONS),
                "email": f"{pinyin}.c{number:04d}@example.com",
                "phone": self.phone(city),
                "lang": CHINESE,
            },
        )

    def delivery(self, name, title, city, region):
        """Add a delivery address, usually in the same city."""
        if self.rng.random() < 0.3:
            city = self.rng.choice(names.REGIONS[region])
        person, _pinyin = self.person()
        self.children[f"{name}_delivery"] = (
            name,
            {
                "name": f"{self.rng.choice(names.PLACES)} {person}",
                "type": "delivery",
                "phone": self.phone(city),
                "lang": CHINESE,
                **self.place(city),
            },
        )

    def foreign_customer(self, number, row):
        """Add a customer abroad."""
        company, country, city, code, street, person = row
        name = f"customer_{number:03d}"
        mailbox = f"c{number:04d}@example.com"
        address = {
            "street": street,
            "city": city,
            "zip": code,
            "country_id": self.countries[country],
            "lang": ENGLISH,
        }
        self.companies[name] = {
            "name": company,
            "is_company": True,
            "ref": f"C{number:04d}",
            "email": mailbox,
            **address,
            **self.sales_values("overseas", number, False),
        }
        self.children[f"{name}_contact_0"] = (
            name,
            {
                "name": person,
                "type": "contact",
                "function": self.rng.choice(["Buyer", "Purchasing Manager", "CTO"]),
                "email": f"contact.{mailbox}",
                "lang": ENGLISH,
            },
        )

    def write(self):
        """Create everything; return the customers and their addresses."""
        customers = self.demo.make("res.partner", self.companies)
        ids = dict(zip(self.companies, customers.ids, strict=True))
        children = self.demo.make(
            "res.partner",
            {
                name: {**values, "parent_id": ids[parent]}
                for name, (parent, values) in self.children.items()
            },
        )
        return customers, children


def make(demo):
    """Make the customers and suppliers."""
    writer = _Writer(demo)
    taken = set()
    regions = (("south", 5), ("east", 4), ("north", 3))
    for number in range(1, CHINESE_CUSTOMERS + 1):
        writer.chinese_customer(number, weighted(writer.rng, regions), taken)
    for number, row in enumerate(names.FOREIGN, CHINESE_CUSTOMERS + 1):
        writer.foreign_customer(number, row)
    customers, children = writer.write()
    _set_export_position(demo, customers)
    suppliers = _make_suppliers(demo, writer)
    _invite_customer(demo)
    return (
        f"{len(customers)} customers with {len(children)} contacts and addresses, "
        f"{len(suppliers)} suppliers"
    )


def _set_export_position(demo, customers):
    """Sell abroad without Chinese value-added tax."""
    position = demo.optional("__demo__.fiscal_position_export")
    if position:
        china = demo.ref("base.cn")
        abroad = customers.filtered(lambda partner: partner.country_id != china)
        abroad.property_account_position_id = position


def _invite_customer(demo):
    """Let a contact of the best customer log in to the portal."""
    group = demo.ref("base.group_portal")
    contact = demo.ref("customer_001_contact_0")
    values = {
        "login": CUSTOMER,
        "partner_id": contact.id,
        "tz": TIME_ZONE,
        "group_ids": [Command.set(group.ids)],
        "company_id": demo.env.company.id,
        "company_ids": [Command.set(demo.env.company.ids)],
    }
    users.set_passwords(demo, demo.make("res.users", {"user_customer": values}))


def _make_suppliers(demo, writer):
    """Make the suppliers and say what they deliver at which price."""
    cities = {city[0]: city for cities in names.REGIONS.values() for city in cities}
    values = {}
    for number, (name, city, _categories) in enumerate(names.SUPPLIERS, 1):
        values[f"supplier_{number:02d}"] = {
            "name": name,
            "is_company": True,
            "ref": f"S{number:03d}",
            "lang": CHINESE,
            "phone": writer.phone(cities[city]),
            "email": f"s{number:03d}@example.com",
            "vat": tax_number(writer.rng, cities[city][4]),
            **writer.place(cities[city]),
        }
        if demo.has("res.partner", "supplier_rank"):
            values[f"supplier_{number:02d}"]["supplier_rank"] = 1
    suppliers = demo.make("res.partner", values)
    if demo.has("product.supplierinfo"):
        _make_supplier_prices(demo, suppliers, writer.rng)
    return suppliers


def _make_supplier_prices(demo, suppliers, rng):
    """Let each storable product be bought from a supplier of its category."""
    sources = {}
    for supplier, (_name, _city, categories) in zip(
        suppliers, names.SUPPLIERS, strict=True
    ):
        for category in categories:
            sources.setdefault(demo.ref(f"category_{category}"), []).append(supplier)
    values = {}
    for product in demo.named("product.template", "product_"):
        if product.type == "consu" and product.categ_id in sources:
            values[f"price_{product.id}"] = {
                "partner_id": rng.choice(sources[product.categ_id]).id,
                "product_tmpl_id": product.id,
                "price": round(product.standard_price, 2),
                "min_qty": 1,
                "delay": rng.choice([7, 10, 14, 21]),
            }
    demo.make("product.supplierinfo", values)


def grade(demo):
    """Enter credit grades and limits, and block a few customers."""
    if not demo.has("res.partner", "credit_grade", "credit_limit", "sale_blocked"):
        return None
    selection = dict(demo.env["res.partner"]._fields["credit_grade"].selection)
    keys = {key.upper(): key for key in selection}
    rng = demo.chance("credit")
    shares = [(letter, share) for letter, (share, _limits) in GRADES.items()]
    customers = demo.named("res.partner", "customer_").filtered("is_company")
    for number, customer in enumerate(customers, 1):
        letter = "A" if number <= KEY_ACCOUNTS else weighted(rng, shares)
        low, high = GRADES[letter][1]
        customer.write(
            {
                "credit_grade": keys[letter],
                "credit_limit": rng.randint(low // 10_000, high // 10_000) * 10_000,
            }
        )
    blocked = customers[-len(names.FOREIGN) - INCOMPLETE - BLOCKED :][:BLOCKED]
    blocked.sale_blocked = True
    if demo.has("res.partner", "sale_block_reason"):
        for customer in blocked:
            customer.sale_block_reason = rng.choice(BLOCK_REASONS)
    return f"{len(customers)} customers, {BLOCKED} blocked"
