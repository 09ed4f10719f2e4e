from . import erp_audit_rule
