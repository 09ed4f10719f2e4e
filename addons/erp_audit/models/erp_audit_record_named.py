from odoo import api, models
from odoo.fields import Domain

# documents of one kind that a search by name looks for
NAMED = 200
# under this key a list keeps what it found by names
FOUND = "erp_audit_found"


class Found(dict):
    """What one reading of a list has found by names of documents.

    Of our own making: no client sends one.
    """


class ErpAuditRecord(models.Model):
    """Records are found by the names of their documents."""

    _inherit = "erp.audit.record"

    @api.model
    @api.readonly
    def web_search_read(self, *args, **kwargs):
        """Override to look for names once, for the page and for how many there are."""
        once = self.with_context(**{FOUND: Found()})
        return super(ErpAuditRecord, once).web_search_read(*args, **kwargs)

    @api.model
    def _is_found_by_name(self, model):
        """Return whether the database can look for the names of a kind of document."""
        names = model._rec_names_search or filter(None, [model._rec_name])
        fields = [model._fields.get(name.partition(".")[0]) for name in names]
        return bool(fields) and all(
            field and field._description_searchable for field in fields
        )

    def _search_document(self, operator, value):
        """Find records by the name or the number of their document."""
        texts = self._texts(operator, value)
        if texts is None:
            return NotImplemented
        found = self.env.context.get(FOUND)
        if not isinstance(found, Found):
            return self._named(operator, texts)
        key = (self.env.uid, self.env.su, self.env.lang, operator, *texts)
        if key not in found:
            found[key] = self._named(operator, texts)
        return found[key]

    @api.model
    def _named(self, operator, texts):
        """Return the domain of the records of the documents with these names."""
        numbers = [int(text) for text in texts if text.isdecimal() and len(text) < 10]
        models_ = self._audited_models()
        found = []
        if numbers:
            # with the kinds of documents, there is an index
            sources = self.env["erp.audit.source"]
            kinds = {sources._number(model._name) for model in models_}
            kinds.update(self.env["erp.audit.rollup"]._sources_counted().ids)
            found.append(
                Domain("source_id", "in", sorted(kinds))
                & Domain("res_id", "in", numbers)
            )
        for model in models_:
            if not model.has_access("read") or not self._is_found_by_name(model):
                continue
            domain = Domain("display_name", "in", texts)
            if operator not in ("in", "="):
                names = (Domain("display_name", operator, text) for text in texts)
                domain = Domain.OR(names)
            ids = model.with_context(active_test=False).search(domain, limit=NAMED).ids
            if ids:
                number = self.env["erp.audit.source"]._number(model._name)
                found.append(
                    Domain("source_id", "=", number) & Domain("res_id", "in", ids)
                )
        return Domain.OR(found)
