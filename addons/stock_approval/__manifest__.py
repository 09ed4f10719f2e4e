{
    "name": "Stock Approval",
    "summary": "Multi-level approval of transfers, scrap and inventory adjustments",
    "version": "19.0.1.0.0",
    "category": "Inventory/Inventory",
    "author": "Order Control",
    "website": "https://order-control.example",
    "license": "LGPL-3",
    "depends": ["approval_flow", "stock"],
    "data": [
        "security/ir.model.access.csv",
        "security/ir_rules.xml",
        "data/ir_sequence_data.xml",
        "data/approval_policy_data.xml",
        "views/stock_inventory_approval_views.xml",
        "views/stock_approver_views.xml",
        "views/stock_picking_views.xml",
        "views/stock_quant_views.xml",
        "views/stock_scrap_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["stock_approval/static/tests/tours/*.js"],
    },
}
