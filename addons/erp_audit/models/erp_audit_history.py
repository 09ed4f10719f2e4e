from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import history_index, reading, store

# operations that are shown at once
OPERATIONS = 20
# pages that may be empty, because the reader sees no field of what changed there
TRIES = 5


class ErpAuditHistory(models.AbstractModel):
    """What happened to one document and its lines, in the words of the reader.

    A document is what its form shows: the row itself, those it is built on
    (``_inherits``), and its lines. One entry is one operation. Who may see which
    records is said by the record rules of ``erp.audit.record``; of these, only the
    fields that the reader may see in the document are shown.
    """

    _name = "erp.audit.history"
    _description = "History of a Document"

    def init(self):
        """Create the index that finds lines which have left their document."""
        store.create(self.env.cr)
        history_index.create(self.env.cr)

    # -- what a screen asks for --------------------------------------------------------

    @api.model
    @api.readonly
    def load_page(self, res_model, res_id, filters=None, before=None):
        """Return the newest operations on a document, or those before.

        :param dict filters: any of ``user_id``, ``field`` ("model:field"), ``since``
            and ``until`` (UTC)
        :param before: what the last call returned as ``next``
        :return: dict with ``name`` and ``label`` of the document, ``entries`` (newest
            first), ``next`` (None at the end), ``scope`` (``all`` or ``own``), and
            ``exists``
        :raise AccessError: if the reader may not see the document
        """
        document = self._document(res_model, res_id)
        filters = self._clean_filters(filters, document)
        entries, following = [], before
        for _try in range(TRIES):
            operations, following = self._page(document, filters, following, OPERATIONS)
            book = self._book(document, operations)
            entries = self._entries(document, operations, book)
            if entries or not following:
                break
        heading = self._heading(document, book)
        self._note_history(document)
        return {**heading, "entries": entries, "next": following}

    @api.model
    @api.readonly
    def load_operation(self, res_model, res_id, operation, filters=None):
        """Return one operation in full: :meth:`load_page` cuts the very large ones."""
        document = self._document(res_model, res_id)
        filters = self._clean_filters(filters, document)
        operations = self._operation(document, filters, int(operation))
        book = self._book(document, operations)
        entries = self._entries(document, operations, book, full=True)
        self._note_history(document)
        return entries[0] if entries else None

    @api.model
    @api.readonly
    def load_choices(self, res_model, res_id):
        """Return by whom and by which fields the history can be filtered.

        :return: dict with ``people`` and ``fields``, each a list of ``[value, label]``
        """
        return self._choices(self._document(res_model, res_id))

    @api.model
    @api.readonly
    def compare(self, res_model, res_id, since, until, after=None):
        """Return how a document differed at two moments.

        :param str since: the earlier moment, UTC
        :param str until: the later one
        :param int after: a record of the earlier moment, where that is known exactly
        :return: dict with ``groups`` as in the entries of :meth:`load_page`, ``count``,
            ``partial`` (changes in between are hidden from the reader)
        """
        document = self._document(res_model, res_id)
        filters = self._clean_filters({"since": since, "until": until}, document)
        if not filters.get("since") or not filters.get("until"):
            raise UserError(self.env._("Choose the two moments to compare."))
        if isinstance(after, int) and after:
            filters["after"] = after
            filters.pop("since")
        result = self._compare(document, filters)
        self._note_history(document)
        return result

    # -- rights ------------------------------------------------------------------------

    @api.model
    def _is_offered(self, model):
        """Return whether the forms of a model have the button. Costs no query."""
        if model._name not in self.env["erp.audit.rule"]._recorded_names():
            return False
        # an internal user sees at least what he did himself
        return self.env["erp.audit.record"].has_access("read")

    @api.model
    def _document(self, res_model, res_id):
        """Return what is known of the document whose history is asked for.

        :raise AccessError: if the reader may not see it
        """
        self.env["erp.audit.record"].check_access("read")
        if not isinstance(res_id, int) or not 0 < res_id < 2**31:
            raise UserError(self.env._("There is no such document."))
        model = self.env.get(res_model) if isinstance(res_model, str) else None
        if model is None or model._abstract or model._transient:
            raise UserError(self.env._("Documents of this kind are not here any more."))
        auditor = self.env["erp.audit.words"]._sees_everything()
        # sudo: an auditor reads the trail of all documents; that he did is recorded
        model = model.sudo() if auditor else model
        record = model.browse(res_id).exists()
        if record and not auditor:
            record.check_access("read")
        elif not record and not auditor and not self._may_see_gone(model, res_id):
            raise AccessError(
                self.env._(
                    "This document was deleted. Its history is read by auditors, and "
                    "by those whom the rule for this kind of document names."
                )
            )
        return self._scope(model, res_id, record, auditor)

    def _may_see_gone(self, model, res_id):
        """Return whether a reader of the rule may see a document that was deleted."""
        if not model.has_access("read") or not self._is_reader(model._name):
            return False
        source = self.env["erp.audit.source"]._number(model._name)
        words = self.env["erp.audit.words"]
        values = words._last_values(source, [res_id]).get(res_id)
        return bool(values) and words._would_see(model, values)

    @api.model
    def _is_reader(self, name):
        """Return whether the reader sees all records of a kind of document."""
        if self.env["erp.audit.words"]._sees_everything():
            return True
        # sudo: who reads a rule is told to everybody whom it concerns
        rules = self.env["erp.audit.rule"].sudo()
        rule = rules.search([("model_name", "=", name), ("state", "=", "confirmed")])
        return bool(rule.reader_group_ids & self.env.user.all_group_ids)

    def _note_history(self, document):
        """Record that an auditor, or a reader by rule, has read a history."""
        if document.reader:
            # not by which filters the screen looks for it
            reading.replaced(self.env, "read", "erp.audit.record")
            self.env["erp.audit.event"]._log_now(
                "trail_read", document.name, document.res_id, {"screen": "history"}
            )

    # -- filters -----------------------------------------------------------------------

    @api.model
    def _clean_filters(self, filters, document):
        """Return filters as a client may send them, without what is no filter.

        :raise AccessError: if a field is asked for that the reader may not see: when it
            changed tells something of it
        """
        filters = filters if isinstance(filters, dict) else {}
        found = {}
        if isinstance(filters.get("user_id"), int):
            found["user_id"] = filters["user_id"]
        model, _colon, name = str(filters.get("field") or "").partition(":")
        if name:
            found["field"] = document.only = self._visible_field(document, model, name)
        for key in ("since", "until"):
            if filters.get(key):
                found[key] = self._moment(filters[key])
        return found

    def _visible_field(self, document, model, name):
        part = next((p for p in document.parts if p.model._name == model), None)
        if not part or not self._is_visible(part.model, name):
            raise AccessError(self.env._("You may not see this field."))
        return model, name

    def _moment(self, value):
        try:
            return fields.Datetime.to_datetime(value)
        except (TypeError, ValueError):
            raise UserError(self.env._("%s is no date.", value)) from None
