from . import erp_audit_alert_decision
from . import erp_audit_alert_trial
from . import erp_audit_alert_trial_line
