from . import erp_access_report_chain
from . import erp_access_rights
from . import erp_audit_alert_documents
from . import erp_audit_alert_rule
from . import erp_audit_rule
from . import erp_duty_conflict
