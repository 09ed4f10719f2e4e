from . import test_access
from . import test_adjustment
from . import test_companies
from . import test_loose_moves
from . import test_scrap
from . import test_tour
from . import test_transfer
from . import test_volume
