"""Alert rules with a long trail behind them: after a seal, and tried on 30 days."""

from tools.bench.meter import Meter

# seconds of the processors, for one rule
RUN, TRIAL = 0.5, 5
NEW = 10_000

# what is new is like what was last, a moment later
COPY = """
INSERT INTO erp_audit_log (ts, tx, op, source, res_id, other, other_id, uid, real_uid,
                           login, company, ip, session, route, action, event, diff)
SELECT now() AT TIME ZONE 'UTC' - ((%(last)s - id) * interval '10 milliseconds'),
       tx + %(operations)s, op, source, res_id, other, other_id, uid, real_uid, login,
       company, ip, session, route, action, event, diff
  FROM erp_audit_log WHERE id > %(last)s - %(new)s AND id <= %(last)s
"""


def measure(root, rows):
    """Yield ``(what, limit, hits, cost)`` for each rule; leaves nothing behind."""
    from odoo.addons.erp_audit import keys
    from odoo.addons.erp_audit.sealer import Sealer

    cr, engine = root.cr, root["erp.audit.alert.engine"]
    meter = Meter(cr)
    before = engine._last_seal()
    values = {"last": rows, "new": NEW, "operations": rows}
    cr.execute(COPY, values)
    chain = Sealer(cr, keys.Key.generate())
    while chain.close(watermark=2**62):
        pass
    span, _last = engine._next_span(before, 0)
    with meter.measured() as cost:
        present = span.present(cr)
    yield "what is new", RUN, len(present), cost
    rules = engine._rules().sorted("code")
    for rule in rules.filtered(lambda item: not item._kind().is_check):
        with meter.measured() as cost:
            hits = rule._kind().concerns(present) and rule._kind().hits(rule, span)
        yield f"{rule.code}, after a seal", RUN, len(hits or ()), cost
    for rule in rules:
        root.invalidate_all()
        with meter.measured() as cost:
            hits = engine._try(rule)
        yield f"{rule.code}, tried on 30 days", TRIAL, len(hits), cost
    cr.rollback()
