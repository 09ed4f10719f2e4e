from odoo.tests import new_test_user, tagged

from .common import AuditCase
from .common_alert import AlertMixin


@tagged("post_install", "-at_install")
class TestAlertLogins(AlertMixin, AuditCase):
    """Logins, keys and attempts, as the trail records them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss = new_test_user(cls.env, "boss", "base.group_system")

    def _failed(self, number, minute=0, **values):
        for n in range(number):
            self._record_event(
                "login_failed",
                ts=f"2026-03-02 10:{minute + n // 60:02}:{n % 60:02}",
                res_id=self.anna.id,
                diff={"login": "anna"},
                ip="10.0.0.7",
                **values,
            )

    def test_password_guessing(self):
        """Ten failures in ten minutes: an alert for the person, one for the address."""
        with self._doing("brute_force") as found:
            self._failed(12)
        self.assertEqual(len(found.alerts), 2)
        by_person = found.alerts.filtered("person_id")
        self.assertEqual(by_person.person_id, self.anna)
        self.assertEqual(by_person.record_count, 12)
        self.assertIn("12", by_person.name)
        self.assertIn("anna", by_person.name)
        self.assertIn("10.0.0.7", (found.alerts - by_person).name)

    def test_some_failures_are_none(self):
        """Nine are none, nor are twelve in an hour."""
        with self._doing("brute_force") as found:
            self._failed(9)
            for minute in range(0, 60, 5):
                self._record_event(
                    "login_failed",
                    ts=f"2026-03-03 11:{minute:02}:00",
                    diff={"login": "bob"},
                )
        self.assertFalse(found.alerts)

    def test_failures_that_were_not_recorded_count(self):
        """What the rate limit left out is counted."""
        with self._doing("brute_force") as found:
            self._record_event(
                "login_failed", diff={"login": "anna", "left_out": 40}, ip="10.0.0.7"
            )
        self.assertEqual(len(found.alerts), 2)

    def test_windows_over_the_end_of_a_run(self):
        """Five failures before a run and five after it are ten."""
        rule = self._rule_of("brute_force")
        first = self._last()
        self._failed(5)
        self._look(rule, first)
        self.assertFalse(self._alerts(rule))
        second = self._last()
        self._failed(5, minute=3)
        self._look(rule, second)
        self.assertEqual(len(self._alerts(rule)), 2)
        self.assertEqual(self._alerts(rule).mapped("record_count"), [10, 10])

    def test_late_record_between_others(self):
        """A record that is committed late completes a window of records seen before."""
        rule = self._rule_of("brute_force")
        start = self._last()
        self._failed(5)
        self._failed(4, minute=5)
        self._look(rule, start)
        self.assertFalse(self._alerts(rule))
        late = self._last()
        self._failed(1, minute=3)
        self._look(rule, late)
        self.assertEqual(len(self._alerts(rule)), 2)

    def test_success_after_failures(self):
        """Who gets in after five failures; not who mistyped twice."""
        with self._doing("success_after_failures") as found:
            self._failed(5)
            self._record_event("login", self.anna, "2026-03-02 10:05:00", ip="1.2.3.4")
            for second in range(2):
                self._record_event(
                    "login_failed",
                    ts=f"2026-03-02 11:00:0{second}",
                    res_id=self.boss.id,
                    diff={"login": "boss"},
                )
            self._record_event("login", self.boss, "2026-03-02 11:05:00")
            # an hour later it is forgotten
            self._record_event("login", self.anna, "2026-03-02 11:50:00")
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.hits, 1)
        self.assertEqual(found.alerts.record_count, 6)
        self.assertEqual(found.alerts.severity, "critical")
        self.assertIn("1.2.3.4", found.alerts.name)

    def test_new_place_of_a_privileged_person(self):
        """An address or device that an administrator never used; his first is none."""
        with self._doing("new_place") as found:
            for day, ip, device in (
                (1, "10.0.0.1", "linux firefox"),
                (2, "10.0.0.1", "linux firefox"),
                (3, "172.16.0.9", "linux firefox"),
                (4, "10.0.0.1", "android chrome"),
            ):
                for user in (self.boss, self.anna):
                    self._record_event(
                        "login",
                        user,
                        f"2026-03-0{day} 09:00:00",
                        ip=ip,
                        diff={"device": device},
                    )
        self.assertEqual(found.alerts.person_id, self.boss)
        self.assertEqual(len(found.alerts), 2)
        self.assertIn("172.16.0.9", found.alerts[1].name)
        self.assertIn("android chrome", found.alerts[0].name)

    def test_outside_hours_by_the_own_clock(self):
        """Ten in the morning in Shanghai is two at night in Greenwich."""
        calendar = self.env["resource.calendar"].create({"name": "Usual", "tz": "UTC"})
        self.env.company.resource_calendar_id = calendar
        self.anna.tz = "Asia/Shanghai"
        self.boss.tz = "UTC"
        with self._doing("outside_hours", minutes=30) as found:
            # a Monday
            for user in (self.anna, self.boss):
                self._record_event("login", user, "2026-03-02 02:00:00")
            self._record_event("login", self.anna, "2026-03-02 14:00:00")
            # nobody works on Sundays
            self._record_event("login", self.boss, "2026-03-08 10:00:00")
        self.assertEqual(
            found.alerts.sorted("last_date").mapped("facts"),
            [
                {"at": "2026-03-02 02:00", "zone": "UTC"},
                {"at": "2026-03-02 22:00", "zone": "Asia/Shanghai"},
                {"at": "2026-03-08 10:00", "zone": "UTC"},
            ],
        )

    def test_customers_have_no_working_hours(self):
        """Who orders in the portal on a Sunday is no alert, an employee is."""
        self.env.company.resource_calendar_id = self.env["resource.calendar"].create(
            {"name": "Usual", "tz": "UTC"}
        )
        customer = new_test_user(self.env, "customer", "base.group_portal")
        with self._doing("outside_hours") as found:
            self._record_event("login", customer, "2026-03-08 10:00:00")
            self._record_event("login", self.boss, "2026-03-08 10:00:00")
        self.assertEqual(found.alerts.person_id, self.boss)

    def test_holidays_are_no_working_hours(self):
        """A public holiday of the company."""
        calendar = self.env["resource.calendar"].create({"name": "Usual", "tz": "UTC"})
        self.env.company.resource_calendar_id = calendar
        self.boss.tz = "UTC"
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "date_from": "2026-03-02 00:00:00",
                "date_to": "2026-03-02 23:00:00",
            }
        )
        with self._doing("outside_hours") as found:
            self._record_event("login", self.boss, "2026-03-02 10:00:00")
            self._record_event("login", self.boss, "2026-03-03 10:00:00")
        self.assertEqual(found.alerts.facts["at"], "2026-03-02 10:00")

    def test_sleeping_account(self):
        """After 60 days without a record; the second login is none."""
        self._record_event("login", self.anna, "2026-01-02 09:00:00")
        self._record_event("login", self.boss, "2026-03-20 09:00:00")
        with self._doing("dormant_user") as found:
            self._record_event("login", self.anna, "2026-03-25 09:00:00")
            self._record_event("login", self.boss, "2026-03-25 09:00:00")
            self._record_event("login", self.anna, "2026-03-25 09:10:00")
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.hits, 1)
        self.assertEqual(found.alerts.facts["days"], 82)

    def test_what_the_trail_does_not_reach_is_not_known(self):
        """On the first day of the trail, everybody logs in for the first time."""
        with self._doing("dormant_user") as found:
            self._record_event("login", self.boss, "2026-03-25 09:00:00")
        self.assertFalse(found.alerts)

    def test_superuser(self):
        """Who becomes superuser; not who just logs in."""
        with self._doing("superuser") as found:
            self._record_event("become_superuser", self.boss)
            self._record_event("login", self.anna)
        self.assertEqual(found.alerts.person_id, self.boss)

    def test_privileged_login_without_second_factor(self):
        """Administrators with a password alone; not with a second factor or a key."""
        safe = new_test_user(self.env, "safe", "base.group_system")
        safe.sudo().write({"totp_secret": "JBSWY3DPEHPK3PXP"})
        with self._doing("no_second_factor") as found:
            for user in (self.boss, self.anna, safe):
                self._record_event("login", user, diff={"type": "password"})
            self._record_event(
                "login", self.auditor, diff={"type": "webauthn"}, ip="1.1.1.1"
            )
        self.assertEqual(found.alerts.person_id, self.boss)

    def test_second_factor_removed(self):
        """Switched off raises, switched on does not."""
        with self._doing("second_factor_removed") as found:
            self.anna.sudo().write({"totp_secret": "JBSWY3DPEHPK3PXP"})
        self.assertFalse(found.alerts)
        with self._doing("second_factor_removed") as found:
            self.anna.sudo().write({"totp_secret": False})
        self.assertEqual(found.alerts.person_id, self.anna)

    def test_second_factor_removed_in_the_database(self):
        """Where no event tells it; another secret in its place is none."""
        with self._doing("second_factor_removed") as found:
            for secret in ("JBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLU"):
                self.env.cr.execute(
                    "UPDATE res_users SET totp_secret = %s WHERE id = %s",
                    [secret, self.anna.id],
                )
        self.assertFalse(found.alerts)
        with self._doing("second_factor_removed") as found:
            self.env.cr.execute(
                "UPDATE res_users SET totp_secret = NULL WHERE id = %s", [self.anna.id]
            )
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertIn("second factor", found.alerts.name)

    def test_passkeys_removed_by_nobody_known(self):
        """One alert, however often somebody comes back to the database."""
        rule = self._rule_of("second_factor_removed")
        for hour in (10, 11):
            self._record_event(
                None,
                ts=f"2026-03-02 {hour}:00:00",
                op="d",
                model="auth.passkey.key",
                res_id=hour,
                diff={"create_uid": self.anna.id},
            )
            self._look(rule, self.last)
        self.assertEqual(self._alerts(rule).mapped("hits"), [2])

    def test_key_without_end(self):
        """A key for ever raises, one for a day does not."""
        keys = self.env["res.users.apikeys"].with_user(self.anna).sudo()
        with self._doing("key_without_end") as found:
            keys._generate("rpc", "Day", "2026-12-31 00:00:00")
        self.assertFalse(found.alerts)
        with self._doing("key_without_end") as found:
            keys._generate("rpc", "For ever", None)
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertIn("For ever", found.alerts.name)

    def test_program_from_a_new_address(self):
        """The second address of a program; not its first, not the same again."""
        with self._doing("key_new_address") as found:
            for day, ip in ((1, "10.0.0.1"), (2, "10.0.0.1"), (3, "10.9.9.9")):
                self._record_event(
                    "key_used", self.anna, f"2026-03-0{day} 09:00:00", ip=ip
                )
        self.assertEqual(found.alerts.facts["ip"], "10.9.9.9")

    def test_several_addresses(self):
        """Three within ten minutes; the same two going back and forth are two."""
        with self._doing("many_addresses") as found:
            for minute in range(0, 20, 2):
                self._record_event(
                    "read",
                    self.boss,
                    f"2026-03-02 10:{minute:02}:00",
                    ip=f"10.0.0.{minute % 4}",
                )
            for minute in (0, 4, 8):
                self._record_event(
                    "read",
                    self.anna,
                    f"2026-03-02 10:{minute:02}:00",
                    ip=f"10.0.0.{minute}",
                )
            # one after the other, hours between
            for hour in (11, 13, 15):
                self._record_event(
                    "read",
                    self.auditor,
                    f"2026-03-02 {hour}:00:00",
                    ip=f"10.0.0.{hour}",
                )
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["number"], 3)

    def test_probing(self):
        """Twenty refusals in ten minutes, those not recorded included."""
        with self._doing("probing") as found:
            for n in range(5):
                self._record_event(
                    "denied",
                    self.anna,
                    f"2026-03-02 10:0{n}:00",
                    model="ir.config_parameter",
                    diff={"left_out": 3},
                )
                self._record_event("denied", self.boss, f"2026-03-02 10:0{n}:00")
        self.assertEqual(found.alerts.person_id, self.anna)
        self.assertEqual(found.alerts.facts["number"], 20)
