import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { ApprovalButtons, otherDecisions } from "../approval_decide/approval_decide";
import { useApprovalChanges, useApprovalFlow } from "../approval_service/approval_hooks";

const METHODS = {
    reject: "action_task_reject",
    return: "action_task_return",
    transfer: "action_task_transfer",
    add: "action_task_add",
};

/** The approver's screen: follows changes; Approve waits for second thoughts. */
export class ApprovalFormController extends FormController {
    setup() {
        super.setup();
        this.approvalFlow = useApprovalChanges((instances) => {
            if (instances.includes(this.model.root.resId)) {
                return this.model.load();
            }
        });
    }

    async beforeExecuteActionButton(clickParams) {
        if (clickParams.name !== "action_task_approve") {
            return super.beforeExecuteActionButton(clickParams);
        }
        const { resId, data } = this.model.root;
        this.approvalFlow.approve({
            resModel: "approval.instance",
            resId,
            method: "action_task_approve",
            digest: data.shown_digest,
            name: data.document_name,
            instanceId: resId,
        });
        if (this.env.config.breadcrumbs?.length > 1) {
            this.env.config.historyBack();
        }
        return false;
    }
}

registry.category("views").add("approval_form", {
    ...formView,
    Controller: ApprovalFormController,
});

/** On the phone: the decision at the lower edge, within reach of the thumb. */
export class ApprovalBar extends Component {
    static template = "approval_flow.ApprovalBar";
    static components = { ApprovalButtons };
    static props = { ...standardWidgetProps };

    setup() {
        this.ui = useService("ui");
        this.approvalFlow = useApprovalFlow();
    }

    get data() {
        return this.props.record.data;
    }

    get isShown() {
        const { can_decide, can_urge, can_recall, can_retry } = this.data;
        return this.ui.isSmall && (can_decide || can_urge || can_recall || can_retry);
    }

    get choices() {
        return otherDecisions(this.data);
    }

    /** Same way as the buttons of the status bar. */
    run(name, extra = {}) {
        const { record } = this.props;
        return this.env.onClickViewButton({
            clickParams: { type: "object", name, ...extra },
            getResParams: () => ({
                resModel: record.resModel,
                resId: record.resId,
                resIds: [record.resId],
                context: {
                    ...record.context,
                    approval_flow_seen_digest: this.data.shown_digest,
                },
                evalContext: record.evalContext,
            }),
        });
    }

    choose(choice) {
        return this.run(METHODS[choice]);
    }

    recall() {
        return this.run("action_recall", {
            confirm: _t(
                "Nobody is asked any more, and what was approved so far no longer counts. Recall it?"
            ),
            "confirm-title": _t("Recall"),
            "confirm-label": _t("Recall"),
            "cancel-label": _t("Keep waiting"),
        });
    }
}

export const approvalBar = {
    component: ApprovalBar,
    additionalClasses: ["o_approval_bar_holder"],
};

registry.category("view_widgets").add("approval_bar", approvalBar);
