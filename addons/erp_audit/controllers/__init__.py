from . import audit_proof
from . import home
from . import session
