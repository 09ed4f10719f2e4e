"""Every term of the suite is exported and translated into Chinese."""

import polib
import pytest

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import common

from tools import translations
from tools.addons import our_addons

REMEDY = "run ./ctl i18n"


@pytest.fixture(scope="module")
def env(load_registry):
    """An environment in the test database."""
    with Registry(common.get_db_name()).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})


@pytest.mark.parametrize("addon", our_addons())
def test_terms_are_exported(env, addon):
    """The committed .pot has exactly the terms that the addon has now."""
    fresh = translations.fresh_terms(env, addon)
    path = translations.template_path(addon)
    assert path.exists() or fresh is None, REMEDY
    if fresh is None:
        return
    kept = translations.terms(polib.pofile(str(path)))
    difference = translations.terms(fresh) ^ kept
    assert not difference, f"{REMEDY}: {sorted(difference)[:5]}"


@pytest.mark.parametrize("addon", our_addons())
def test_chinese_is_complete(env, addon):
    """Every term has a Chinese translation with the same placeholders."""
    fresh = translations.fresh_terms(env, addon)
    if fresh is None:
        return
    path = translations.chinese_path(addon)
    assert path.exists(), REMEDY
    chinese = polib.pofile(str(path))
    missing = {e.msgid for e in fresh} - {e.msgid for e in chinese if not e.obsolete}
    assert not missing, f"{REMEDY}: {sorted(missing)[:5]}"
    assert not translations.untranslated(chinese)
    assert not translations.wrong_placeholders(chinese)
