from . import base
from . import erp_audit_source
from . import erp_audit_rule
from . import erp_audit_rule_sync
from . import erp_audit_record
from . import erp_audit_event
from . import ir_cron
from . import ir_http
