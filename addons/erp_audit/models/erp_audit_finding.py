from odoo import fields, models


class ErpAuditFinding(models.Model):
    """Something that is not as it was sealed, found by a verification."""

    _name = "erp.audit.finding"
    _description = "Audit Finding"
    _order = "severity, id"
    _log_access = False

    verification_id = fields.Many2one(
        "erp.audit.verification",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    severity = fields.Selection(
        [("finding", "Finding"), ("note", "Note")], required=True, readonly=True
    )
    kind = fields.Char(required=True, readonly=True)
    name = fields.Char(string="What", compute="_compute_name")
    seal = fields.Integer(readonly=True)
    row = fields.Char(string="Record of the trail", readonly=True)
    source_id = fields.Many2one("erp.audit.source", string="Document", readonly=True)
    res_id = fields.Integer(string="Number of the document", readonly=True)
    date = fields.Datetime(string="Time", readonly=True)
    number = fields.Integer(readonly=True)
    detail = fields.Char(readonly=True)

    def _compute_name(self):
        texts = self._texts()
        for finding in self:
            text = texts.get(finding.kind, finding.kind)
            finding.name = text % {
                "seal": finding.seal,
                "row": finding.row or "",
                "number": finding.number,
                "last": finding.seal + max(finding.number, 1) - 1,
                "detail": finding.detail or "",
            }

    def _values(self, finding):
        """Return the values of a :class:`.verify.Finding`."""
        source = finding.source and self.env["erp.audit.source"].browse(finding.source)
        return {
            "kind": finding.kind,
            "seal": finding.seal,
            "row": str(finding.row) if finding.row is not None else False,
            "source_id": source.id if source and source.exists() else False,
            "res_id": finding.res_id,
            "date": finding.moment and finding.moment.replace(microsecond=0),
            "number": finding.number,
            "detail": finding.detail,
        }

    def _line(self):
        """Return the finding as one line: what, which document, when."""
        parts = [self.name]
        if self.source_id or self.res_id:
            parts.append(f"{self.source_id.name or '?'}({self.res_id})")
        if self.date:
            parts.append(f"{self.date} UTC")
        return " — ".join(parts)

    def _texts(self):
        """Return the words for each kind of finding."""
        return {
            **self._texts_of_seals(),
            **self._texts_of_records(),
            **self._texts_of_guards(),
        }

    def _texts_of_records(self):
        env = self.env
        return {
            "changed": env._("Record %(row)s was changed. %(detail)s"),
            "added": env._("Record %(row)s was added after its time was sealed."),
            "removed": env._("Record %(row)s was removed."),
            "swapped": env._(
                "Record %(row)s was swapped: its content is in record %(number)s now."
            ),
            "unprovable": env._(
                "The %(number)s records under seal %(seal)s are not those that were "
                "sealed, and the seal's own list of them was altered."
            ),
            "future": env._(
                "Record %(row)s was added with the number of a transaction that has "
                "not happened yet."
            ),
            "partition_dropped": env._(
                "The month %(detail)s was dropped with its %(number)s records."
            ),
            "partition_detached": env._(
                "The month %(detail)s with its %(number)s records was detached from "
                "the trail."
            ),
            "name": env._(
                "The number of a model stands for another one now: %(detail)s."
            ),
            "more": env._("%(number)s more of the same kind: %(detail)s"),
            "strays": env._(
                "%(number)s records or more are in no month of their own: the months "
                "were not made in time."
            ),
        }

    def _texts_of_guards(self):
        env = self.env
        return {
            "guard_missing": env._(
                "The guard of table %(detail)s against changes was removed."
            ),
            "guard_disabled": env._(
                "The guard of table %(detail)s against changes is switched off."
            ),
            "guard_changed": env._(
                "The guard of table %(detail)s against changes was replaced."
            ),
            "guard_foreign": env._(
                "Table %(detail)s has triggers, rules or defaults that are not ours: "
                "they may keep records out, or change them."
            ),
            "guard_view": env._(
                "What people read is not the whole trail: the view %(detail)s was "
                "replaced."
            ),
            "capture_missing": env._(
                "Changes of table %(detail)s are not recorded: triggers were removed."
            ),
            "capture_disabled": env._(
                "Changes of table %(detail)s are not recorded: triggers are switched "
                "off."
            ),
            "capture_changed": env._(
                "Changes of table %(detail)s are recorded by other triggers than "
                "those of its rule."
            ),
        }

    def _texts_of_seals(self):
        env = self.env
        return {
            "seal_altered": env._("Seal %(seal)s was altered: its signature is wrong."),
            "seal_key": env._("Seal %(seal)s is signed with a key that is not known."),
            "seal_leaves": env._(
                "Seal %(seal)s was altered: its list of records is not the one that "
                "was signed."
            ),
            "seal_link": env._(
                "Seal %(seal)s does not follow the seal before it: one of them was "
                "replaced."
            ),
            "missing": env._(
                "Seals %(seal)s to %(last)s are missing, and what they sealed is not "
                "proven any more."
            ),
            "cut": env._(
                "The end of the trail was cut off: seals %(seal)s to %(last)s are "
                "missing (%(detail)s)."
            ),
            "rebuilt": env._(
                "The chain was rebuilt: seal %(seal)s, and %(number)s in all, are not "
                "those that were written (%(detail)s)."
            ),
            "anchor": env._(
                "Line %(number)s of the seals kept elsewhere is not signed by us."
            ),
            "gone_wrong": env._(
                "What retention took away (%(detail)s, seal %(seal)s) is not what was "
                "sealed before."
            ),
            "key_readable": env._(
                "The key %(detail)s can be read by other users of the machine: give "
                "it mode 0600."
            ),
            "key_unusable": env._("Nothing can be signed: %(detail)s"),
            "export_altered": env._(
                "The file of a month that was taken away, %(detail)s, is not the one "
                "that was signed (seal %(seal)s)."
            ),
            "epoch": env._("A new epoch begins with seal %(seal)s. %(detail)s"),
            "gone": env._(
                "The month %(detail)s was exported and taken away (%(number)s "
                "records, seal %(seal)s)."
            ),
        }
