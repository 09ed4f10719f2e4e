from . import audit_proof
from . import download
from . import home
from . import session
from . import second_factor
