from . import test_credit
from . import test_conditions
from . import test_checks
from . import test_content
from . import test_customer
from . import test_gate_matrix
