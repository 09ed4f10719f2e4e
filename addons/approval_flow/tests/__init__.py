from . import (
    test_content,
    test_decisions,
    test_gate,
    test_pass_on,
    test_routing,
    test_sealed,
    test_seats,
    test_segregation,
    test_link_page,
    test_mail,
    test_statistic,
)
