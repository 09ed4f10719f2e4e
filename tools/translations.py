"""Exports the terms of our addons and keeps their Chinese translations complete.

Runs inside Odoo (see odoo_task.py and tests/test_translations.py).
"""

import io
import re
from functools import cache

import polib

from tools.addons import LANGUAGE
from tools.paths import ADDONS

# Whose fields our models inherit, with their names.
FIELD_SOURCES = ("base", "mail", "portal", "rating")
PLACEHOLDER = re.compile(r"%\(\w+\)[sdrf]|%[sdrf]|\$\{[^}]*\}|\{\{[^}]*\}\}")


def fresh_terms(env, addon):
    """Return the terms of `addon` as Odoo exports them now, None when it has none."""
    from odoo.tools.translate import trans_export

    target = io.BytesIO()
    if not trans_export(None, [addon], target, "po", env):
        return None
    return polib.pofile(target.getvalue().decode())


def template_path(addon):
    """Return where the addon's terms are kept."""
    return ADDONS / addon / "i18n" / f"{addon}.pot"


def chinese_path(addon):
    """Return where the addon's Chinese translation is kept."""
    return ADDONS / addon / "i18n" / f"{LANGUAGE}.po"


def terms(catalogue):
    """Return the terms of a catalogue with the places where they are used."""
    return {
        (entry.msgid, place)
        for entry in catalogue
        for place, _line in entry.occurrences
        if not entry.obsolete
    }


def untranslated(catalogue):
    """Return the terms that have no translation, or one that is only a guess."""
    return [
        entry.msgid
        for entry in catalogue
        if not entry.obsolete and (not entry.msgstr or entry.fuzzy)
    ]


def wrong_placeholders(catalogue):
    """Return the terms whose translation lacks or adds a placeholder."""
    return [
        entry.msgid
        for entry in catalogue
        if entry.msgstr
        and sorted(PLACEHOLDER.findall(entry.msgid))
        != sorted(PLACEHOLDER.findall(entry.msgstr))
    ]


@cache
def _core_fields():
    """Return core's translations of the names and helps of fields."""
    from odoo.tools import file_path

    found = {}
    for addon in FIELD_SOURCES:
        for entry in polib.pofile(file_path(f"{addon}/i18n/{LANGUAGE}.po")):
            if _is_field(entry) and not entry.fuzzy:
                found.setdefault(entry.msgid, entry.msgstr)
    return found


def _is_field(entry):
    """Tell whether an entry is only about fields."""
    return all(p.startswith("model:ir.model.fields,") for p, _line in entry.occurrences)


def update(env, addon):
    """Write the addon's terms and merge them into its Chinese translation.

    Existing translations stay, terms that are gone go. New terms come in empty, but
    for the fields that every Odoo model has: they are called as in core.

    :return: the terms without translation
    """
    fresh = fresh_terms(env, addon)
    if fresh is None:
        return []
    path = template_path(addon)
    path.parent.mkdir(exist_ok=True)
    # The header has the time of the export; a file that says nothing new stays.
    if not path.exists() or _differs(polib.pofile(str(path)), fresh):
        fresh.save(str(path))
    chinese = _merged(fresh, chinese_path(addon))
    return untranslated(chinese)


def _differs(old, new):
    """Tell whether two catalogues differ in terms, places or comments."""
    return [(e.msgid, e.comment, e.occurrences) for e in old] != [
        (e.msgid, e.comment, e.occurrences) for e in new
    ]


def _merged(fresh, path):
    """Bring the translation at `path` in step with `fresh`; return it."""
    chinese = polib.pofile(str(path)) if path.exists() else polib.POFile()
    before = str(chinese)
    if not chinese.metadata:
        chinese.metadata = {
            **fresh.metadata,
            "Language": LANGUAGE,
            "Content-Transfer-Encoding": "8bit",
            "Plural-Forms": "nplurals=1; plural=0;",
        }
    known = {entry.msgid: entry for entry in chinese if not entry.obsolete}
    chinese.clear()
    for entry in fresh:
        old = known.get(entry.msgid)
        inherited = _core_fields().get(entry.msgid, "") if _is_field(entry) else ""
        chinese.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgstr=old.msgstr if old and old.msgstr else inherited,
                comment=entry.comment,
                tcomment=old.tcomment if old else "",
                flags=old.flags if old else [],
                occurrences=entry.occurrences,
            )
        )
    if str(chinese) != before:
        chinese.save(str(path))
    return chinese
