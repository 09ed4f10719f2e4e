"""Rights under control: roles, access requests on their way, a review, the seals."""

from datetime import timedelta

from tools.demo import users

ROLE = "erp_audit_trade.role_"
# Those whose role asks for no second factor, so that everybody can log in.
ROLES = {
    "salesperson": ("zhang.wei", "wang.fang", "liu.yang", "chen.jing", "yang.fan"),
    "sales_manager": ("wu.jian",),
    "purchaser": ("huang.tao",),
    "warehouse": ("ma.chao",),
}
MANAGER = "tang.li"
AUDITOR = "sun.yan"


def make(demo):
    """Give roles, raise requests and begin a review."""
    if not demo.has("erp.role") or not demo.optional(f"{ROLE}salesperson"):
        return None
    with demo.guard("roles"):
        _give_roles(demo)
    with demo.guard("requests for access"):
        _ask(demo)
    with demo.guard("the review of access"):
        _review(demo)
    return f"{len(ROLES)} roles, 3 requests, 1 review"


def _as(demo, login, model):
    """Return `model` with the rights of a person, in his language."""
    person = users.user(demo, login)
    return demo.env[model].with_user(person).with_context(lang=person.lang)


def _give_roles(demo):
    """The access manager gives the roles that people work in."""
    grants = _as(demo, MANAGER, "erp.access.grant")
    for name, logins in ROLES.items():
        people = demo.env["res.users"].concat(
            *(users.user(demo, login) for login in logins)
        )
        grants._give(people, demo.ref(ROLE + name), "岗位职责")


def _ask(demo):
    """Requests: one waits, one is in force, one was refused."""
    demo.ref("erp_audit.approval_policy_access").active = True
    _request(demo, "zhou.min", "purchaser", "Cover for the purchaser's leave", 14)
    granted = _request(demo, "li.qiang", "warehouse", "协助年中盘点，需查看库存", 7)
    _decide(demo, granted, "action_approve")
    refused = _request(demo, "he.jing", "sales_manager", "月末需要调整订单价格", 30)
    _decide(demo, refused, "action_reject", "财务人员不应持有销售审批权限（职责冲突）")


def _request(demo, login, role, reason, days):
    """Return a request that its person has submitted."""
    request = _as(demo, login, "erp.access.request").create(
        {
            "role_id": demo.ref(ROLE + role).id,
            "date_to": demo.now + timedelta(days=days),
            "reason": reason,
        }
    )
    request.action_submit_approval()
    return request


def _decide(demo, request, action, *words):
    """Everybody who is asked decides in the same way, until it is decided."""
    request = request.with_env(demo.env)
    while tasks := request.approval_instance_id.task_ids.filtered(
        lambda task: task.state == "pending"
    ):
        task = tasks[0].with_user(tasks[0].user_id)
        task = task.with_context(lang=task.env.user.lang)
        getattr(task, action)(*words)
        request.invalidate_recordset()


def _review(demo):
    """The quarterly review is with the managers."""
    review = _as(demo, MANAGER, "erp.access.review").create(
        {
            "name": f"{demo.today:%Y} 年权限复核",
            "deadline": demo.today + timedelta(days=14),
        }
    )
    review.action_start()


def settle(demo):
    """Seal the trail; the auditor dismisses what the set-up looks like to the rules."""
    if not demo.has("erp.audit.alert") or not demo.has("erp.role"):
        return None
    demo.env["erp.audit.seal"]._cron_seal()
    demo.env["erp.audit.alert.engine"]._cron_run()
    alerts = _as(demo, AUDITOR, "erp.audit.alert").search([("state", "=", "new")])
    # nobody handles alerts about himself
    others = alerts.filtered("can_handle")
    others.action_dismiss("演示环境初始化时的正常操作")
    return f"{len(others)} alerts of the set-up dismissed"
