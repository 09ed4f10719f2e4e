from . import audit_proof
from . import home
from . import session
from . import second_factor
