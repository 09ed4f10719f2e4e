"""What alert rules look for; addons add kinds of their own, see ``_kinds``."""

from . import approvals, documents, logins, persons, rights, settings, trail
from .kind import (
    CheckKind,
    Kind,
    SingleKind,
    Span,
    WindowKind,
    model_name,
    named,
    people,
)

KINDS = {
    kind.code: kind()
    for module in (logins, persons, rights, documents, approvals, settings, trail)
    for kind in vars(module).values()
    if isinstance(kind, type)
    and issubclass(kind, Kind)
    and kind.__module__ == module.__name__
    and kind.code
}

__all__ = [
    "CheckKind",
    "KINDS",
    "Kind",
    "SingleKind",
    "Span",
    "WindowKind",
    "model_name",
    "named",
    "people",
]
