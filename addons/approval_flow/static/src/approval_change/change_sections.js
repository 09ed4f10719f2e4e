import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const TONES = { warning: "text-warning-emphasis", danger: "text-danger", success: "text-success" };
const TONE_WORDS = { warning: _t("To note"), danger: _t("Attention") };

/** Base of what is shown of a change request: nothing without data. */
class ChangeSection extends Component {
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name];
    }

    tone(tone) {
        return TONES[tone] || "";
    }

    toneWord(tone) {
        return TONE_WORDS[tone];
    }

    get beforeLabel() {
        return _t("Before");
    }

    get afterLabel() {
        return _t("After");
    }
}

/** What will happen, grouped by department: sentences with icons. */
export class ApprovalEffects extends ChangeSection {
    static template = "approval_flow.ApprovalEffects";
}

/** Old → new, one row for each difference. */
export class ChangeRows extends ChangeSection {
    static template = "approval_flow.ChangeRowsSection";
}

/** Total, margin and credit, before and after. */
export class ChangeFigures extends ChangeSection {
    static template = "approval_flow.ChangeFigures";
}

/** Applied requests of a document, the latest first. */
export class ChangeHistory extends ChangeSection {
    static template = "approval_flow.ChangeHistory";

    setup() {
        this.action = useService("action");
    }

    open(item) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: item.model,
            res_id: item.id,
            views: [[false, "form"]],
        });
    }
}

const fields = registry.category("fields");
for (const [name, component] of [
    ["approval_effects", ApprovalEffects],
    ["change_rows", ChangeRows],
    ["change_figures", ChangeFigures],
    ["change_history", ChangeHistory],
]) {
    fields.add(name, { component, supportedTypes: ["json"] });
}
