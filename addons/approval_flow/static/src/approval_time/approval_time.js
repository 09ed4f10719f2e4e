import { Component } from "@odoo/owl";

import { formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { useApprovalFlow } from "../approval_service/approval_hooks";

const { DateTime, Duration } = luxon;
const HOUR = 3600000;
const DAY = 24 * HOUR;
// a deadline this near is amber
const SOON = 2 * HOUR;

/** Words for a length of time: the largest unit only. */
export function spanInWords(milliseconds, unitDisplay = "short") {
    const span = Math.abs(milliseconds);
    const [unit, size] =
        span >= DAY ? ["days", DAY] : span >= HOUR ? ["hours", HOUR] : ["minutes", 60000];
    const count = Math.max(Math.round(span / size), 1);
    return Duration.fromObject({ [unit]: count }).toHuman({ unitDisplay });
}

/** Words for a deadline, and how pressing it is. */
export function deadlineInWords(value, now) {
    const left = value.toMillis() - now;
    if (left < 0) {
        return { text: _t("late by %s", spanInWords(left)), tone: "danger" };
    }
    const tone = left < SOON ? "warning" : "";
    const days = value
        .startOf("day")
        .diff(DateTime.fromMillis(now, { zone: value.zone }).startOf("day"), "days").days;
    const time = value.toLocaleString(DateTime.TIME_SIMPLE);
    if (days < 1) {
        return { text: _t("due today %s", time), tone };
    }
    if (days < 2) {
        return { text: _t("due tomorrow %s", time), tone };
    }
    return { text: _t("due in %s", spanInWords(days * DAY)), tone };
}

export function agoInWords(value, now) {
    const past = now - value.toMillis();
    if (Math.abs(past) < 60000) {
        return _t("just now");
    }
    return value.toRelative({ base: DateTime.fromMillis(now, { zone: value.zone }) });
}

/** A moment relative to now; the exact time is the tooltip. Late is red, with a word. */
export class ApprovalTime extends Component {
    static template = "approval_flow.ApprovalTime";
    static props = {
        value: { optional: true },
        deadline: { type: Boolean, optional: true },
        // how long it has been, to be read after "since"
        span: { type: Boolean, optional: true },
    };

    setup() {
        this.approvalFlow = useApprovalFlow();
    }

    get shown() {
        const { value, deadline, span } = this.props;
        // the clock ticks rarely; what has just come is never in the future
        const now = Math.max(this.approvalFlow.state.now, Date.now());
        if (deadline) {
            return deadlineInWords(value, now);
        }
        const text = span ? spanInWords(now - value.toMillis()) : agoInWords(value, now);
        return { text, tone: "" };
    }

    get exact() {
        return formatDateTime(this.props.value);
    }
}

export class ApprovalTimeField extends Component {
    static template = "approval_flow.ApprovalTimeField";
    static components = { ApprovalTime };
    static props = { ...standardFieldProps, deadline: { type: Boolean, optional: true } };
}

export const approvalTimeField = {
    component: ApprovalTimeField,
    displayName: _t("Relative time"),
    listViewWidth: ({ options }) => (options?.deadline ? 160 : 120),
    supportedTypes: ["datetime"],
    supportedOptions: [
        {
            label: _t("Deadline"),
            name: "deadline",
            type: "boolean",
            help: _t("Show how much time is left, or how late it is."),
        },
    ],
    extractProps: ({ options }) => ({
        deadline: Boolean(options.deadline),
    }),
};

registry.category("fields").add("approval_time", approvalTimeField);
