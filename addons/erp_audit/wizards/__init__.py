from . import erp_audit_alert_decision
from . import erp_audit_alert_trial
from . import erp_audit_alert_trial_line
from . import erp_access_review_close
from . import erp_access_review_withdraw
from . import erp_duty_conflict_accept
