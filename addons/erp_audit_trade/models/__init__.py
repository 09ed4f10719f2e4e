from . import erp_audit_rule
from . import erp_access_rights
from . import erp_duty_conflict
from . import erp_audit_alert_rule
from . import erp_audit_alert_documents
