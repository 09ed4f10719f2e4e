"""The demo company: a Chinese maker of electronic parts, made through Odoo's ORM.

It needs no demo data of Odoo's own. Everything has an external id in the module
``__demo__``, so that a second run makes nothing twice; chance comes from fixed seeds,
dates count back from today. The entry points are in `tools.demo.run`.

- `store`: what the steps share: external ids, chance, dates, doing things once
- `company`: the company itself, before the other addons are installed
- `people`, `users`: one user per role, teams, who is whose manager
- `names`, `partners`: customers and suppliers
- `catalog`, `products`: what is sold, price lists, currencies
- `orders`, `stock`, `invoices`, `production`: a year of business
- `desk`, `approvals`: orders in every state of approval
- `changes`: requests to change and cancel them, also from the customer's portal
"""
