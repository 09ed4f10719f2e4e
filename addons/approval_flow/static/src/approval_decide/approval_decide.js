import { Component } from "@odoo/owl";

import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { approveTask, useApprovalFlow } from "../approval_service/approval_hooks";

/** The two buttons of a decision: Approve, and everything else behind one menu. */
export class ApprovalButtons extends Component {
    static template = "approval_flow.ApprovalButtons";
    static components = { Dropdown, DropdownItem };
    static props = {
        onApprove: Function,
        onChoose: Function,
        choices: { type: Array, element: Object },
        name: { type: String, optional: true },
        size: { type: String, optional: true },
        quiet: { type: Boolean, optional: true },
    };

    get moreLabel() {
        return _t("More decisions on %s", this.props.name || "");
    }
}

/** The decisions other than Approve: ids, words and icons. */
export function otherDecisions({ can_transfer, can_add }, canOpen = false) {
    const choices = [
        { id: "reject", label: _t("Reject"), icon: "fa-times" },
        { id: "return", label: _t("Return to requester"), icon: "fa-reply" },
    ];
    if (can_transfer) {
        choices.push({ id: "transfer", label: _t("Transfer"), icon: "fa-share" });
    }
    if (can_add) {
        choices.push({ id: "add", label: _t("Add an approver"), icon: "fa-user-plus" });
    }
    if (canOpen) {
        choices.push({ id: "open", label: _t("Open"), icon: "fa-folder-open-o" });
    }
    return choices;
}

export const TASK_METHODS = {
    reject: "action_reject",
    return: "action_return",
    transfer: "action_ask_transfer",
    add: "action_ask_add",
    open: "action_open_approval",
};

/** Run another decision on a task: it opens the form that asks for what it needs. */
export function decideTask(action, taskId, choice, context, onClose) {
    return action.doActionButton({
        type: "object",
        name: TASK_METHODS[choice],
        resModel: "approval.task",
        resId: taskId,
        resIds: [taskId],
        context,
        onClose,
    });
}

/** Decision buttons of a task, in cards and rows of the inbox. */
export class ApprovalDecide extends Component {
    static template = "approval_flow.ApprovalDecide";
    static components = { ApprovalButtons };
    static props = { ...standardWidgetProps };

    setup() {
        this.action = useService("action");
        this.approvalFlow = useApprovalFlow();
    }

    get data() {
        return this.props.record.data;
    }

    get isShown() {
        return this.data.state === "pending" && this.data.is_mine;
    }

    get inList() {
        return this.env.config.viewType === "list";
    }

    get choices() {
        return otherDecisions(this.data, true);
    }

    approve() {
        approveTask(this.approvalFlow, this.props.record);
    }

    choose(choice) {
        const { record } = this.props;
        return decideTask(this.action, record.resId, choice, record.context, () =>
            this.approvalFlow.changed([])
        );
    }
}

export const approvalDecide = {
    component: ApprovalDecide,
    listViewWidth: [150, 170],
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "is_mine", type: "boolean" },
        { name: "can_transfer", type: "boolean" },
        { name: "can_add", type: "boolean" },
        { name: "shown_digest", type: "char" },
        { name: "document_name", type: "char" },
        { name: "instance_id", type: "many2one" },
    ],
};

registry.category("view_widgets").add("approval_decide", approvalDecide);
