import logging
import time

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError

from .. import keys, sealer, sinks, store

_logger = logging.getLogger(__name__)
# how long one run of the job goes on sealing
SECONDS = 45
# older than this, a record without a seal is a finding
LAG_SECONDS = 300


class ErpAuditSeal(models.Model):
    """A block of the trail that is closed, signed and linked to the one before."""

    _name = "erp.audit.seal"
    _inherit = ["erp.audit.append.only"]
    _description = "Audit Seal"
    _auto = False
    _log_access = False
    _order = "id desc"
    _rec_name = "id"

    kind = fields.Selection(
        [("block", "Block"), ("epoch", "New epoch"), ("dropped", "Month taken away")],
        readonly=True,
    )
    number = fields.Integer(string="Records", readonly=True)
    date = fields.Datetime(string="Sealed on", readonly=True)
    min_date = fields.Datetime(string="First record", readonly=True)
    max_date = fields.Datetime(string="Last record", readonly=True)
    hash = fields.Char(readonly=True)
    root = fields.Char(string="Merkle root", readonly=True)
    public_key = fields.Char(readonly=True)
    header = fields.Text(string="What is signed", readonly=True)
    signature = fields.Char(readonly=True)

    def init(self):
        """Create the table, and the view that this model is."""
        store.create(self.env.cr)
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            """CREATE VIEW erp_audit_seal AS
               SELECT seq AS id, kind, number, min_ts AS min_date, max_ts AS max_date,
                      encode(hash, 'hex') AS hash, header,
                      encode(signature, 'hex') AS signature,
                      (header::json->>'sealed')::timestamp AS date,
                      header::json->>'root' AS root,
                      header::json->>'key' AS public_key
                 FROM erp_audit_chain"""
        )
        store.guard_view(self.env.cr, self._table)

    def _compute_display_name(self):
        for seal in self:
            seal.display_name = self.env._("Seal %s", seal.id)

    # -- sealing -----------------------------------------------------------------------

    @api.model
    def _cron_seal(self):
        """Close blocks until all that can be sealed is sealed."""
        try:
            number = self._seal()
        except (sealer.Discontinuity, keys.KeyProblem) as problem:
            # nothing is lost: records wait, and the lag shows
            _logger.warning("The audit trail is not sealed: %s", problem)
            return
        if number:
            _logger.info("%s blocks of the audit trail sealed", number)
            # the alert rules look at what was sealed
            self.env["erp.audit.alert.engine"]._wake()

    @api.model
    def _seal(self, limit=sealer.LIMIT):
        """Close blocks in transactions of their own, and send the seals away.

        :return: how many blocks, None if another process is sealing
        :raise Discontinuity: if the chain cannot simply go on
        :raise KeyProblem: if there is no key to sign with
        """
        registry, deadline, number = self.env.registry, time.monotonic() + SECONDS, 0
        # The lock has a transaction of its own: those that seal must see what was
        # there when the lock was given, not earlier.
        with registry.cursor() as lock_cr:
            if not sealer.lock(lock_cr, sealer.LOCK_SEAL):
                return None
            key = keys.load()
            while time.monotonic() < deadline:
                with registry.cursor() as cr:
                    seal = self._sealer(cr, key).close(limit)
                if not seal:
                    break
                sealer.publish(seal)
                number += 1
            with registry.cursor() as cr:
                sinks.send(cr, self._database(cr))
        return number

    @api.model
    def _begin_epoch(self, reason, who):
        """Go on sealing after a discontinuity; see :meth:`Sealer.begin_epoch`.

        :raise UserError: if the chain can simply go on
        """
        with self.env.registry.cursor() as lock_cr:
            if not sealer.lock(lock_cr, sealer.LOCK_SEAL):
                raise UserError(
                    self.env._("Sealing is going on. Please try again in a minute.")
                )
            with self.env.registry.cursor() as cr:
                chain = self._sealer(cr, keys.load(), check=False)
                if chain.sound():
                    raise UserError(
                        self.env._("Nothing is wrong: sealing can simply go on.")
                    )
                seal = chain.begin_epoch(reason, who)
            sealer.publish(seal)
        return seal

    @api.model
    def _sealer(self, cr, key, check=True):
        head = keys.read_state(self._database(cr))
        chain = sealer.Sealer(cr, key, head)
        if check:
            chain.check()
        return chain

    @staticmethod
    def _database(cr):
        cr.execute("SELECT value FROM ir_config_parameter WHERE key = 'database.uuid'")
        return cr.fetchone()[0]

    @api.model
    def action_seal(self):
        """Seal now what waits for it; for auditors.

        :return: action that tells how it went
        :raise UserError: if it cannot be sealed
        """
        self._check_auditor()
        try:
            number = self._seal()
        except (sealer.Discontinuity, keys.KeyProblem) as problem:
            raise UserError(
                self.env._("The audit trail is not sealed: %s", problem)
            ) from problem
        waiting = self._status()["unsealed"]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(number)s blocks were sealed. Records that wait: %(waiting)s",
                    number=number or 0,
                    waiting=waiting,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    @api.model
    def _status(self):
        """Return how sealing is doing.

        :return: dict: ``unsealed`` (records that wait), ``lag`` (seconds that the
            oldest waits), ``late`` (too long), ``problem`` (why sealing stopped, a
            text, or an empty one)
        """
        problem = ""
        head = keys.read_state(self._database(self.env.cr))
        # a transaction that began before this one may lack what the head tells of
        with self.env.registry.cursor() as cr:
            lag, number = sealer.lag(cr)
            try:
                sealer.Sealer(cr, None, head).check()
            except sealer.Discontinuity as error:
                problem = str(error)
        return {
            "unsealed": number,
            "lag": lag,
            "late": lag > LAG_SECONDS,
            "problem": problem,
        }

    @api.model
    def _check_auditor(self):
        if not (
            self.env.su or self.env.user.has_group("erp_audit.group_audit_auditor")
        ):
            raise AccessError(self.env._("Only auditors can do this."))
