from . import test_rules
from . import test_rights_trade
