from . import test_access_report_chain
from . import test_history
from . import test_rights_trade
from . import test_rules
from . import test_alert_trade
from . import test_tier
from . import test_role_trade
from . import test_touch
