import logging

import psycopg2

from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import capture, store
from ..context import READY

_logger = logging.getLogger(__name__)

# recorded whatever the rules say: who may do what, and what is recorded; with the
# columns that the machine itself writes all the time
ALWAYS = {
    "approval.event": (),
    "auth.oauth.provider": (),
    "auth.passkey.key": ("sign_count",),
    "base.automation": ("last_run",),
    "erp.audit.alert": ("facts", "hits", "last_date", "record_count"),
    "erp.audit.alert.rule": (),
    "erp.audit.rule": (),
    "fetchmail.server": ("date", "error_date", "error_message"),
    "ir.actions.server": (),
    "ir.config_parameter": (),
    "ir.cron": ("failure_count", "first_failure_date", "lastcall", "nextcall"),
    "ir.mail_server": (),
    "ir.model.access": (),
    "ir.module.module": ("latest_version",),
    "ir.rule": (),
    "res.groups": (),
    "res.groups.privilege": (),
    "res.users": ("totp_last_counter",),
    "res.users.apikeys": (),
}
# how long a rule waits for those who are writing
LOCK_TIMEOUT = "5s"
# one at a time: any constant does
LOCK = 0x4552505F41554449
NOT_RECORDED = ("create_uid", "create_date", "write_uid", "write_date")


class ErpAuditRule(models.Model):
    """From rules to triggers: what the database records is what the rules say."""

    _inherit = "erp.audit.rule"

    def init(self):
        """Create the table of the trail."""
        store.create(self.env.cr)

    def _register_hook(self):
        """Override: columns may have come and gone with the addons just loaded."""
        super()._register_hook()
        self._mark_readings()
        self._mark_field_checks()
        if self.env.registry.updated_modules:
            self._number_models()
            self._make_default_rules()
            self._sync_if_free()
        ready = not self._is_leaving() and capture.has_helpers(self.env.cr)
        setattr(self.env.registry, READY, ready)

    # -- triggers ----------------------------------------------------------------------

    @api.model
    def _sync_if_free(self):
        """Let the triggers follow addons that came or went; the daily check else."""
        try:
            with self.env.cr.savepoint():
                self._sync_now()
        except psycopg2.errors.LockNotAvailable:
            # the addons are there, or gone, all the same
            _logger.warning("Audit triggers wait for others: tables are in use")

    @api.model
    def _sync(self):
        """Write the triggers that differ from the rules; take away the others.

        :return: names of the tables whose triggers were written or taken away
        :raise UserError: if others keep a table busy
        """
        self._mark_readings()
        try:
            with self.env.cr.savepoint():
                return self._sync_now()
        except psycopg2.errors.LockNotAvailable:
            raise UserError(
                self.env._(
                    "Somebody is writing to these documents just now. Nothing was "
                    "changed; try again in a moment."
                )
            ) from None

    def _sync_now(self):
        cr = self.env.cr
        cr.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cr.execute(SQL("SET LOCAL lock_timeout = %s", LOCK_TIMEOUT))
        capture.helpers(cr)
        wanted = {item.table: item for item in self._captures()}
        present = capture.installed(cr)
        changed = sorted(present.keys() - wanted.keys())
        for table in changed:
            capture.drop(cr, table)
        for table, item in sorted(wanted.items()):
            if present.get(table) != self._complete(item):
                capture.install(cr, item)
                changed.append(table)
        capture.drop_orphans(cr)
        cr.execute("SET LOCAL lock_timeout = DEFAULT")
        if changed:
            _logger.info("Audit triggers written for %s", ", ".join(changed))
        return changed

    @api.model
    def _complete(self, item):
        """Return what :func:`capture.installed` says of a table that is in order."""
        return capture.signature(item), dict.fromkeys(item.triggers(), True)

    @api.model
    def _findings(self):
        """Return what is wrong with the triggers, as ``[(table, what)]``.

        ``what`` is ``missing``, ``disabled`` or ``changed``.
        """
        present = capture.installed(self.env.cr)
        helpers = capture.helper_findings(self.env.cr)
        found = [(name, "changed") for name in helpers]
        for item in self._captures():
            signature, triggers = present.get(item.table, (None, {}))
            if set(item.triggers()) - set(triggers):
                found.append((item.table, "missing"))
            elif not all(triggers.values()):
                found.append((item.table, "disabled"))
            elif signature != capture.signature(item):
                found.append((item.table, "changed"))
        return found

    @api.model
    def _cron_check(self):
        """Check the triggers, record what is wrong with them, and mend it.

        :return: the findings, see :meth:`_findings`
        """
        found = self._findings()
        for table, what in found:
            self._report_finding(table, what)
        if found:
            self._sync()
        return found

    def _report_finding(self, table, what):
        """Record that the triggers of a table were not in order.

        Alerts listen to this event.
        """
        _logger.warning("Audit triggers of %s are %s", table, what)
        self.env["erp.audit.event"]._log(
            "trigger", detail={"table": table, "what": what}
        )

    # -- what comes with the addons ----------------------------------------------------

    @api.model
    def _number_models(self):
        """Give all models their numbers now: later it would be done in passing."""
        self.env.cr.execute(
            "INSERT INTO erp_audit_source (name) SELECT model FROM ir_model"
            " ON CONFLICT DO NOTHING"
        )
        self.env.registry.clear_cache()

    @api.model
    def _default_rules(self):
        """Return ``{model: values}`` of the rules that addons bring along.

        They are made as soon as both the rule's addon and the model are there, and
        record from then on. To do without one, stop it; a rule that was deleted comes
        back with the next update.
        """
        everything = {"log_relations": True}
        names = ("approval.policy", "approval.step", "approval.delegation")
        return dict.fromkeys(names, everything)

    @api.model
    def _make_default_rules(self):
        """Make the rules of :meth:`_default_rules` that are missing."""
        # sudo: rules that come with addons, whoever installs them
        rules = self.sudo().with_context(tracking_disable=True)
        known = {name for (name,) in rules._read_group([], ["model_name"])}
        for name, values in self._default_rules().items():
            if name in self.env and name not in known:
                rules.create(self._default_values(name, values))

    def _default_values(self, name, values):
        values = dict(values, state="confirmed")
        values["model_id"] = self.env["ir.model"]._get_id(name)
        for key in ("excluded_field_ids", "masked_field_ids"):
            names = values.get(key, ())
            fields_ = [self.env["ir.model.fields"]._get(name, field) for field in names]
            values[key] = [Command.set([field.id for field in fields_ if field])]
        return values

    # -- what is wanted ----------------------------------------------------------------

    @api.model
    def _captures(self):
        """Return what is to be recorded, table by table, by the confirmed rules."""
        if self._is_leaving():
            return []
        # sudo: rules of all, whoever loads the registry
        rules = self.sudo().search([("state", "=", "confirmed")])
        rules = rules.filtered(lambda rule: not rule._refusal())
        always = self._always()
        found = {}
        for item in always + [rule._capture() for rule in rules]:
            for part in [item, *self._parents(item)]:
                if part.table in found:
                    found[part.table].merge(part)
                else:
                    found[part.table] = part
        for model, excluded, inherited in self._linking(rules):
            for item in self._relation_captures(model, excluded, inherited):
                found.setdefault(item.table, item)
        return list(found.values())

    def _linking(self, rules):
        """Yield ``(model, excluded fields, inherited)`` of which links are recorded.

        A relation is shown on the side of the first that names it.
        """
        rules = rules.filtered("log_relations")
        for inherited in (False, True):
            for rule in rules:
                excluded = set(rule.excluded_field_ids.mapped("name"))
                yield self.env[rule.model_name], excluded, inherited
        for name in ALWAYS:
            if name in self.env:
                yield self.env[name], (), False

    def _is_leaving(self):
        """Return whether the addon is being uninstalled."""
        self.env.cr.execute(
            "SELECT 1 FROM ir_module_module"
            " WHERE name = 'erp_audit' AND state IN ('to remove', 'uninstalled')"
        )
        return bool(self.env.cr.fetchone())

    def _always(self):
        """Return captures of the models that are recorded without a rule."""
        return [
            self._table_capture(self.env[name], excluded=excluded)
            for name, excluded in ALWAYS.items()
            if name in self.env and self._has_table(self.env[name])
        ]

    def _parents(self, item):
        """Return captures of the tables that a table inherits from."""
        names = capture.parents_of(self.env.cr, item.table)
        return [
            self._table_capture(model, item.operations)
            for model in self.env.values()
            if model._table in names and not model._abstract
        ]

    def _has_table(self, model):
        """Return whether a model has an ordinary table with numbered rows."""
        columns = capture.columns_of(self.env.cr, model._table)
        return "id" in columns and capture.is_table(self.env.cr, model._table)

    def _capture(self):
        operations = {
            code
            for code, name in (
                ("c", "log_create"),
                ("w", "log_write"),
                ("d", "log_unlink"),
            )
            if self[name]
        }
        return self._table_capture(
            self.env[self.model_name],
            operations,
            self.excluded_field_ids.mapped("name"),
            self.masked_field_ids.mapped("name"),
        )

    @api.model
    def _table_capture(self, model, operations="cwd", excluded=(), masked=()):
        cr = self.env.cr
        columns = capture.columns_of(cr, model._table)
        secrets = {
            name
            for name, kind in columns.items()
            if capture.is_secret(name, model._table, kind)
        }
        secrets.update(
            name for name, field in model._fields.items() if field.groups == "."
        )
        return capture.TableCapture(
            model._table,
            self.env["erp.audit.source"]._number(model._name),
            columns,
            {*NOT_RECORDED, *excluded},
            {*secrets, *masked},
            operations,
            capture.schema_of(cr),
            capture.shape_of(cr, model._table),
        )

    @api.model
    def _relation_captures(self, model, excluded=(), inherited=False):
        """Yield the relations of the model's many2many fields, or of its parents'."""
        source = self.env["erp.audit.source"]
        schema = capture.schema_of(self.env.cr)
        for field in model._fields.values():
            if field.type != "many2many" or field.name in excluded:
                continue
            if bool(field.inherited) != inherited:
                continue
            # tags of the template, seen on the variant
            field = field.base_field if field.inherited else field
            if not field.store or not field.relation:
                continue
            columns = capture.columns_of(self.env.cr, field.relation)
            if not {field.column1, field.column2} <= set(columns):
                continue
            if not capture.is_table(self.env.cr, field.relation):
                continue
            yield capture.RelationCapture(
                field.relation,
                (field.column1, source._number(field.model_name), field.name),
                (field.column2, source._number(field.comodel_name), ""),
                schema,
            )

    # -- reading -----------------------------------------------------------------------

    @api.model
    def _mark_readings(self):
        """Tell the models whose reading is recorded so; others pay nothing for it."""
        # sudo: rules of all, whoever loads the registry
        rules = self.sudo().search([("state", "=", "confirmed")])
        registry = self.env.registry
        # reading the trail itself is recorded without a rule
        reads = {"erp.audit.record", *rules.filtered("log_reads").mapped("model_name")}
        reads = frozenset(reads)
        files = frozenset(rules.filtered("log_files").mapped("model_name"))
        before = getattr(registry, "erp_audit_marks", (frozenset(), frozenset()))
        registry.erp_audit_marks = (reads, files)
        if registry.ready and before != (reads, files):
            # the other workers learn it with their next request
            registry.registry_invalidated = True
