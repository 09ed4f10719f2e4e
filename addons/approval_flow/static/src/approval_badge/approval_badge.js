import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { badgeField, BadgeField } from "@web/views/fields/badge/badge_field";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// icon and colour of every state of documents, approvals and tasks
export const STATE_LOOKS = {
    required: ["fa-lock", "info"],
    pending: ["fa-hourglass-half", "warning"],
    waiting: ["fa-pause", "secondary"],
    approved: ["fa-check", "success"],
    executed: ["fa-check-circle", "success"],
    failed: ["fa-exclamation-circle", "danger"],
    rejected: ["fa-times", "danger"],
    returned: ["fa-reply", "warning"],
    recalled: ["fa-undo", "secondary"],
    stale: ["fa-pencil", "danger"],
    transferred: ["fa-share", "info"],
    skipped: ["fa-minus", "secondary"],
    running: ["fa-play", "success"],
    planned: ["fa-clock-o", "info"],
    over: ["fa-stop", "secondary"],
    // change requests: state, kind, and what they left of the document
    draft: ["fa-pencil-square-o", "info"],
    submitted: ["fa-hourglass-half", "warning"],
    applied: ["fa-check-circle", "success"],
    conflict: ["fa-random", "danger"],
    cancelled: ["fa-ban", "secondary"],
    change: ["fa-exchange", "info"],
    cancel: ["fa-ban", "danger"],
    remaining: ["fa-stop-circle", "warning"],
    after_delivery: ["fa-undo", "danger"],
    // agreement of the other side
    asked: ["fa-envelope-o", "warning"],
    accepted: ["fa-check", "success"],
    refused: ["fa-times", "danger"],
    // documents
    sent: ["fa-paper-plane", "info"],
    sale: ["fa-check-circle", "success"],
    purchase: ["fa-check-circle", "success"],
};

/** A badge with an icon, so that its colour is never the only sign. */
export class ApprovalBadge extends BadgeField {
    static template = "approval_flow.ApprovalBadge";

    get value() {
        return this.props.record.data[this.props.name];
    }

    get isShown() {
        return this.value && this.value !== "not_required";
    }

    get icon() {
        return (STATE_LOOKS[this.value] || [""])[0];
    }

    get badgeClass() {
        if (Object.keys(this.props.decorations).length) {
            return super.badgeClass;
        }
        const tone = (STATE_LOOKS[this.value] || [])[1];
        return tone && tone !== "secondary" ? `text-bg-${tone}` : "text-bg-300";
    }
}

export const approvalBadge = {
    ...badgeField,
    component: ApprovalBadge,
    displayName: _t("Approval badge"),
    supportedTypes: ["selection"],
    listViewWidth: [140, 180],
};

registry.category("fields").add("approval_badge", approvalBadge);

/** Points to note on one line, coloured by how many there are. */
export class ApprovalReasons extends Component {
    static template = "approval_flow.ApprovalReasons";
    static props = { ...standardFieldProps };

    get text() {
        return this.props.record.data[this.props.name];
    }

    get isHigh() {
        return this.props.record.data.risk === "high";
    }
}

export const approvalReasons = {
    component: ApprovalReasons,
    displayName: _t("Points to note"),
    supportedTypes: ["char"],
    fieldDependencies: [{ name: "risk", type: "selection" }],
};

registry.category("fields").add("approval_reasons", approvalReasons);
