{
    "name": "Audit Trail of Trade",
    "summary": "What to record of sales, purchases, stock, invoices and partners",
    "version": "19.0.1.0.0",
    "category": "Productivity",
    "author": "Order Control",
    "website": "https://order-control.example",
    "license": "LGPL-3",
    "depends": ["erp_audit", "sale_stock", "purchase_stock"],
    "data": [
        "security/ir.model.access.csv",
        "security/tier_rules.xml",
        "data/erp_role_data.xml",
        "data/erp_role_menus.xml",
        "data/erp_duty_conflict_data.xml",
        "data/erp_audit_alert_rule_data.xml",
        "views/res_partner_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["erp_audit_trade/static/tests/tours/**/*.js"],
    },
    "auto_install": True,
}
