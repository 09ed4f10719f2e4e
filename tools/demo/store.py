"""What the steps of the set-up share: the database, chance, dates, external ids."""

import logging
import random
import time
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from odoo.orm import fields_temporal
from odoo.sql_db import BaseCursor

MODULE = "__demo__"
TIME_ZONE = "Asia/Shanghai"
ZH = "zh_CN"

_logger = logging.getLogger(__name__)


class _StandIn(type):
    """Makes a class pass for its base: what the base made counts as its own."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, cls.__base__)


class Demo:
    """A database that is being filled.

    :param env: environment of the superuser
    :param progress: called with one line of text per finished step
    """

    def __init__(self, env, progress):
        # Master data: nobody needs to be told of a new customer.
        self.env = env(
            context={
                "lang": "en_US",
                "tz": TIME_ZONE,
                "tracking_disable": True,
                "mail_create_nolog": True,
                "mail_create_nosubscribe": True,
                "mail_notify_force_send": False,
                "no_reset_password": True,
            }
        )
        self.progress = progress
        self.now = datetime.now(ZoneInfo("UTC")).replace(tzinfo=None, microsecond=0)
        self.today = datetime.now(ZoneInfo(TIME_ZONE)).date()
        self.warnings = []

    # Chance and time

    @staticmethod
    def chance(name):
        """Return a random generator that gives the same numbers in every run."""
        return random.Random(f"order-control/{name}")

    def moment(self, days, hour=10, minute=0):
        """Return the UTC time of `hour`:`minute` at the company, `days` days ago.

        Today's times are never later than now; negative days are in the future.
        """
        local = datetime(
            self.today.year,
            self.today.month,
            self.today.day,
            hour,
            minute,
            tzinfo=ZoneInfo(TIME_ZONE),
        ) - timedelta(days=days)
        moment = local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
        return moment if days < 0 else min(moment, self.now)

    # What is installed

    def has(self, model, *fields):
        """Tell whether `model` is there, with all of `fields`."""
        return model in self.env and all(f in self.env[model]._fields for f in fields)

    # Records and their names

    def ref(self, name):
        """Return the record `name` of the demo, or of the module in `name`."""
        return self.env.ref(name if "." in name else f"{MODULE}.{name}")

    def optional(self, name):
        """Return the record `name` of another module, None when it is not there."""
        return self.env.ref(name, raise_if_not_found=False)

    def named(self, model, prefix):
        """Return the demo's records of `model` whose names start with `prefix`."""
        data = self.env["ir.model.data"].search(
            [
                ("module", "=", MODULE),
                ("model", "=", model),
                ("name", "=like", prefix.replace("_", "\\_") + "%"),
            ],
            order="id",
        )
        return self.env[model].browse(data.mapped("res_id"))

    def _known(self, names):
        """Return {name: id} of those `names` that exist."""
        rows = self.env["ir.model.data"].search_read(
            [("module", "=", MODULE), ("name", "in", list(names))], ["name", "res_id"]
        )
        return {row["name"]: row["res_id"] for row in rows}

    def name(self, records, names):
        """Give `records` the external ids `names`."""
        self.env["ir.model.data"].create(
            [
                {
                    "module": MODULE,
                    "name": name,
                    "model": record._name,
                    "res_id": record.id,
                    "noupdate": True,
                }
                for name, record in zip(names, records, strict=True)
            ]
        )
        return records

    def make(self, model, values, user=None):
        """Create what is missing of {name: values}, in one batch; return all of it.

        :param user: who creates it, with only his rights; by default the superuser
        """
        known = self._known(values)
        missing = [name for name in values if name not in known]
        target = self.env[model].with_user(user) if user else self.env[model]
        created = target.create([values[name] for name in missing])
        self.name(created, missing)
        known.update(zip(missing, created.ids, strict=True))
        return self.env[model].browse(known[name] for name in values)

    def translate(self, record, **chinese):
        """Set the Chinese text of the fields named."""
        for field, text in chinese.items():
            if record._fields[field].translate:
                record.update_field_translations(field, {ZH: text})

    # Steps

    def step(self, name, label, make):
        """Run `make(self)` unless the step `name` was done before, and commit.

        `make` returns what to say about it, or None when an addon that it needs is
        not there; then a later run tries again.
        """
        marker = f"step_{name}"
        if self._known([marker]):
            return
        start = time.monotonic()
        summary = make(self)
        if summary is None:
            return
        self.name(self.env.company, [marker])
        self.env.cr.commit()
        self.progress(f"{label}: {summary} ({time.monotonic() - start:.1f} s)")

    @contextmanager
    def guard(self, what):
        """Undo and report what fails inside, so that the rest of the demo is made."""
        try:
            with self.env.cr.savepoint():
                yield
                self.env.flush_all()
        except Exception as error:  # whatever an addon may raise
            self.warnings.append(f"{what} failed: {error}")
            _logger.warning("Demo data: %s failed", what, exc_info=True)

    @contextmanager
    def at(self, moment):
        """Let Odoo take `moment` for the present: deadlines and logs follow from it."""

        class Clock(datetime, metaclass=_StandIn):
            @classmethod
            def now(cls, tz=None):
                return moment

        class Calendar(date, metaclass=_StandIn):
            @classmethod
            def today(cls):
                return moment.date()

        self.env.flush_all()
        with (
            patch.object(fields_temporal, "datetime", Clock),
            patch.object(fields_temporal, "date", Calendar),
            patch.object(BaseCursor, "now", lambda cursor: moment),
        ):
            yield
            self.env.flush_all()

    def backdate(self, records, column, moments):
        """Set the datetime `column` of `records` in the database, one moment each.

        For columns that Odoo fills by itself (create_date) or sets to now.
        """
        records.flush_recordset()
        table = records._table
        self.env.cr.execute_values(
            f'UPDATE "{table}" SET "{column}" = v.moment::timestamp '
            f'FROM (VALUES %s) AS v(id, moment) WHERE "{table}".id = v.id',
            list(zip(records.ids, moments, strict=True)),
        )
        records.invalidate_recordset([column])
