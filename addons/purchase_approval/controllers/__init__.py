from . import purchase_order_change
