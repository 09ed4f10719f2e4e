{
    "name": "Purchase Order Approval",
    "summary": "Multi-level approval of purchase orders, with automatic first review",
    "version": "19.0.1.0.0",
    "category": "Supply Chain/Purchase",
    "author": "Order Control",
    "website": "https://order-control.example",
    "license": "LGPL-3",
    "depends": ["approval_flow", "purchase_stock"],
    "data": [
        "security/res_groups.xml",
        "data/approval_check_data.xml",
        "data/approval_policy_data.xml",
        "views/account_analytic_account_views.xml",
        "views/product_category_views.xml",
        "views/res_partner_views.xml",
        "views/purchase_order_approver_views.xml",
        "views/purchase_order_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["purchase_approval/static/tests/tours/*.js"],
    },
}
