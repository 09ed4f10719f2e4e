import { Component, useState } from "@odoo/owl";

import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { ApprovalButtons, decideTask, otherDecisions } from "../approval_decide/approval_decide";
import { useApprovalChanges, useApprovalFlow } from "../approval_service/approval_hooks";
import { ApprovalTime } from "../approval_time/approval_time";

// colour and icon of each state
const LOOKS = {
    required: ["info", "fa-lock"],
    pending: ["warning", "fa-hourglass-half"],
    approved: ["success", "fa-check-circle"],
    rejected: ["danger", "fa-times-circle"],
    returned: ["warning", "fa-reply"],
    stale: ["danger", "fa-pencil"],
    failed: ["danger", "fa-exclamation-circle"],
};

/** Why approval is needed, and what to note: the answer to "why?". */
export class ApprovalWhy extends Component {
    static template = "approval_flow.ApprovalWhy";
    static props = { data: Object, onOpen: Function, close: { type: Function, optional: true } };

    get points() {
        return (this.props.data.points || "").split("; ").filter(Boolean);
    }

    open() {
        this.props.close?.();
        this.props.onOpen();
    }
}

/** One line under the status bar: what holds the document, and whom to call. */
export class ApprovalStrip extends Component {
    static template = "approval_flow.ApprovalStrip";
    static components = { ApprovalButtons, ApprovalTime };
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.orm = useService("orm");
        this.approvalFlow = useApprovalFlow();
        this.why = usePopover(ApprovalWhy, { position: "bottom-start" });
        // what is known meanwhile of a document that is being edited
        this.fresh = useState({ data: null, of: null });
        useApprovalChanges((instances) => {
            if (this.data && instances.includes(this.data.instance)) {
                return this.reload();
            }
        });
    }

    get record() {
        return this.props.record;
    }

    get data() {
        const value = this.record.data[this.props.name];
        return this.fresh.of === value && this.fresh.of ? this.fresh.data : value;
    }

    get tone() {
        return (LOOKS[this.data.state] || ["info"])[0];
    }

    get icon() {
        return (LOOKS[this.data.state] || ["", "fa-info-circle"])[1];
    }

    get people() {
        return this.data.people.join(", ");
    }

    get level() {
        const { step, level, levels } = this.data;
        if (levels > 1) {
            return _t("%(step)s, level %(level)s of %(levels)s", { step, level, levels });
        }
        return step;
    }

    get canSubmit() {
        return ["rejected", "returned", "stale"].includes(this.data.state);
    }

    get isSending() {
        const { task } = this.data;
        return Boolean(task) && this.approvalFlow.isSending("approval.task", task);
    }

    get choices() {
        return otherDecisions(this.data);
    }

    moment(text) {
        return text ? deserializeDateTime(text) : false;
    }

    kindLabel(kind) {
        return kind === "added" ? _t("new line") : _t("line removed");
    }

    /** Follow the server; what the user is typing is left alone. */
    async reload() {
        if (!(await this.record.isDirty())) {
            return this.record.load();
        }
        const [values] = await this.orm.read(
            this.record.resModel,
            [this.record.resId],
            [this.props.name]
        );
        this.fresh.of = this.record.data[this.props.name];
        this.fresh.data = values[this.props.name];
    }

    async call(resModel, method, resId) {
        await this.action.doActionButton({
            type: "object",
            name: method,
            resModel,
            resId,
            resIds: [resId],
            context: this.record.context,
            onClose: () => this.reload(),
        });
        await this.reload();
    }

    toggleWhy(ev) {
        this.why.open(ev.currentTarget, {
            data: this.data,
            onOpen: () => this.open(),
        });
    }

    open() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "approval.instance",
            res_id: this.data.instance,
            views: [[false, "form"]],
        });
    }

    urge() {
        return this.call("approval.instance", "action_urge", this.data.instance);
    }

    retry() {
        return this.call("approval.instance", "action_retry", this.data.instance);
    }

    recall() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Recall"),
            body: _t(
                "Nobody is asked any more, and what was approved so far no longer counts. Recall it?"
            ),
            confirmLabel: _t("Recall"),
            cancelLabel: _t("Keep waiting"),
            confirm: () => this.call("approval.instance", "action_recall", this.data.instance),
            cancel: () => {},
        });
    }

    async submitAgain() {
        if (await this.record.save()) {
            await this.call(this.record.resModel, "action_submit_approval", this.record.resId);
        }
    }

    approve() {
        const { task, digest, name, instance } = this.data;
        this.approvalFlow.approve({
            resModel: "approval.task",
            resId: task,
            method: "action_approve",
            digest,
            name,
            instanceId: instance,
        });
    }

    choose(choice) {
        return decideTask(this.action, this.data.task, choice, this.record.context, () =>
            this.reload()
        );
    }
}

export const approvalStrip = {
    component: ApprovalStrip,
    displayName: _t("Approval status strip"),
    supportedTypes: ["json"],
};

registry.category("fields").add("approval_strip", approvalStrip);
