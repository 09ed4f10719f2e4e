from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestAccessReport(TransactionCase):
    """What somebody should look at, and mending it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = new_test_user(cls.env, "anna", "base.group_user")
        cls.boss = new_test_user(cls.env, "boss", "base.group_system")
        cls.mary = new_test_user(cls.env, "mary", "erp_audit.group_access_manager")
        cls.auditor = new_test_user(cls.env, "aud", "erp_audit.group_audit_auditor")
        cls.privilege = cls.env["res.groups.privilege"].create({"name": "Money"})
        cls.treasury = cls.env["res.groups"].create(
            {"name": "Treasury", "privilege_id": cls.privilege.id}
        )
        cls.access = cls.env["ir.model.access"].create(
            {
                "name": "treasury",
                "model_id": cls.env["ir.model"]._get_id("res.currency"),
                "group_id": cls.treasury.id,
                "perm_read": True,
                "perm_write": True,
            }
        )

    def _found(self, kind, user=None, **values):
        domain = [("kind", "=", kind)]
        if user:
            domain.append(("user_id", "=", user.id))
        domain += [(name, "=", value) for name, value in values.items()]
        return self.env["erp.access.report"].with_user(self.mary).search(domain)

    def _age(self, user, days):
        moment = fields.Datetime.now() - timedelta(days=days)
        self.env.cr.execute(
            "UPDATE res_users SET create_date = %s WHERE id = %s", [moment, user.id]
        )
        self.env.invalidate_all()

    def _log_in(self, user, days=0):
        log = self.env["res.users.log"].with_user(user).sudo().create({})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_users_log SET create_date = %s, create_uid = %s WHERE id = %s",
            [fields.Datetime.now() - timedelta(days=days), user.id, log.id],
        )

    def test_since_when_somebody_has_a_right(self):
        """Since it was given last, from whichever side that was recorded."""
        number = self.env["erp.audit.source"]._number
        users, groups = number("res.users"), number("res.groups")
        for year, row in (
            (2026, (users, self.anna.id, groups, self.treasury.id)),
            (2025, (groups, self.treasury.id, users, self.anna.id)),
        ):
            self.env.cr.execute(
                "INSERT INTO erp_audit_log (ts, op, source, res_id, other, other_id)"
                " VALUES (%s, 'l', %s, %s, %s, %s)",
                [f"{year}-03-02 10:00:00", *row],
            )
        since = self.env["erp.access.report.use"]._granted(self.anna)
        self.assertEqual(
            since[self.anna.id, self.treasury.id], datetime(2026, 3, 2, 10)
        )

    def test_administrators_without_second_factor(self):
        self.assertTrue(self._found("no_factor", self.boss))
        self.assertFalse(self._found("no_factor", self.anna))
        if "totp_secret" in self.env["res.users"]._fields:
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE res_users SET totp_secret = 'x' WHERE id = %s", [self.boss.id]
            )
            self.assertFalse(self._found("no_factor", self.boss))

    def test_ones_own_second_factor_is_set_up_at_once(self):
        self.mary.group_ids += self.env.ref("base.group_erp_manager")
        own = self._found("no_factor", self.mary)
        self.assertTrue(own.is_own)
        self.assertFalse(own.can_mend)
        wizard = "action_totp_enable_wizard"
        with patch.object(self.registry["res.users"], wizard, lambda user: user.login):
            self.assertEqual(own.action_own_factor(), "mary")
            with self.assertRaises(UserError):
                self._found("no_factor", self.boss).action_own_factor()

    def test_tiers_without_people_are_not_left_over(self):
        tiers = self.env.ref("erp_audit.privilege_tier").group_ids
        found = self._found("empty_group")
        self.assertIn(self.treasury, found.group_id)
        self.assertFalse(found.group_id & tiers)

    def test_asking_for_a_second_factor(self):
        finding = self._found("no_factor", self.boss)
        finding.action_ask_factor()
        finding.action_ask_factor()
        activities = self.boss.partner_id.activity_ids
        self.assertEqual(activities.user_id, self.boss)
        self.assertEqual(len(activities), 1)

    def test_sleeping_accounts(self):
        self.assertFalse(self._found("sleeping", self.anna))
        self._age(self.anna, 45)
        finding = self._found("sleeping", self.anna)
        self.assertEqual((finding.number, finding.last_on), (45, False))
        self._log_in(self.anna, 31)
        self.env.invalidate_all()
        self.assertEqual(self._found("sleeping", self.anna).number, 31)
        self._log_in(self.anna)
        self.assertFalse(self._found("sleeping", self.anna))

    def test_archiving(self):
        self._age(self.anna, 45)
        self._found("sleeping", self.anna).action_archive_user()
        self.assertFalse(self.anna.active)

    def test_the_last_administrator_is_not_archived(self):
        system = self.env.ref("base.group_system")
        others = system.all_user_ids.filtered("active") - self.boss
        others.write({"group_ids": [Command.unlink(system.id)]})
        with self.assertRaisesRegex(UserError, "last one"):
            self._found("no_factor", self.boss).action_archive_user()
        self.assertTrue(self.boss.active)

    def test_keys_without_end(self):
        keys = self.env["res.users.apikeys"].with_user(self.boss)
        keys._generate("rpc", "Shop", None)
        finding = self._found("endless_key", self.boss)
        self.assertEqual((finding.detail, finding.grave), ("Shop", True))
        key = finding.sudo().key_id
        finding.action_end_key()
        self.assertTrue(key.expiration_date > fields.Datetime.now())
        self.assertFalse(self._found("endless_key", self.boss))

    def test_revoking_keys(self):
        self.env["res.users.apikeys"].with_user(self.boss)._generate("rpc", "A", None)
        finding = self._found("endless_key", self.boss)
        key = finding.sudo().key_id
        finding.action_revoke_key()
        self.assertFalse(key.exists())

    def test_models_without_access_rules(self):
        model = self.env["ir.model"]._get("res.currency")
        self.assertFalse(self._found("no_access", model_id=model.id))
        model.access_ids.active = False
        self.assertTrue(self._found("no_access", model_id=model.id))

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_open_to_everybody(self):
        model = self.env["ir.model"]._get("res.currency")
        access = self.access.copy({"group_id": False})
        found = self._found("open_model", model_id=model.id)
        self.assertIn(access.name, found.mapped("detail"))
        self.assertTrue(any(found.mapped("grave")))

    def test_rules_without_limit(self):
        rule = self.env["ir.rule"].create(
            {
                "name": "all",
                "model_id": self.env["ir.model"]._get_id("res.currency"),
                "domain_force": "[(1, '=', 1)]",
                "groups": [Command.link(self.treasury.id)],
            }
        )
        self.anna.group_ids += self.treasury
        self.assertEqual(self._found("open_rule", rule_id=rule.id).number, 1)
        rule.domain_force = "[('id', '=', 1)]"
        self.assertFalse(self._found("open_rule", rule_id=rule.id))

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_recording_a_model(self):
        model = self.env["ir.model"]._get("res.currency")
        self.access.copy({"group_id": False})
        rules = self.env["erp.audit.rule"]
        rules.search([("model_id", "=", model.id)]).unlink()
        self._found("open_model", model_id=model.id).action_audit()
        rule = rules.search([("model_id", "=", model.id)])
        self.assertEqual(rule.state, "confirmed")

    def test_unused_rights(self):
        self.anna.group_ids += self.treasury
        self.assertFalse(self._found("unused", self.anna))
        self._age(self.anna, 100)
        finding = self._found("unused", self.anna)
        self.assertEqual(finding.group_id, self.treasury)
        rule = self.env["erp.audit.rule"]
        if not rule.search([("model_name", "=", "res.currency")]):
            rule.create(
                {"model_id": self.env["ir.model"]._get_id("res.currency")}
            ).action_confirm()
        currency = self.env["res.currency"].create({"name": "XAB", "symbol": "x"})
        currency.with_user(self.anna).symbol = "y"
        self.env["erp.access.report"].with_user(self.mary).action_show("unused")
        self.assertFalse(self._found("unused", self.anna))

    def test_withdrawing_an_unused_right(self):
        self.anna.group_ids += self.treasury
        self._age(self.anna, 100)
        self._found("unused", self.anna).action_withdraw()
        self.assertNotIn(self.treasury, self.anna.group_ids)

    def test_portal_users_with_internal_rights(self):
        portal = new_test_user(self.env, "customer", "base.group_portal")
        self.anna.group_ids += self.treasury
        self.assertFalse(self._found("portal", portal))
        portal.group_ids += self.treasury
        self.assertEqual(self._found("portal", portal).group_id, self.treasury)

    def test_a_portal_user_made_employee_past_odoo(self):
        portal = new_test_user(self.env, "customer", "base.group_portal")
        self.treasury.implied_ids = self.env.ref("base.group_user")
        self.anna.group_ids += self.treasury
        self.env.cr.execute(
            "INSERT INTO res_groups_users_rel (uid, gid) VALUES (%s, %s)",
            [portal.id, self.treasury.id],
        )
        self.env.invalidate_all()
        self._found("portal", portal).action_withdraw()
        self.assertEqual(portal.group_ids, self.env.ref("base.group_portal"))
        # who is an employee by such a group alone stays one
        self.anna.group_ids = self.treasury
        self._age(self.anna, 100)
        self._found("unused", self.anna).action_withdraw()
        self.assertEqual(self.anna.group_ids, self.env.ref("base.group_user"))

    def test_opening_what_decides_about_documents(self):
        rule = self.env["ir.rule"].create(
            {
                "name": "All",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": "[(1, '=', 1)]",
            }
        )
        finding = self._found("open_rule", rule_id=rule.id)
        action = finding.action_rules()
        self.assertEqual((action["res_model"], action["res_id"]), ("ir.rule", rule.id))
        self.access.group_id = False
        self.access.model_id = self.env["ir.model"]._get_id("res.partner")
        finding = self._found("open_model", model_id=self.access.model_id.id)
        self.assertIn(
            self.access,
            self.env["ir.model.access"].search(finding.action_rules()["domain"]),
        )

    def test_shared_accounts(self):
        now = fields.Datetime.now()
        for number in range(3):
            self.assertFalse(self._found("shared", self.anna))
            self.env["res.device.log"].sudo().create(
                {
                    "session_identifier": f"s{number}",
                    "ip_address": f"10.0.0.{number}",
                    "user_id": self.anna.id,
                    "first_activity": now - timedelta(hours=2),
                    "last_activity": now - timedelta(hours=1),
                }
            )
        finding = self._found("shared", self.anna)
        self.assertEqual(finding.number, 3)
        self.assertIn("10.0.0.2", finding.detail)

    def test_exports_and_empty_groups(self):
        self.assertFalse(self._found("export", self.anna))
        self.anna.group_ids += self.env.ref("base.group_allow_export")
        self.assertTrue(self._found("export", self.anna))
        self.assertTrue(self._found("empty_group", group_id=self.treasury.id))
        self.anna.group_ids += self.treasury
        self.assertFalse(self._found("empty_group", group_id=self.treasury.id))

    def test_conflicts_possible(self):
        other = self.env["res.groups"].create({"name": "Other"})
        conflict = self.env["erp.duty.conflict"].create(
            {
                "name": "Both",
                "left_name": "a",
                "left_group_ids": [Command.set(self.treasury.ids)],
                "right_name": "b",
                "right_group_ids": [Command.set(other.ids)],
            }
        )
        self.anna.group_ids += self.treasury + other
        finding = self._found("duty", self.anna, conflict_id=conflict.id)
        self.assertTrue(finding)
        self.assertEqual(
            finding.action_accept()["res_model"], "erp.duty.conflict.accept"
        )
        self.env["erp.duty.conflict.exception"].with_user(self.mary)._accept(
            conflict, self.anna, "Small company", fields.Date.today()
        )
        self.assertFalse(self._found("duty", self.anna, conflict_id=conflict.id))

    def test_making_a_review(self):
        action = self._found("no_factor", self.boss).action_review()
        review = self.env["erp.access.review"].browse(action["res_id"])
        self.assertEqual(review.user_ids, self.boss)
        self.assertEqual(review.create_uid, self.mary)

    def test_who_can_do_what(self):
        rights = self.env["erp.access.report.right"].with_user(self.auditor)
        domain = [("user_id", "=", self.anna.id), ("model", "=", "res.currency")]
        self.assertFalse(rights.search(domain).can_write)
        self.anna.group_ids += self.treasury
        self.env.invalidate_all()
        right = rights.search(domain)
        self.assertTrue(right.can_read and right.can_write)
        self.assertFalse(right.can_unlink)
        self.assertIn(self.treasury, right.group_ids)
        # as the access lists themselves say it
        for model in ("res.partner", "res.users", "ir.rule", "res.currency"):
            right = rights.search(
                [("user_id", "=", self.anna.id), ("model", "=", model)]
            )
            records = self.env[model].with_user(self.anna)
            for operation in ("read", "write", "create", "unlink"):
                self.assertEqual(
                    right[f"can_{operation}"], records.has_access(operation), model
                )

    def test_auditors_read_and_do_not_mend(self):
        self._age(self.anna, 45)
        finding = self._found("sleeping", self.anna).with_user(self.auditor)
        self.assertEqual(finding.user_id, self.anna)
        self.assertFalse(finding.can_mend)
        for act in (finding.action_archive_user, finding.action_review):
            with self.assertRaises(AccessError):
                act()
        with self.assertRaises(AccessError):
            finding.with_user(self.mary).sudo().action_archive_user()

    def test_nobody_else_reads(self):
        for user in (self.anna, self.boss):
            for name in ("", ".right", ".chain", ".use"):
                records = self.env[f"erp.access.report{name}"].with_user(user)
                with self.assertRaises(AccessError):
                    records.search([])

    def test_nobody_mends_what_is_about_himself(self):
        self._age(self.mary, 45)
        finding = self._found("sleeping", self.mary)
        self.assertFalse(finding.can_mend)
        with self.assertRaises(AccessError):
            finding.action_archive_user()

    def test_the_wrong_way_of_mending(self):
        with self.assertRaises(UserError):
            self._found("no_factor", self.boss).action_withdraw()

    def test_every_kind_can_be_shown(self):
        """Each list opens, with all its fields, as the auditor sees it."""
        reports = self.env["erp.access.report"].with_user(self.auditor)
        for kind, _words in reports._fields["kind"].selection:
            action = reports.action_show(kind)
            self.assertIn(kind, str(action["domain"]))
            reports.search([("kind", "=", kind)], limit=5).read()
        reports.formatted_read_group([], ["kind"], ["__count"])
        self.env["erp.access.report.chain"].with_user(self.auditor).search([]).read()

    def test_queries_do_not_grow(self):
        """One person or a hundred, the lists cost the same."""
        users = self.env["res.users"].create(
            [{"name": f"u{n}", "login": f"u{n}"} for n in range(100)]
        )
        users.group_ids += self.env.ref("base.group_allow_export")
        reports = self.env["erp.access.report"].with_user(self.auditor)
        rights = self.env["erp.access.report.right"].with_user(self.auditor)

        def count(records, domain, limit):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = records.search(domain, limit=limit)
            self.assertEqual(len(found), limit)
            found.web_read({name: {} for name in records._fields})
            return self.env.cr.sql_log_count - before

        for records, domain in (
            (reports, [("kind", "=", "export")]),
            (rights, [("model", "=", "res.partner")]),
        ):
            count(records, domain, 1)
            one = count(records, domain, 1)
            self.assertLessEqual(count(records, domain, 100), one + 1)
