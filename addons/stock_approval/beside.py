"""What the gate remembers beside a transaction, out of reach of its callers."""

from weakref import WeakKeyDictionary

_memory = WeakKeyDictionary()


def beside(cr):
    """Return the notes of a cursor.

    Not in ``cr.cache``, which Odoo empties whenever a savepoint is rolled back: the
    documents that are being carried out must be known until they are.
    """
    return _memory.setdefault(cr, {})
