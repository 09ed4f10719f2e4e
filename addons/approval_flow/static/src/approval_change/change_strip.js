import { Component } from "@odoo/owl";

import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { useApprovalChanges } from "../approval_service/approval_hooks";
import { ApprovalTime } from "../approval_time/approval_time";

// colour and icon of each state
const LOOKS = {
    draft: ["info", "fa-pencil-square-o"],
    submitted: ["warning", "fa-hourglass-half"],
    approved: ["success", "fa-check-circle"],
    conflict: ["danger", "fa-random"],
    failed: ["danger", "fa-exclamation-circle"],
};

/** One line on the document: the open request, who is asked, one tap to open it. */
export class ChangeStrip extends Component {
    static template = "approval_flow.ChangeStrip";
    static components = { ApprovalTime };
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        useApprovalChanges(() => this.data && this.reload());
    }

    get record() {
        return this.props.record;
    }

    get data() {
        return this.record.data[this.props.name];
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

    get title() {
        const { kind_label: kind, number } = this.data;
        return _t("%(kind)s %(number)s", { kind, number });
    }

    moment(text) {
        return text ? deserializeDateTime(text) : false;
    }

    async reload() {
        if (!(await this.record.isDirty())) {
            return this.record.load();
        }
    }

    call(name) {
        return this.action.doActionButton({
            type: "object",
            name,
            resModel: this.data.model,
            resId: this.data.request,
            resIds: [this.data.request],
            context: this.record.context,
            onClose: () => this.reload(),
        });
    }

    open() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: this.data.model,
            res_id: this.data.request,
            views: [[false, "form"]],
        });
    }

    async retry() {
        await this.call("action_retry");
        await this.reload();
    }

    /** Take the document as it is now as the new base, and edit the request. */
    async adjust() {
        await this.call("action_reopen");
        return this.open();
    }
}

registry.category("fields").add("change_strip", {
    component: ChangeStrip,
    displayName: _t("Open change request"),
    supportedTypes: ["json"],
});
