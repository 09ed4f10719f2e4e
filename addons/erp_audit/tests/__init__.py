from . import test_capture
from . import test_capture_robust
from . import test_seal
from . import test_tampering
from . import test_seal_proof
from . import test_retention
