from odoo import api, fields, models
from odoo.exceptions import UserError

# customers may read their documents, but learn nothing of who decides on them
INTERNAL = "base.group_user"
OPEN_STATES = ("pending", "approved", "failed")


class ApprovalDocumentMixin(models.AbstractModel):
    """What a document inherits to be governed by approval policies.

    A document declares its operations (:meth:`_approval_operations`), its material
    fields and its amount, and routes the button of each operation through
    :meth:`_approval_run`. The gate itself (``approval_document_gate.py``) sits in
    ``create`` and ``write`` and asks the database, never the caller.
    """

    _name = "approval.document.mixin"
    _description = "Document under Approval"
    _inherit = ["approval.readable.mixin"]

    # material fields of the header and the lines: what an approval is about
    _approval_material = ()
    _approval_line_material = ()
    # one2many with the lines, and their amount in document currency
    _approval_lines = None
    _approval_line_amount = None
    # field that names a line for people
    _approval_line_title = "display_name"
    # many2one of the customer or vendor, and of the salesperson or buyer
    _approval_partner_field = "partner_id"
    _approval_responsible_field = "user_id"
    # amount, and its currency, as the document shows it
    _approval_amount_field = "amount_total"
    # numeric fields whose change may be within the tolerance
    _approval_tolerable = ()
    # form for approvers who have no right on the document, by its external id
    _approval_reader_view = None
    # fields that the operations themselves write beside the state
    _approval_by_operation = ()
    # whether the document wants to know when its approvals move on
    _approval_follows = False
    # states that end every open approval
    _approval_closing = ("cancel",)

    approval_instance_id = fields.Many2one(
        "approval.instance",
        string="Approval",
        copy=False,
        readonly=True,
        index="btree_not_null",
        groups=INTERNAL,
    )
    approval_revision = fields.Integer(
        string="Content changes",
        copy=False,
        readonly=True,
        aggregator=None,
        groups=INTERNAL,
        # read with the document, and written together with its totals: two people
        # changing lines and approving at the same time collide here, on purpose
    )
    approval_editor_id = fields.Many2one(
        "res.users",
        string="Last editor of the content",
        copy=False,
        readonly=True,
        groups=INTERNAL,
        # ``write_uid`` also names whoever made a total be computed again
    )
    approval_state = fields.Selection(
        selection="_selection_approval_state",
        string="Approval state",
        compute="_compute_approval_state",
        search="_search_approval_state",
        # no groups: buttons of forms that customers' roles share depend on it
    )
    approval_approver_ids = fields.Many2many(
        "res.users",
        string="Waiting for",
        compute="_compute_approval_approver_ids",
        search="_search_approval_approver_ids",
        groups=INTERNAL,
    )
    approval_since = fields.Datetime(
        related="approval_instance_id.level_since",
        string="Waiting since",
        groups=INTERNAL,
    )
    approval_can_decide = fields.Boolean(
        compute="_compute_approval_can_decide",
        search="_search_approval_can_decide",
        groups=INTERNAL,
        string="Waiting for me",
    )
    approval_status = fields.Json(
        compute="_compute_approval_status",
        string="Approval status",
        # no groups: forms for approvers without rights would lose it; see the compute
    )
    approval_timeline = fields.Json(
        compute="_compute_approval_timeline",
        string="Approval history",
        # no groups, as above
    )

    @api.model
    def _selection_approval_state(self):
        """Return the states in words.

        A method, so that the words are translated as code: Odoo ties the words of a
        plain list to this addon, and forgets them for documents of later addons.
        """
        return [
            ("not_required", self.env._("No approval needed")),
            ("required", self.env._("Approval needed")),
            ("pending", self.env._("Waiting for approval")),
            ("approved", self.env._("Approved")),
            ("rejected", self.env._("Rejected")),
            ("returned", self.env._("Returned")),
            ("stale", self.env._("Changed, approve again")),
            ("failed", self.env._("Approved, not carried out")),
        ]

    # -- to be declared by the document --------------------------------------------

    @api.model
    def _approval_operations(self):
        """Return {code: ApprovalOperation} of this document; the first is the main."""
        return {}

    def _approval_amounts(self):
        """Return {id: amount in company currency}."""
        return {document.id: 0.0 for document in self}

    @api.model
    def _approval_amount_fields(self):
        """Return the header fields that belong to every set of material fields."""
        return [self._approval_amount_field] if self._approval_amount_field else []

    def _approval_obstacles(self, operation):
        """Return {id: reason} of documents that could not be carried out anyway."""
        return {}

    def _approval_facts(self):
        """Return the key facts for the approver: [(label, value, tone)].

        ``tone`` is ``""``, ``"warning"`` or ``"danger"``.
        """
        self.ensure_one()
        return []

    def _approval_line_facts(self):
        """Return ``(column labels, rows)`` of the lines as the approver sees them."""
        self.ensure_one()
        return [], []

    def _approval_effects(self):
        """Return what carrying it out will set off, for people who decide.

        :return: list of ``{"department", "text", "icon", "tone"}``; ``icon`` is the
            name of a Font Awesome icon, ``tone`` as in :meth:`_approval_facts`
        """
        self.ensure_one()
        return []

    def _approval_follow(self, instances):
        """Follow the documents' approvals, which have just moved to their state.

        Called only for documents that ask for it with ``_approval_follows``.
        """

    def _approval_ready(self, operation):
        """Return whether an approved operation may be carried out now.

        A document that has still to wait for somebody else says no; it is carried out
        by ``_execute`` of its approval later.
        """
        return True

    def _approval_people(self):
        """Return who has a part in each document: {id: {role: user ids}}."""
        responsible = self._approval_responsible_field
        lines = self._approval_lines
        return {
            document.id: {
                "creator": document.create_uid.ids,
                "editor": (
                    document.approval_editor_id
                    or document.write_uid
                    | (document[lines].write_uid if lines else document.write_uid)
                ).ids,
                "responsible": document[responsible].ids if responsible else [],
            }
            for document in self
        }

    # -- helpers -------------------------------------------------------------------

    @api.model
    def _approval_models(self):
        """Return the names of all documents under approval in this database."""
        names = self.env.registry.descendants(["approval.document.mixin"], "_inherit")
        return sorted(name for name in names if not self.env[name]._abstract)

    @api.model
    def _approval_knows(self, name):
        """Return whether a model is under approval: its addon may have been removed.

        Its approvals are kept, and the model itself may be another addon's.
        """
        return name in self.env and "approval_instance_id" in self.env[name]._fields

    @api.model
    def _approval_line_model(self):
        """Return the model name of the lines, or None."""
        if not self._approval_lines:
            return None
        return self._fields[self._approval_lines].comodel_name

    @api.model
    def _approval_main_operation(self):
        return next(iter(self._approval_operations().values()))

    def _approval_clean(self):
        """Return ``self`` to be judged: as the system, without the caller's context.

        A policy says the same whoever asks, and no context key changes its answer.
        """
        # sudo: conditions may use fields that the current user cannot read
        return self.with_env(self.env(su=True, context={}))

    def _approval_open_instances(self):
        """Return the open approvals of these documents, of all operations."""
        # sudo: approvals of whoever submitted, for whoever changes the document
        known = self.sudo().filtered("approval_instance_id")
        if not known:
            return known.approval_instance_id
        return known.approval_instance_id.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", known.ids),
                ("state", "in", OPEN_STATES),
            ]
        )

    def _approval_previous(self, operation):
        """Return the last approval of this document for the operation, if any."""
        self.ensure_one()
        # sudo: history of the document, for the engine
        last = self.approval_instance_id.sudo()
        if not last:
            return last  # never submitted
        if last.res_model != self._name or last.res_id != self.id:
            last = last.browse()
        elif last.operation == operation:
            return last
        return last.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("operation", "=", operation),
            ],
            limit=1,
        )

    def _approval_set_instance(self, instance):
        """Point the document at its latest approval, past all overrides of ``write``.

        :meth:`write` of the gate refuses this field, whoever calls.
        """
        # sudo: bookkeeping of the engine
        models.BaseModel.write(self.sudo(), {"approval_instance_id": instance.id})

    # -- what people do ------------------------------------------------------------

    def action_submit_approval(self):
        """Submit the documents for approval of their main operation.

        :return: a notification that says who decides next
        :raise UserError: if a check blocks a single document
        """
        self.check_access("write")
        operation = self._approval_main_operation()
        return self._approval_submit(operation.code)._notification()

    def action_approve(self, comment=None, seen_digest=None):
        """Approve the current user's open tasks on these documents.

        :param str comment: remark for the history
        :param str seen_digest: digest of the content that the approver saw
        :return: a notification with the result
        :raise UserError: if the user has no open task here
        """
        return self._approval_tasks_to_decide().action_approve(comment, seen_digest)

    def action_reject(self, comment=None, seen_digest=None):
        """Reject the current user's open tasks; see :meth:`action_approve`."""
        return self._approval_tasks_to_decide().action_reject(comment, seen_digest)

    def action_return(self, comment=None, step_key=None):
        """Return the documents to the requester, or to an earlier step."""
        return self._approval_tasks_to_decide().action_return(comment, step_key)

    def _approval_tasks_to_decide(self):
        tasks = self._approval_my_tasks()
        if not tasks:
            raise UserError(
                self.env._(
                    "There is nothing for you to decide here. Somebody else may have "
                    "decided already: reload the page."
                )
            )
        return tasks

    def action_recall_approval(self, comment=None):
        """Withdraw the open approvals of these documents, as their requester."""
        # the requester is checked by the approvals themselves
        return self._approval_open_instances().action_recall(comment)

    def action_open_approval(self):
        """Return the action that opens the latest approval of the document."""
        self.ensure_one()
        return self.approval_instance_id._action_form()
