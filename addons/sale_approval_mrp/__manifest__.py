{
    "name": "Sales Order Approval: Manufacturing",
    "summary": "What a change or cancellation of a sales order does to production",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "author": "Order Control",
    "website": "https://order-control.example",
    "license": "LGPL-3",
    "depends": ["sale_approval", "sale_mrp"],
    "data": [
        "data/approval_step_data.xml",
        "views/sale_order_change_views.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "auto_install": True,
}
