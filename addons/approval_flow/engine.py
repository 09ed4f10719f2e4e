"""Plain Python vocabulary of the engine: no model, no database."""

from dataclasses import dataclass
from typing import Any


class _EngineKey:
    """Type of :data:`ENGINE`, the key that only code of this process can hold.

    A remote caller sends its context as JSON, which can never produce this very
    object; it is therefore always compared with ``is``.
    """

    __slots__ = ()

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return "<approval engine>"


ENGINE = _EngineKey()


@dataclass(frozen=True)
class ChangePass:
    """The right to change the held content of confirmed documents, in this process.

    It travels in the context under :data:`CHANGE_PASS`. A remote caller's context is
    JSON and never holds an object of this class.

    :param model: name of the model of the documents
    :param ids: ids of the documents; ``None`` for what a process of Odoo itself does
        (a delivery, a vendor bill), or for documents that are just being created
    """

    model: str
    ids: frozenset | None

    def opens(self, document):
        """Return whether the content of a document may be changed."""
        return self.model == document._name and (
            self.ids is None or document.id in self.ids
        )


CHANGE_PASS = "approval_change_pass"


@dataclass(frozen=True)
class ApprovalOperation:
    """One business operation of a document that a policy can cover.

    :param code: technical name, the same for all documents (``confirm``, ``send``…)
    :param label: translatable words for people
    :param state_field: field whose value moves when the operation happens
    :param targets: values of ``state_field`` that mean the operation has happened
    :param sources: values from which a person starts the operation
    :param execute: private method of the document that performs the operation
    """

    code: str
    label: Any
    state_field: str
    targets: tuple
    sources: tuple
    execute: str


def without_computed(model, vals):
    """Return values without the figures that Odoo computes and nobody enters.

    A screen shows them read-only, but a remote call could write them, and policies
    would judge by what it made up. The computed figure stays.
    """
    forged = [
        name
        for name in vals
        if (field := model._fields.get(name)) is not None
        and field.type in ("float", "integer", "monetary")
        and field.compute
        and field.store
        and field.readonly
        and not field.inverse
    ]
    if not forged:
        return vals
    return {name: value for name, value in vals.items() if name not in forged}


def plain_number(value):
    """Return a number without superfluous zeros, and never with an exponent."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text
