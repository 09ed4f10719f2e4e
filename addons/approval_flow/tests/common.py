from odoo import Command, models
from odoo.tests import TransactionCase, new_test_user
from odoo.tools import OrderedSet

FAKE_MODELS = ["approval.test.order", "approval.test.order.line"]


class _Module:
    """What the registry wants to know of a module to load its models."""

    name = "approval_flow"


def load_fake_models(cls):
    """Add the throw-away document of ``fake_models.py`` to the registry of a class.

    odoo-test-helper does not know the registry of Odoo 19; this is all that is needed.
    Tables are made inside the test's transaction and go with it.
    """
    registry, cr = cls.env.registry, cls.env.cr
    known = models.MetaModel._module_to_models__
    before = list(known["approval_flow"])
    parents = {
        name: OrderedSet(registry[name]._inherit_children)
        for name in registry.models
        if name.startswith("approval.") or name == "base"
    }
    from . import fake_models

    known["approval_flow"] = [fake_models.TestOrder, fake_models.TestOrderLine]
    registry.load(_Module)
    known["approval_flow"] = before
    registry._setup_models__(cr, FAKE_MODELS)
    registry.init_models(cr, FAKE_MODELS, {"module": "approval_flow"})

    def remove():
        for name in FAKE_MODELS:
            registry.models.pop(name, None)
        for name, children in parents.items():
            registry[name]._inherit_children = children
        registry._setup_models__(cr, ["approval.document.mixin", "approval.line.mixin"])
        registry.clear_cache()

    cls.addClassCleanup(remove)


class ApprovalData:
    """A throw-away document, people with the least rights, and a policy to vary."""

    @classmethod
    def _prepare(cls):
        load_fake_models(cls)
        cls.env["ir.model.access"].create(
            [
                {
                    "name": name,
                    "model_id": cls.env["ir.model"]._get_id(name),
                    "group_id": cls.env.ref("base.group_partner_manager").id,
                    "perm_read": True,
                    "perm_write": True,
                    "perm_create": True,
                    "perm_unlink": True,
                }
                for name in FAKE_MODELS
            ]
        )
        cls.seller = cls._person("seller", "base.group_user,base.group_partner_manager")
        cls.seller2 = cls._person(
            "seller2", "base.group_user,base.group_partner_manager"
        )
        # approvers have no right on the document at all
        cls.anna = cls._person("anna")
        cls.bob = cls._person("bob")
        cls.carl = cls._person("carl")
        cls.dora = cls._person("dora")
        cls.manager = cls._person("boss", "approval_flow.group_approval_manager")

    @classmethod
    def _person(cls, login, groups="base.group_user"):
        return new_test_user(
            cls.env,
            login,
            groups,
            context={"no_reset_password": True},
            name=login.capitalize(),
        )

    @classmethod
    def _policy(cls, *steps, **values):
        """Create a policy for the throw-away document; each step is a dict."""
        return cls.env["approval.policy"].create(
            {
                "name": "Test policy",
                "model_id": cls.env["ir.model"]._get_id("approval.test.order"),
                "operation": "confirm",
                "step_ids": [
                    Command.create(
                        {
                            "name": f"Step {number}",
                            "sequence": number,
                            "approver_type": "users",
                            **step,
                        }
                    )
                    for number, step in enumerate(steps, 1)
                ],
                **values,
            }
        )

    @classmethod
    def _users(cls, *users):
        return {"user_ids": [Command.set([user.id for user in users])]}

    @classmethod
    def _order(cls, amount=1000.0, user=None, lines=1, **values):
        """Create an order as a seller, its amount spread over equal lines."""
        return (
            cls.env["approval.test.order"]
            .with_user(user or cls.seller)
            .create(
                {
                    "name": "ORDER",
                    "line_ids": [
                        Command.create(
                            {"name": f"L{n}", "qty": 1, "price": amount / lines}
                        )
                        for n in range(lines)
                    ],
                    **values,
                }
            )
        )

    def _kinds(self, order):
        """Return what happened to the order's approvals, in order."""
        instances = (
            self.env["approval.instance"]
            .sudo()
            .search([("res_model", "=", order._name), ("res_id", "=", order.id)])
        )
        return instances.event_ids.sorted("id").mapped("kind")

    def _approvers(self, order):
        """Return who is asked now."""
        return order.sudo().approval_instance_id.open_task_ids.user_id

    @classmethod
    def _pending(cls, *args, **kwargs):
        """Create an order as a seller and submit it."""
        order = cls._order(*args, **kwargs)
        order.action_confirm()
        return order

    @classmethod
    def _group(cls, *users, **values):
        return cls.env["res.groups"].create(
            {
                "name": "Approvers",
                "user_ids": [Command.set([user.id for user in users])],
                **values,
            }
        )

    def _approve(self, order, *users):
        for user in users:
            order.with_user(user).action_approve()

    def _instance(self, order):
        return order.sudo().approval_instance_id

    def _task(self, order, user):
        """Return the open task of ``user``, as that user."""
        tasks = self._instance(order).task_ids.filtered(
            lambda task: task.state in ("pending", "waiting")
            and user in (task.user_id, task.acting_for_id)
        )
        self.assertEqual(len(tasks), 1, f"tasks of {user.name}")
        return tasks.with_user(user)


class ApprovalCase(ApprovalData, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._prepare()
