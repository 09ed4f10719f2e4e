import logging

from odoo import api, models

from .. import capture, store

_logger = logging.getLogger(__name__)


class ErpAuditRule(models.Model):
    """From rules to triggers: what the database records is what the rules say."""

    _inherit = "erp.audit.rule"

    def init(self):
        """Create the table of the trail."""
        store.create(self.env.cr)

    def _register_hook(self):
        """Override: columns may have come and gone with the addons just loaded."""
        super()._register_hook()
        if self.env.registry.updated_modules:
            self._sync()

    @api.model
    def _sync(self):
        """Write the triggers that differ from the rules; take away the others.

        :return: names of the tables whose triggers were written or taken away
        """
        self.env.flush_all()
        cr = self.env.cr
        wanted = {item.table: item for item in self._captures()}
        present = capture.installed(cr)
        changed = []
        for table in present.keys() - wanted.keys():
            capture.drop(cr, table)
            changed.append(table)
        for table, item in wanted.items():
            found = present.get(table)
            if not found or found != (
                capture.signature(item),
                dict.fromkeys(item.triggers(), True),
            ):
                capture.install(cr, item)
                changed.append(table)
        if changed:
            _logger.info("Audit triggers written for %s", ", ".join(sorted(changed)))
        return changed

    @api.model
    def _findings(self):
        """Return what is wrong with the triggers, as ``[(table, what)]``.

        ``what`` is ``missing``, ``disabled`` or ``changed``.
        """
        present = capture.installed(self.env.cr)
        found = []
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
    def _captures(self):
        """Return what is to be recorded, table by table, by the confirmed rules."""
        # sudo: rules of all, whoever loads the registry
        rules = self.sudo().search([("state", "=", "confirmed")])
        rules = rules.filtered(lambda rule: rule.model_name in self.env)
        found = [rule._capture() for rule in rules]
        relations = {}
        for rule in rules.filtered("log_relations"):
            for item in rule._relation_captures():
                relations.setdefault(item.table, item)
        return [item for item in found if item.columns] + list(relations.values())

    def _capture(self):
        model = self.env[self.model_name]
        columns = capture.columns_of(self.env.cr, model._table)
        masked = {name for name in columns if capture.is_secret(name)}
        masked.update(self.masked_field_ids.mapped("name"))
        operations = {
            code
            for code, name in (
                ("c", "log_create"),
                ("w", "log_write"),
                ("d", "log_unlink"),
            )
            if self[name]
        }
        left_out = {"create_uid", "create_date", "write_uid", "write_date"}
        left_out.update(self.excluded_field_ids.mapped("name"))
        return capture.TableCapture(
            model._table,
            self.env["erp.audit.source"]._number(self.model_name),
            columns,
            left_out,
            masked,
            operations,
        )

    def _relation_captures(self):
        """Yield the relations of the model's many2many fields."""
        model = self.env[self.model_name]
        source = self.env["erp.audit.source"]
        excluded = set(self.excluded_field_ids.mapped("name"))
        for field in model._fields.values():
            if field.type != "many2many" or not field.store or field.name in excluded:
                continue
            if field.inherited or not field.relation:
                continue
            if not capture.columns_of(self.env.cr, field.relation):
                continue
            yield capture.RelationCapture(
                field.relation,
                (field.column1, source._number(self.model_name), field.name),
                (field.column2, source._number(field.comodel_name), ""),
            )
