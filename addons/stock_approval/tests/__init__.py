from . import test_transfer
from . import test_scrap
from . import test_adjustment
from . import test_loose_moves
