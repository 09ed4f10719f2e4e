from . import sale_order_copy_lines
