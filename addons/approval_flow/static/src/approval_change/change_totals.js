import { Component } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { lineAmounts } from "./change_lines";

/**
 * Amount of the lines before and after, while one types.
 *
 * Without a question to the server for each keystroke: an order may have hundreds of
 * lines. What taxes and rounding make of it, the impact tells.
 */
export class ChangeTotals extends Component {
    static template = "approval_flow.ChangeTotals";
    static props = { ...standardWidgetProps };

    get data() {
        return this.props.record.data;
    }

    get list() {
        return this.data.line_ids;
    }

    /** Not of a part of the lines only. */
    get isShown() {
        return this.list.count > 0 && this.list.records.length >= this.list.count;
    }

    get totals() {
        const cancel = this.data.kind === "cancel" && (this.data.cancel_kind || "remaining");
        return this.list.records
            .map((record) => lineAmounts(record, cancel))
            .reduce(([old, now], [before, after]) => [old + before, now + after], [0, 0]);
    }

    get delta() {
        const [old, now] = this.totals;
        return Math.round((now - old) * 1e6) / 1e6;
    }

    money(amount) {
        return formatMonetary(amount, { currencyId: this.data.currency_id?.id });
    }
}

export const changeTotals = {
    component: ChangeTotals,
    fieldDependencies: [{ name: "currency_id", type: "many2one" }],
};

registry.category("view_widgets").add("change_totals", changeTotals);
