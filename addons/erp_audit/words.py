"""What the model ``erp.audit.words`` works with: rows, and names of rows."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Row:
    """A row of a table, and what of it is told.

    :param model: its model, with the rights of the reader
    :param number: its id
    :param values: ``{column: values, old and new}``
    :param root: the document whose line it is, if any
    """

    model: Any
    number: int
    values: dict = field(default_factory=dict)
    root: Any = None


class Names:
    """Names of the rows that are told of, looked up together.

    :param words: the model ``erp.audit.words``
    :param every: whether the reader sees everything
    """

    def __init__(self, words, every):
        self.words = words
        self.every = every
        self.wanted = defaultdict(set)
        self.found = {}
        self.there = defaultdict(set)
        # of which rows there is a name that the reader may know
        self.told = set()
        self.values = {}
        self.currencies = None
        self.companies = None
        # rows with properties: which rows these name is known by what they are
        self.with_properties = []

    def want(self, name, number):
        """Ask for the name of a row."""
        if isinstance(number, int) and number > 0 and (name, number) not in self.found:
            self.wanted[name].add(number)

    def look_up(self):
        """Find all the names that were asked for."""
        self._look_up_wanted()
        rows, self.with_properties = self.with_properties, []
        for row, name in rows:
            self.words._want_properties(row, name, self)
        self._look_up_wanted()

    def _look_up_wanted(self):
        wanted, self.wanted = self.wanted, defaultdict(set)
        for name, ids in wanted.items():
            self.words._look_up(name, ids, self)

    def name(self, name, number):
        """Return the name of a row, neutral words if the reader may not see it."""
        return self.found.get((name, number)) or self.words.env._(
            "no. %s", number or ""
        )

    def known(self, name):
        """Return the rows of a model that are there."""
        return self.there[name]

    def is_own(self, name, number):
        """Return whether a deleted row was part of what the reader sees anyhow."""
        return False

    def model(self, name):
        """Return a model with the rights of the reader."""
        # sudo: an auditor reads the trail of all documents; that he did is recorded
        return self.words.env[name].sudo() if self.every else self.words.env[name]

    def company_names(self):
        """Return ``{id: name}`` of the companies that the reader may know."""
        if self.companies is None:
            # sudo: names of companies; only the reader's own, unless he sees all
            known = self.words.env["res.company"].sudo()
            known = known.with_context(active_test=False).search([], order="id")
            if not self.every:
                known &= self.words.env.user.company_ids
            self.companies = {company.id: company.name for company in known}
        return self.companies

    def currency(self, number):
        """Return a currency, none if it is gone."""
        if self.currencies is None:
            # sudo: the signs of currencies
            known = self.words.env["res.currency"].sudo()
            self.currencies = known.with_context(active_test=False).search([])
        return self.currencies.filtered(lambda currency: currency.id == number)
