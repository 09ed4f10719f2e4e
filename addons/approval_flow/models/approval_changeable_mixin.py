from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import CHANGE_PASS, ChangePass

INTERNAL = "base.group_user"


class ApprovalChangeableMixin(models.AbstractModel):
    """A document whose confirmed content changes only by a change request.

    The document names its material fields, the states in which they are held and the
    model of its requests, and has these as ``change_ids``. The rule sits in ``create``
    and ``write`` of the document and of its lines, below every button, wizard, import
    and ``sudo()``; only a request that is being applied holds the pass
    (:class:`ChangePass`).
    """

    _name = "approval.changeable.mixin"
    _description = "Document Changed by Request"

    # model of the change requests, and the material fields of header and lines
    _change_model = None
    _change_material = ()
    _change_line_material = ()
    # states in which the content is held; leaving them is a cancellation
    _change_state_field = "state"
    _change_states = ()

    change_revision = fields.Integer(
        string="Revision",
        copy=False,
        readonly=True,
        aggregator=None,
        help="How many change requests were applied since the confirmation.",
    )
    change_state = fields.Selection(
        selection="_selection_change_state",
        string="Change request",
        compute="_compute_change_open",
        search="_search_change_state",
        groups=INTERNAL,
    )
    change_kind = fields.Selection(
        selection="_selection_change_kind",
        string="Kind of request",
        compute="_compute_change_open",
        groups=INTERNAL,
    )
    change_summary = fields.Char(
        string="Open request", compute="_compute_change_open", groups=INTERNAL
    )
    change_count = fields.Integer(
        string="Change requests", compute="_compute_change_count", groups=INTERNAL
    )
    change_held = fields.Boolean(
        string="Changes only by request", compute="_compute_change_held"
    )

    # fields that only an applied request sets
    _change_own_fields = ("change_revision",)

    @api.model
    def _changeable_models(self):
        """Return the names of all documents whose changes are controlled."""
        names = self.env.registry.descendants(["approval.changeable.mixin"], "_inherit")
        return sorted(name for name in names if not self.env[name]._abstract)

    @api.model
    def _selection_change_state(self):
        return self.env["approval.change.mixin"]._selection_state()

    @api.model
    def _selection_change_kind(self):
        return self.env["approval.change.mixin"]._selection_kind()

    # -- requests ----------------------------------------------------------------------

    def _change_open_requests(self):
        """Return {document id: its open request}."""
        # sudo: that there is one, for whoever may read the document
        requests = self.env[self._change_model].sudo()
        found = requests.search(
            [("order_id", "in", self._origin.ids), ("is_open", "=", True)]
        )
        return {request.order_id.id: request for request in found}

    @api.depends("change_ids.state")
    @api.depends_context("uid", "lang")
    def _compute_change_open(self):
        opened = self._change_open_requests()
        for document in self:
            request = opened.get(document._origin.id)
            document.change_state = request and request.state
            document.change_kind = request and request.kind
            document.change_summary = request and request._change_summary()

    def _search_change_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: narrowed to readable documents by the search this domain is part of
        requests = self.env[self._change_model].sudo()
        opened = requests._search(
            [("is_open", "=", True), ("state", "in", list(value))]
        )
        domain = [("id", "in", opened.subselect("order_id"))]
        if False in value:
            every = requests._search([("is_open", "=", True)])
            domain = ["|", *domain, ("id", "not in", every.subselect("order_id"))]
        return domain

    @api.depends("change_ids")
    def _compute_change_count(self):
        groups = (
            self.env[self._change_model]
            # sudo: a number on the document, for whoever may read it
            .sudo()
            ._read_group(
                [("order_id", "in", self._origin.ids)], ["order_id"], ["__count"]
            )
        )
        counts = {document.id: count for document, count in groups}
        for document in self:
            document.change_count = counts.get(document._origin.id, 0)

    @api.depends(lambda self: [self._change_state_field, "company_id"])
    def _compute_change_held(self):
        for document in self:
            document.change_held = document._change_is_held()

    def _change_is_held(self):
        """Return whether the content of this document changes only by request."""
        if self[self._change_state_field] not in self._change_states:
            return False
        return self._change_control()["held"]

    def _change_control(self):
        company = self.company_id or self.env.company
        return self.env["approval.change.control"]._of(self._name, company.id)

    def action_request_change(self):
        """Return the form of a change request for this document.

        :raise UserError: if the document is not confirmed
        """
        return self._change_action("change")

    def action_request_cancel(self):
        """Return the form of a cancellation request for this document.

        :raise UserError: if the document is not confirmed
        """
        return self._change_action("cancel")

    def _change_action(self, kind):
        self.ensure_one()
        if self[self._change_state_field] not in self._change_states:
            raise UserError(
                self.env._(
                    "%s is not confirmed: edit or cancel it directly.",
                    self.display_name,
                )
            )
        opened = self._change_open_requests().get(self.id)
        name = (
            self.env._("Request cancellation")
            if kind == "cancel"
            else self.env._("Request a change")
        )
        return {
            "type": "ir.actions.act_window",
            "name": opened.display_name if opened else name,
            "res_model": self._change_model,
            "res_id": opened.id if opened else False,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {"default_order_id": self.id, "default_kind": kind},
        }

    def action_open_changes(self):
        """Return the action that lists the requests of this document."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change requests"),
            "res_model": self._change_model,
            "view_mode": "list,form",
            "domain": [("order_id", "=", self.id)],
            "context": {"default_order_id": self.id, "create": False},
        }

    # -- the rule ----------------------------------------------------------------------

    def _change_passes(self):
        """Return whether this process may change the content of all these documents."""
        key = self.env.context.get(CHANGE_PASS)
        return isinstance(key, ChangePass) and all(key.opens(item) for item in self)

    def _change_refuse(self, labels):
        """Raise the message that says how held content is changed.

        :param labels: names of the fields as people know them
        """
        # sudo: the names of the documents that the caller tried to change
        names = ", ".join(self.sudo()[:5].mapped("display_name"))
        raise UserError(
            self.env._(
                "%(names)s: confirmed, so %(fields)s can be changed by request only. "
                "Use “Request a change”; it takes effect after its approval.",
                names=names,
                fields=", ".join(dict.fromkeys(labels)),
            )
        )

    def _change_refuse_state(self):
        # sudo: as in _change_refuse
        names = ", ".join(self.sudo()[:5].mapped("display_name"))
        raise UserError(
            self.env._(
                "%s: confirmed, so it can be cancelled by request only. Use “Request "
                "cancellation”; it takes effect after its approval.",
                names,
            )
        )

    def _change_demand_cancel(self):
        """Raise if any of the documents is held and may not be cancelled now.

        :raise UserError: naming the held documents
        """
        # sudo: the state of the documents, whoever cancels
        held = self.filtered(lambda item: item.sudo()._change_is_held())
        if held and not held._change_passes():
            held._change_refuse_state()

    @api.model_create_multi
    def create(self, vals_list):
        """Override: a document that is created confirmed gets its lines with it."""
        self._change_protect(vals_list)
        name = self._change_state_field
        if not any(vals.get(name) in self._change_states for vals in vals_list):
            return super().create(vals_list)
        env = self.env
        key = {CHANGE_PASS: ChangePass(self._name, None)}
        return (
            super(ApprovalChangeableMixin, self.with_context(**key))
            .create(vals_list)
            .with_env(env)
        )

    def write(self, vals):
        """Override to refuse changes of held content."""
        self._change_protect([vals])
        header, _lines = self.env["approval.change.control"]._names(self._name)
        if self._change_state_field in vals or not header.isdisjoint(vals):
            # sudo: the rule holds for everybody, also for who may not read it
            self.sudo()._change_check_write(vals)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_changed(self):
        # sudo: whatever was asked for is on record, also what others asked for
        requests = self.env[self._change_model].sudo()
        found = requests.search(
            [("order_id", "in", self.ids), ("state", "=", "applied")]
        )
        if found:
            raise UserError(
                self.env._(
                    "%s: changed or cancelled by request, and kept for the record.",
                    ", ".join(found.order_id.mapped("display_name")),
                )
            )

    def _change_check_write(self, vals):
        held = self._origin.filtered(lambda item: item._change_is_held())
        if not held or held._change_passes():
            return
        name = self._change_state_field
        if vals.get(name, held[:1][name]) not in self._change_states:
            held._change_refuse_state()
        for document in held:
            names = document._change_control()["header"].intersection(vals)
            changed = [name for name in names if changes(document, name, vals[name])]
            if changed:
                document._change_refuse(field_labels(document, changed))

    def _change_protect(self, vals_list):
        """Refuse values for what only an applied request sets."""
        own = self._change_own_fields
        if any(not set(own).isdisjoint(vals) for vals in vals_list) and not isinstance(
            self.env.context.get(CHANGE_PASS), ChangePass
        ):
            raise UserError(
                self.env._(
                    "The revision of a document is counted, and not set by hand."
                )
            )


class ApprovalChangeableLineMixin(models.AbstractModel):
    """Lines of a document whose confirmed content changes only by a change request."""

    _name = "approval.changeable.line.mixin"
    _description = "Line of a Document Changed by Request"

    # set by the line model: many2one to the document
    _change_parent = None

    def _change_document_model(self):
        return self._fields[self._change_parent].comodel_name

    def _change_is_content(self):
        """Return whether this line says what was agreed; notes and titles do not."""
        return True

    def _change_line_held(self):
        """Return the lines whose content this process may not change."""
        # sudo: the rule holds for everybody, also for who may not read it
        return self.sudo().filtered(
            lambda line: line[line._change_parent]._change_is_held()
            and not line[line._change_parent]._change_passes()
        )

    @api.model_create_multi
    def create(self, vals_list):
        """Override to refuse new lines of held documents."""
        lines = super().create(vals_list)
        held = lines._change_line_held().filtered(
            lambda line: line._change_is_content()
        )
        if held:
            held[held._change_parent]._change_refuse([self.env._("added lines")])
        return lines

    def write(self, vals):
        """Override to refuse changes of lines of held documents."""
        model = self._change_document_model()
        names = self.env["approval.change.control"]._names(model)[1]
        if self._change_parent not in vals and names.isdisjoint(vals):
            return super().write(vals)
        for line in self._change_line_held():
            if touched := line._change_touched(vals):
                line[self._change_parent]._change_refuse(field_labels(line, touched))
        if self._change_parent in vals:
            self._change_check_parent(vals[self._change_parent])
        return super().write(vals)

    def _change_check_parent(self, parent_id):
        """Refuse to move lines into a held document."""
        # sudo: the rule holds for everybody, also for who may not read it
        parent = self.env[self._change_document_model()].sudo().browse(parent_id)
        if parent and parent._change_is_held() and not parent._change_passes():
            # sudo: as above
            moved = self.sudo().filtered(
                lambda line: line[self._change_parent] != parent
            )
            if moved.filtered(lambda line: line._change_is_content()):
                parent._change_refuse([self.env._("added lines")])

    def _change_touched(self, vals):
        """Return the material fields of this held line that values would change."""
        names = self[self._change_parent]._change_control()["lines"]
        names = (names | {self._change_parent}).intersection(vals)
        if not self._change_is_content() and not self._change_becomes_content(names):
            return []
        return [name for name in names if changes(self, name, vals[name])]

    def _change_becomes_content(self, names):
        """Return whether a change of these fields would make this line say more."""
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        held = self._change_line_held()
        if held := held.filtered(lambda line: line._change_is_content()):
            held[held._change_parent]._change_refuse([self.env._("removed lines")])


def changes(record, name, value):
    """Return whether writing a value would change the field of a record."""
    field = record._fields[name]

    def plain(item):
        return field.convert_to_write(item, record)

    new = field.convert_to_record(
        field.convert_to_cache(value, record, validate=False), record
    )
    if field.relational and field.type != "many2one":
        return set(new.ids) != set(record[name].ids) or any(
            isinstance(item, (list, tuple)) and item[0] in (0, 1)
            for item in value or ()
        )
    return plain(new) != plain(record[name])


def field_labels(record, names):
    """Return the names of fields as people know them, in a fixed order."""
    return [
        record._fields[name].get_description(record.env, ["string"])["string"]
        for name in sorted(names)
    ]
