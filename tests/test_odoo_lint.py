"""Odoo's own lint (its addon test_lint), narrowed to our addons.

Left out: what lints only Odoo's framework or localizations, and ESLint, which Odoo
itself skips when it is not installed.
"""

import contextlib
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from odoo.modules import Manifest
from odoo.tools import config

import odoo.addons.test_lint.tests as lint

from tools.addons import our_addons


@pytest.fixture(scope="module", autouse=True)
def _only_ours():
    """Make Odoo's lint believe that our addons are all there is."""
    names = list(our_addons())
    manifests = [Manifest.for_addon(name) for name in names]

    class Config(dict):
        root_path = manifests[0].path if manifests else ""

    # Odoo's pylint test adds the framework itself; ours is one of our addons instead.
    tools = SimpleNamespace(**vars(lint.test_pylint.tools))
    tools.config = Config(addons_path=config["addons_path"])
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        enter(patch.object(Manifest, "all_addon_manifests", lambda: manifests))
        enter(patch.object(lint.test_pofile, "get_modules", lambda: names))
        enter(patch.object(lint.test_pylint, "tools", tools))
        yield


class _OneReport:
    """Gathers the failures of subtests: there are as many as Odoo has methods."""

    @contextlib.contextmanager
    def subTest(self, message=None, **params):
        try:
            yield
        except Exception as error:  # every kind of failure is reported the same way
            self.found.append(f"{params}: {error}")

    def setUp(self):
        super().setUp()
        self.found = []

    def tearDown(self):
        super().tearDown()
        ours = [line for line in self.found if self._is_ours(line)]
        if ours:
            pytest.fail("\n".join(ours), pytrace=False)

    @staticmethod
    def _is_ours(line):
        """Tell whether a failure names one of our addons, or no addon at all."""
        return "'module'" not in line or any(
            f"'module': '{name}'" in line for name in our_addons()
        )


class TestDocstring(_OneReport, lint.test_docstring.TestDocstring):
    test_docstring = lint.test_docstring.TestDocstring.test_docstring


class TestSignatures(
    _OneReport, lint.test_override_signatures.TestLintOverrideSignatures
):
    pass


class TestNaming(_OneReport, lint.test_naming.TestNaming):
    pass


# pytest collects the classes that a module names.
TestConflictMarkers = lint.test_markers.TestConflictMarkers
TestDunderinit = lint.test_dunderinit.TestDunderinit
TestI18n = lint.test_i18n.TestI18n
TestIndex = lint.test_index.TestIndex
TestJsTranslations = lint.test_jstranslate.TestJsTranslations
TestManifests = lint.test_manifests.ManifestLinter
TestOnchangeDomains = lint.test_onchange_domains.TestOnchangeDomains
TestOrmImport = lint.test_orm_import.TestDunderinit
TestPotDuplicates = lint.test_pofile.PotLinter
TestPyLint = lint.test_pylint.TestPyLint
TestRoutes = lint.test_routes.RoutesLinter
TestTestHoles = lint.test_test_holes.TestTestHoles
