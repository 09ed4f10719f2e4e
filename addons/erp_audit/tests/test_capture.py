from odoo import Command
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestCapture(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls._rule("res.partner")
        cls.anna = new_test_user(
            cls.env, "anna", "base.group_user,base.group_partner_manager"
        )

    @classmethod
    def _rule(cls, model, **values):
        rule = cls.env["erp.audit.rule"].create(
            {"model_id": cls.env["ir.model"]._get_id(model), **values}
        )
        rule.action_confirm()
        return rule

    def _records(self, record):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["erp.audit.record"].search(
            [("source_id.name", "=", record._name), ("res_id", "in", record.ids)],
            order="id",
        )

    def test_paths(self):
        partner = (
            self.env["res.partner"]
            .with_user(self.anna)
            .create(
                {
                    "name": "A",
                    "category_id": [Command.create({"name": "T"})] if False else False,
                }
            )
        )
        rec = self._records(partner)
        print(
            rec.mapped(
                lambda r: (
                    r.op,
                    r.user_id.login,
                    r.effective_user_id.login,
                    r.action,
                    r.diff,
                )
            )
        )
        partner.write({"name": "B", "street": "x"})
        tag = self.env["res.partner.category"].create({"name": "T"})
        partner.category_id = tag
        tag.partner_ids = False
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET city = 'Rome' WHERE id = %s", [partner.id]
        )
        partner.active = False
        rec = self._records(partner)
        print(
            rec.mapped(
                lambda r: (
                    r.op,
                    r.user_id.login,
                    r.effective_user_id.login,
                    r.action,
                    r.diff,
                )
            )
        )
        partner.sudo().unlink()
        rec = self._records(partner)
        self.assertEqual(rec[-1].op, "d")

    def test_gone_column(self):
        self.env.cr.execute("ALTER TABLE res_partner DROP COLUMN color")
        self.env.cr.execute(
            "UPDATE res_partner SET city = 'Rome' WHERE id = %s",
            [self.anna.partner_id.id],
        )
        self.assertEqual(
            self._records(self.anna.partner_id)[-1].diff, {"city": [None, "Rome"]}
        )
