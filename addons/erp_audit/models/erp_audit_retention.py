import json
import logging

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models

from .. import keys, proof, sealer, store

_logger = logging.getLogger(__name__)
# for models without a rule, and events without a model
DEFAULT_MONTHS = 120


class ErpAuditRetention(models.AbstractModel):
    """Makes months of the trail ahead, and takes old ones away with their proof."""

    _name = "erp.audit.retention"
    _description = "Audit Retention"

    @api.model
    def _cron_keep(self):
        """Make the months to come; take away those that are due, index those over."""
        store.make_partitions(self.env.cr)
        self._check_strays()
        self.env["ir.cron"]._commit_progress()
        # of a long trail that takes long the first time: nobody shall wait for it
        self.env["erp.access.report.use"]._refresh()
        # what follows has transactions of its own, and must not wait for this one
        self.env["ir.cron"]._commit_progress()
        for name in self._due():
            self._take_away(name)
        if done := self.env["erp.audit.closed"]._index():
            # perhaps not all yet: the job comes again at once
            self.env["ir.cron"]._commit_progress(done, remaining=1)

    @api.model
    def _check_strays(self):
        """Tell when records are in no month of their own."""
        strays = store.strays(self.env.cr)
        if strays:
            _logger.warning(
                "%s audit records or more have no month of their own", strays
            )
            self.env["erp.audit.event"]._log(
                "audit_default_partition", detail={"records": strays}
            )

    @api.model
    def _due(self, today=None):
        """Return the months of which all records are older than they must be kept."""
        today = today or fields.Date.today()
        due = []
        for name in store.partitions(self.env.cr):
            month = store.month_of(name)
            months = self._months(name) if month else None
            if (
                months
                and store.month_after(month) + relativedelta(months=months) <= today
            ):
                due.append(name)
        return due

    @api.model
    def _months(self, name):
        """Return how long the records of a month are kept, None for ever.

        It is the longest of the rules of the models that it has records of.
        """
        # sudo: rules of all, whoever runs the job
        rules = self.env["erp.audit.rule"].sudo()
        kept = dict(rules._read_group([], ["model_name", "retention_months"]))
        found = [kept.get(model, DEFAULT_MONTHS) for model in self._models(name)]
        if 0 in found:
            return None
        return max(found, default=DEFAULT_MONTHS)

    def _models(self, name):
        """Return the names of the models that a month has records of."""
        # one look into the index for each, instead of reading the whole month;
        # the name is one of store.partitions()
        self.env.cr.execute(  # pylint: disable=sql-injection
            f"""SELECT s.name
                  FROM (SELECT id, name FROM erp_audit_source
                        UNION ALL SELECT 0, '') AS s
                 WHERE EXISTS (SELECT 1 FROM {name} p WHERE p.source = s.id)"""
        )
        return [model for (model,) in self.env.cr.fetchall()]

    @api.model
    def _folder(self, database):
        """Return the folder of exported months, made if needed."""
        path = keys.exports(database)
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    @api.model
    def _take_away(self, name):
        """Export a month with its proof, sign that, and drop it: all or nothing.

        A month that is not what was sealed stays.

        :param str name: name of its partition
        :return: whether it was taken away
        """
        registry = self.env.registry
        with registry.cursor() as lock_cr:
            if not sealer.lock(lock_cr, sealer.LOCK_SEAL):
                return False
            try:
                with registry.cursor() as cr:
                    seal = self._export(cr, name)
            except psycopg2.errors.LockNotAvailable:
                _logger.warning("The month %s is being read: taken away later", name)
                return False
            except (proof.Mismatch, proof.NotSealed) as problem:
                _logger.error(
                    "The month %s of the audit trail is not taken away: %r does not "
                    "fit its seal. Verify the trail.",
                    name,
                    problem,
                )
                return False
            sealer.publish(seal)
        return True

    def _export(self, cr, name):
        """Write the files of a month, its seal, and drop it; return the seal."""
        seals = self.env["erp.audit.seal"]
        chain = seals._sealer(cr, keys.load())
        folder = self._folder(chain.database)
        file = folder / f"{name}.jsonl.gz"
        export = proof.Export(cr, name, keys.trusted())
        digest = export.dump(file)
        month = store.month_of(name)
        facts = {
            "partition": name,
            "start": f"{month}T00:00:00",
            "end": f"{store.month_after(month)}T00:00:00",
            "file": file.name,
            "file_sha256": digest,
        }
        seal = chain.dropped(export.leaves, **facts)
        text = json.dumps(proof.of_export(export, seal, file.name))
        file.with_name(f"{name}.proof.json").write_text(text)
        self.env["erp.audit.event"]._log(
            "audit_month_taken_away",
            detail={**facts, "records": export.number, "seal": seal.seq},
            cr=cr,
        )
        store.drop_partition(cr, name)
        return seal
