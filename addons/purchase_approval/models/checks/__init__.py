from . import complete
from . import vendor
from . import product
from . import last_price
from . import agreed_price
from . import duplicate
from . import receipt_date
