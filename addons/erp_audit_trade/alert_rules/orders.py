"""Prices that are not what they should be."""

from odoo.tools import SQL

from odoo.addons.erp_audit.alert_rules import Kind, named, people

# Orders confirmed just now, with their lines that are sold far below the list price;
# whether a price list allows it is looked at afterwards.
SOLD = """
SELECT 'sale ' || o.id AS key, f.company, f.real_uid AS person, f.real_uid AS actor,
       f.ts AS first, f.ts AS last, ARRAY[f.id] AS hits,
       (SELECT coalesce(array_agg(h.id), '{}') FROM erp_audit_log h
          JOIN erp_audit_source n ON n.id = h.source AND n.name = 'sale.order.line'
         WHERE h.res_id = ANY(l.ids) AND (h.id < f.id OR h.tx = f.tx)
           AND (h.op = 'c' OR h.diff ? 'price_unit' OR h.diff ? 'discount'))
           AS evidence,
       jsonb_build_object('model', 'sale.order', 'id', o.id, 'lines', l.ids) AS facts
  FROM erp_audit_log f
  JOIN erp_audit_source s ON s.id = f.source AND s.name = 'sale.order'
  JOIN sale_order o ON o.id = f.res_id
 CROSS JOIN LATERAL (
       SELECT array_agg(line.id) AS ids
         FROM sale_order_line line
         JOIN product_product p ON p.id = line.product_id
         JOIN product_template t ON t.id = p.product_tmpl_id
         JOIN uom_uom u ON u.id = line.product_uom_id
         JOIN uom_uom own ON own.id = t.uom_id
        WHERE line.order_id = o.id AND line.display_type IS NULL
          AND NOT coalesce(line.is_downpayment, false) AND t.list_price > 0
          AND line.price_unit * (1 - coalesce(line.discount, 0) / 100)
              < (1 - %(percent)s / 100.0) * t.list_price * u.factor / own.factor
                * coalesce(nullif(o.currency_rate, 0), 1)) l
 WHERE %(fresh)s AND (
       (f.op = 'w' AND f.diff->'state'->>1 = 'sale'
        AND f.diff->'state'->>0 <> 'sale')
       OR (f.op = 'c' AND f.diff->>'state' = 'sale')) AND l.ids IS NOT NULL
"""
# Orders confirmed just now, with the line that is bought furthest above what was
# usually paid for the product.
BOUGHT = """
SELECT 'purchase ' || o.id AS key, f.company, f.real_uid AS person,
       f.real_uid AS actor, f.ts AS first, f.ts AS last, ARRAY[f.id] AS hits,
       (SELECT coalesce(array_agg(h.id), '{}') FROM erp_audit_log h
          JOIN erp_audit_source n ON n.id = h.source AND n.name = 'purchase.order.line'
         WHERE h.res_id = l.id AND (h.id < f.id OR h.tx = f.tx)
           AND (h.op = 'c' OR h.diff ? 'price_unit' OR h.diff ? 'discount'))
           AS evidence,
       jsonb_build_object('model', 'purchase.order', 'id', o.id,
                          'percent', round(l.percent::numeric, 1)) AS facts
  FROM erp_audit_log f
  JOIN erp_audit_source s ON s.id = f.source AND s.name = 'purchase.order'
  JOIN purchase_order o ON o.id = f.res_id
 CROSS JOIN LATERAL (
       SELECT line.id, 100 * (line.price_unit
                  * (1 - coalesce(line.discount, 0) / 100) / usual.price - 1)
                  AS percent
         FROM purchase_order_line line
        CROSS JOIN LATERAL (
              SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b.price_unit
                         * (1 - coalesce(b.discount, 0) / 100)) AS price
                FROM (SELECT b.price_unit, b.discount FROM purchase_order_line b
                        JOIN purchase_order bo ON bo.id = b.order_id
                       WHERE b.product_id = line.product_id AND b.order_id <> o.id
                         AND b.product_uom_id = line.product_uom_id
                         AND bo.state = 'purchase' AND bo.currency_id = o.currency_id
                         AND bo.company_id = o.company_id
                       ORDER BY b.id DESC LIMIT 20) b) usual
        WHERE line.order_id = o.id AND line.display_type IS NULL
          AND usual.price > 0
        ORDER BY percent DESC LIMIT 1) l
 WHERE %(fresh)s AND (
       (f.op = 'w' AND f.diff->'state'->>1 = 'purchase'
        AND f.diff->'state'->>0 <> 'purchase')
       OR (f.op = 'c' AND f.diff->>'state' = 'purchase')) AND l.percent > %(percent)s
"""


class PriceBeyondBand(Kind):
    """An order is confirmed at a price that is far from what is usual."""

    code = "price_beyond_band"
    thresholds = {"percent": 30.0}
    changes = {"sale.order": "cw", "purchase.order": "cw"}

    def query(self, rule, span):
        """Override: what is sold too cheap, and bought too dear."""
        return SQL(
            "SELECT * FROM ((%s) UNION ALL (%s)) AS orders ORDER BY last",
            *(
                SQL(text, fresh=span.fresh, percent=rule.percent)
                for text in (SOLD, BOUGHT)
            ),
        )

    def sift(self, rule, hits):
        """Override to leave out what a price list allows."""
        ids = [number for hit in hits for number in hit["facts"].get("lines") or ()]
        # sudo: prices of orders of all companies
        lines = rule.env["sale.order.line"].sudo().browse(ids).exists()
        below = {line.id: self._below(line) for line in lines}
        found = []
        for hit in hits:
            if "lines" in hit["facts"]:
                numbers = hit["facts"].pop("lines")
                percent = max(below.get(number, 0) for number in numbers)
                if percent <= rule.percent:
                    continue
                hit["facts"]["percent"] = round(percent, 1)
            found.append(hit)
        return found

    def _below(self, line):
        """Return how far below its price list a line is sold, in percent."""
        usual = line.with_company(line.company_id)._get_pricelist_price()
        if usual <= 0:
            return 0
        return 100 * (1 - line.price_unit * (1 - line.discount / 100) / usual)

    def words(self, alert):
        """Override: which order, how far."""
        env, facts = alert.env, alert.facts
        order = named(alert, facts["model"], "id")
        parts = {
            "order": order.display_name or "?",
            "person": people(alert.person_id) or "?",
            "percent": facts.get("percent", 0),
        }
        if facts["model"] == "sale.order":
            return env._(
                "%(order)s was confirmed by %(person)s with a price %(percent)s %% "
                "below its price list",
                **parts,
            )
        return env._(
            "%(order)s was confirmed by %(person)s with a price %(percent)s %% above "
            "what is usually paid",
            **parts,
        )
