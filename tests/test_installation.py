"""What installing the suite left in Odoo's log."""

import os
from pathlib import Path

import pytest

from tools.logcheck import complaints


def test_installing_logs_no_warning():
    log = Path(os.environ["ORDER_CONTROL_INSTALLATION_LOG"])
    found = complaints(log.read_text(errors="replace"))
    if found:
        pytest.fail("\n".join(found), pytrace=False)
