from . import (
    test_decisions,
    test_routing,
    test_seats,
    test_segregation,
    test_link_page,
    test_mail,
    test_statistic,
)
