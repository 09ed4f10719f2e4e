from . import approval_policy_simulate, approval_task_decide
