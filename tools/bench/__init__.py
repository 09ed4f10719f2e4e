"""./ctl bench: what the suite costs, beside plain Odoo and OCA's tier validation."""
