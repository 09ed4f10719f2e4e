"""The demo company: a Chinese maker of electronic parts, made through Odoo's ORM.

It needs no demo data of Odoo's own. Everything has an external id in the module
``__demo__``, so that a second run makes nothing twice; chance comes from fixed seeds,
dates count back from today. The entry points are in `tools.demo.run`.

- `company`: the company itself, before the other addons are installed
- `users`: one user per role, teams, who is whose manager
- `partners`, `products`, `catalog`: master data
- `orders`, `stock`: a year of business
- `approvals`: orders in every state of approval
"""
