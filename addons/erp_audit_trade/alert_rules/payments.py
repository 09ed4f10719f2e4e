"""Where money goes, and who decided so."""

# values are always parameters: what is put together are constants of ours
# pylint: disable=sql-injection

from odoo.tools import SQL

from odoo.addons.erp_audit.alert_rules import Kind, named, people

# Payments that leave, by their posting, and changes of the bank accounts of their
# partners before it; either may be what is new.
PAIRS = """
WITH pay AS MATERIALIZED (
    SELECT f.*, p.id AS payment_id, p.partner_id AS payee,
           coalesce(c.commercial_partner_id, p.partner_id) AS vendor
      FROM erp_audit_log f
      JOIN erp_audit_source s ON s.id = f.source AND s.name = 'account.payment'
      JOIN account_payment p ON p.id = f.res_id AND p.payment_type = 'outbound'
      JOIN res_partner c ON c.id = p.partner_id
     WHERE %(pay)s AND (
           (f.op = 'w' AND f.diff->'state'->>1 IN ('in_process', 'paid')
            AND f.diff->'state'->>0 NOT IN ('in_process', 'paid'))
           OR (f.op = 'c' AND f.diff->>'state' IN ('in_process', 'paid')))
), changed AS MATERIALIZED (
    SELECT f.*, b.id AS bank_id,
           coalesce(c.commercial_partner_id, b.partner_id) AS vendor
      FROM erp_audit_log f
      JOIN erp_audit_source s ON s.id = f.source AND s.name = 'res.partner.bank'
      JOIN res_partner_bank b ON b.id = f.res_id
      JOIN res_partner c ON c.id = b.partner_id
     WHERE %(changed)s AND (
           f.op = 'c'
           OR (f.op = 'w' AND (f.diff ? 'acc_number' OR f.diff ? 'partner_id'
                OR f.diff->'allow_out_payment'->>1 = 'true'
                OR f.diff->'active'->>1 = 'true')))
)
SELECT DISTINCT ON (pay.id)
       pay.vendor::text AS key, pay.company, pay.real_uid AS person,
       changed.real_uid AS actor, changed.ts AS first, pay.ts AS last,
       ARRAY[pay.id] AS hits, ARRAY[changed.id] AS evidence,
       jsonb_build_object('vendor', pay.vendor, 'payment', pay.payment_id, 'hours',
           round(extract(epoch FROM pay.ts - changed.ts) / 3600)) AS facts
  FROM pay JOIN changed ON changed.vendor = pay.vendor
   AND changed.ts <= pay.ts AND changed.ts >= pay.ts - %(window)s
   AND (%(and_also)s)
 ORDER BY pay.id, changed.ts DESC
"""


class BankThenPaid(Kind):
    """A vendor's bank account is changed, and he is paid soon after."""

    code = "bank_then_paid"
    thresholds = {"hours": 72}
    changes = {"account.payment": "cw", "res.partner.bank": "cwa"}
    and_also = "true"

    def window(self, rule):
        """Return how long before the payment the change may have been."""
        return SQL("make_interval(hours => %s)", rule.hours)

    def query(self, rule, span):
        """Override: payments that are new, then changes that are."""
        window = self.window(rule)
        after = SQL(
            "f.ts >= %s::timestamp AND f.ts <= %s + %s", span.low, span.high, window
        )
        before = SQL(
            "f.ts <= %s::timestamp AND f.ts >= %s - %s", span.high, span.low, window
        )
        either = [
            SQL(
                PAIRS,
                pay=pay,
                changed=changed,
                window=window,
                and_also=SQL(self.and_also),
            )
            for pay, changed in ((span.fresh, before), (after, span.fresh))
        ]
        return SQL(
            "SELECT DISTINCT ON (last, hits) * FROM ((%s) UNION ALL (%s)) AS pairs"
            " ORDER BY last, hits, first DESC",
            *either,
        )

    def _names(self, alert):
        vendor = named(alert, "res.partner", "vendor")
        payment = named(alert, "account.payment", "payment")
        return {
            "vendor": vendor.display_name or "?",
            "payment": payment.display_name or "?",
            "person": people(alert.person_id) or "?",
        }

    def words(self, alert):
        """Override: who paid whom, how soon after."""
        return alert.env._(
            "%(vendor)s was paid by %(person)s (%(payment)s) %(hours)s hours after the "
            "bank account was changed by %(actor)s",
            hours=alert.facts.get("hours", 0),
            actor=people(alert.actor_id) or "?",
            **self._names(alert),
        )


class VendorAndPayment(BankThenPaid):
    """The same person changed the bank account of a vendor, and paid him."""

    code = "vendor_and_payment"
    thresholds = {"days": 90}
    and_also = "changed.real_uid = pay.real_uid"

    def window(self, rule):
        """Override: in days."""
        return SQL("make_interval(days => %s)", rule.days)

    def words(self, alert):
        """Override: who, whom."""
        return alert.env._(
            "%(person)s changed the bank account of %(vendor)s, and paid it as well "
            "(%(payment)s)",
            **self._names(alert),
        )
