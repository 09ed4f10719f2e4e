from odoo import api, models
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import SQL

from .. import reading
from ..context import BECAME

SUPERUSER = 1
AUDITOR = "erp_audit.group_audit_auditor"
# of these the trail keeps the number for ever; the record itself may be gone
PEOPLE = ("user_id", "effective_user_id", "company_id")


class ErpAuditRecord(models.Model):
    """Who reads which records.

    Auditors read those of their companies, managers those of their team, members of a
    rule's reader groups those of its model, everybody his own: see the record rules.
    The administrator of the system is none of them, and gains nothing by becoming the
    superuser.
    """

    _inherit = "erp.audit.record"

    @api.model
    def _became_superuser(self):
        """Return who works as superuser in this request, if that is no auditor."""
        if not (self.env.su and request and request.session.uid == SUPERUSER):
            return None
        person = self.env["res.users"].browse(request.session.get(BECAME) or SUPERUSER)
        if person.id != SUPERUSER and person.has_group(AUDITOR):
            return None
        return person

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Override to show the superuser of a session no more than the person."""
        if person := self._became_superuser():
            domain = Domain(domain) & Domain("user_id", "=", person.id)
        return super()._search(domain, *args, **kwargs)

    def _fetch_query(self, query, fields):
        """Override to show the superuser no more, and to live with those deleted."""
        if person := self._became_superuser():
            column = SQL.identifier(self._table, "user_id")
            query.add_where(SQL("%s = %s", column, person.id))
        records = super()._fetch_query(query, fields)
        self._forget_deleted(records, fields)
        if self.env.su and records and any(field.name == "diff" for field in fields):
            self._tell_code(records)
        return records

    @api.model
    def _tell_code(self, records):
        """Record that code read for somebody what he may not read himself.

        Nothing of the audit reads values with all rights: the code of a computed
        field, a template or an action does, which an administrator may write.
        """
        person = self.env.user
        if request and request.session.uid:
            person = self.env["res.users"].browse(request.session.uid)
        if person.id != SUPERUSER and not person.has_group(AUDITOR):
            detail = {"name": self._description, "words": ["sudo"]}
            reading.note(self.env, "code_on_trail", self._name, records._ids, detail)

    def _read_group_postprocess_groupby(self, groupby_spec, raw_values):
        """Override to live with people and companies that were deleted."""
        raw_values = self._still_there(groupby_spec, raw_values)
        return super()._read_group_postprocess_groupby(groupby_spec, raw_values)

    # -- those who are not there any more ----------------------------------------------

    @api.model
    def _forget_deleted(self, records, fields):
        """Empty the links of fetched records to people who were deleted since."""
        for field in fields:
            if field.name in PEOPLE and records:
                cache = field._get_cache(records.env)
                ids = {cache.get(number) for number in records._ids} - {None}
                gone = ids - self._known(field.name, ids)
                for number in records._ids if gone else ():
                    if cache.get(number) in gone:
                        cache[number] = None

    @api.model
    def _still_there(self, groupby_spec, values):
        """Return the values of a group-by without people who were deleted since."""
        name = groupby_spec.partition(":")[0]
        if name not in PEOPLE:
            return values
        values = list(values)
        known = self._known(name, filter(None, values))
        return [value if value in known else None for value in values]

    @api.model
    def _known(self, name, ids):
        """Return which of these people or companies are still there."""
        # sudo: whether they exist
        model = self.env[self._fields[name].comodel_name].sudo()
        return set(model.browse(ids).exists()._ids)
