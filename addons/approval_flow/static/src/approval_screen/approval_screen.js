import { Component } from "@odoo/owl";

import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { imageUrl } from "@web/core/utils/urls";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { ApprovalTime } from "../approval_time/approval_time";

const TONES = { warning: "text-warning-emphasis", danger: "text-danger", success: "text-success" };
const TONE_ICONS = { warning: "fa-exclamation-triangle", danger: "fa-exclamation-circle" };
// what looks like a figure is aligned to the right
const FIGURE = /^[^\d]{0,4}[\d.,'\s\u00a0\u202f]*\d[^\d]{0,12}$/;

/** Base of the sections of the approver's screen: nothing is shown without data. */
class ApprovalSection extends Component {
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name];
    }

    toneClass(tone) {
        return TONES[tone] || "";
    }

    toneIcon(tone) {
        return TONE_ICONS[tone] || "";
    }

    kindLabel(kind) {
        return kind === "added" ? _t("new line") : _t("line removed");
    }

    get beforeLabel() {
        return _t("Before");
    }

    get nowLabel() {
        return _t("Now");
    }
}

/** Key facts: label, value, and a sign where the value is out of the usual. */
export class ApprovalFacts extends ApprovalSection {
    static template = "approval_flow.ApprovalFacts";
}

/** Lines of the document: a table on the desk, one block per line on the phone. */
export class ApprovalLines extends ApprovalSection {
    static template = "approval_flow.ApprovalLines";

    get numeric() {
        const { columns, rows } = this.value;
        return columns.map((column, index) => {
            const texts = rows.map((row) => row[index].value).filter(Boolean);
            return index > 0 && texts.length > 0 && texts.every((text) => FIGURE.test(text));
        });
    }
}

/** Results of the automatic checks: what failed in full, what passed in one line. */
export class ApprovalChecks extends ApprovalSection {
    static template = "approval_flow.ApprovalChecks";

    get failed() {
        return this.value.filter((check) => check.status !== "pass");
    }

    get passed() {
        return this.value.filter((check) => check.status === "pass");
    }

    get passedText() {
        const count = this.passed.length;
        return count === 1 ? _t("1 check passed") : _t("%s checks passed", count);
    }

    statusLabel(status) {
        return status === "block" ? _t("Stopped") : _t("To note");
    }
}

/** What changed since the last approval: only what differs, old and new. */
export class ApprovalChanges extends ApprovalSection {
    static template = "approval_flow.ApprovalChanges";

    get title() {
        return this.value.own
            ? _t("Changed since you last approved")
            : _t("Changed since the previous round");
    }
}

/** Files of the document. */
export class ApprovalFiles extends ApprovalSection {
    static template = "approval_flow.ApprovalFiles";

    size(bytes) {
        return bytes < 1048576
            ? _t("%s kB", Math.max(Math.round(bytes / 1024), 1))
            : _t("%s MB", (bytes / 1048576).toFixed(1));
    }
}

// icon and colour of what happened
const EVENT_LOOKS = {
    submitted: ["fa-paper-plane", "info"],
    approved: ["fa-check", "success"],
    granted: ["fa-check-circle", "success"],
    executed: ["fa-flag-checkered", "success"],
    kept: ["fa-check", "success"],
    carried: ["fa-check", "success"],
    rejected: ["fa-times", "danger"],
    failed: ["fa-exclamation-circle", "danger"],
    stale: ["fa-pencil", "danger"],
    returned: ["fa-reply", "warning"],
    recalled: ["fa-undo", "secondary"],
    transferred: ["fa-share", "info"],
    added: ["fa-user-plus", "info"],
    delegated: ["fa-share", "info"],
    undelegated: ["fa-reply", "secondary"],
    urged: ["fa-bell", "warning"],
    reminded: ["fa-bell-o", "secondary"],
    escalated: ["fa-level-up", "warning"],
    reassigned: ["fa-random", "secondary"],
    skipped: ["fa-minus", "secondary"],
    retried: ["fa-refresh", "info"],
    pending: ["fa-hourglass-half", "warning"],
    waiting: ["fa-pause", "secondary"],
    next: ["fa-circle-o", "secondary"],
};

/** All rounds as a vertical timeline; earlier rounds are folded. */
export class ApprovalTimeline extends ApprovalSection {
    static template = "approval_flow.ApprovalTimeline";
    static components = { ApprovalTime };

    icon(item) {
        return (EVENT_LOOKS[item.kind] || ["fa-circle-o"])[0];
    }

    tone(item) {
        return (EVENT_LOOKS[item.kind] || ["", "secondary"])[1];
    }

    isAhead(item) {
        return ["waiting", "next"].includes(item.kind);
    }

    moment(text) {
        return text ? deserializeDateTime(text) : false;
    }

    avatar(userId) {
        return imageUrl("res.users", userId, "avatar_128");
    }

    roundTitle(round) {
        return _t("Round %(number)s: %(state)s", { number: round.round, state: round.label });
    }
}

const fields = registry.category("fields");
for (const [name, component] of [
    ["approval_facts", ApprovalFacts],
    ["approval_lines", ApprovalLines],
    ["approval_checks", ApprovalChecks],
    ["approval_changes", ApprovalChanges],
    ["approval_files", ApprovalFiles],
    ["approval_timeline", ApprovalTimeline],
]) {
    fields.add(name, { component, supportedTypes: ["json"] });
}
