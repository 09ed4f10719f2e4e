from . import test_kits
from . import test_production_conflict
from . import test_production_dates
from . import test_production_less
from . import test_production_more
from . import test_properties
