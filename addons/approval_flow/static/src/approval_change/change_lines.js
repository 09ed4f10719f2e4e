import { useState, useSubEnv } from "@odoo/owl";

import { areDatesEqual } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { X2ManyField, x2ManyField } from "@web/views/fields/x2many/x2many_field";
import { KanbanRecord } from "@web/views/kanban/kanban_record";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { ListRenderer } from "@web/views/list/list_renderer";

// from so many lines on one looks for a product instead of scrolling
const MANY = 12;

/** Return what a line of a request asks for, as it stands on the screen. */
export function lineAction({ data, fields }) {
    if (!data.order_line_id) {
        return "add";
    }
    if (data.is_removed) {
        return "remove";
    }
    const { product_id: product, old_product_id: old } = data;
    if (product && old && product.id !== old.id) {
        return "replace";
    }
    const differs = (name) => {
        const places = (fields[`new_${name}`]?.digits || [16, 6])[1];
        const delta = (data[`new_${name}`] || 0) - (data[`old_${name}`] || 0);
        return Math.round(delta * 10 ** places) !== 0;
    };
    if (["qty", "price", "discount"].some(differs)) {
        return "change";
    }
    const { new_date: date, old_date: before } = data;
    return date && !(before && areDatesEqual(date, before)) ? "change" : "keep";
}

/**
 * Old and new amount of a line, before taxes.
 *
 * @param {Object} record
 * @param {string} [cancel] what a cancellation request cancels
 */
export function lineAmounts(record, cancel) {
    const { data } = record;
    const amount = (quantity, price, discount) =>
        (quantity || 0) * (price || 0) * (1 - (discount || 0) / 100);
    const old = data.order_line_id
        ? amount(data.old_qty, data.old_price, data.old_discount)
        : 0;
    const goes = data.order_line_id && (data.is_removed || cancel);
    const kept = cancel && cancel !== "remaining" ? 0 : Math.min(data.qty_done, data.old_qty);
    const left = goes ? Math.max(kept, 0) : data.new_qty;
    return [old, amount(left, data.new_price, data.new_discount)];
}

const isHidden = (filter, record) => {
    const words = filter.words.trim().toLowerCase();
    const name = record.data.product_id?.display_name || "";
    return (
        (filter.onlyChanged && lineAction(record) === "keep") ||
        (words && !name.toLowerCase().includes(words))
    );
};

/** Rows of a request: removing marks the line, only added ones really go. */
export class ChangeListRenderer extends ListRenderer {
    static recordRowTemplate = "approval_flow.ChangeLineRow";

    setup() {
        super.setup();
        this.filter = useState(this.env.changeFilter);
    }

    getRowClass(record) {
        const action = lineAction(record);
        const hidden = isHidden(this.filter, record) ? " d-none" : "";
        return `${super.getRowClass(record)} o_change_line_${action}${hidden}`;
    }

    removeLabel(record) {
        return record.data.is_removed ? _t("Keep this line") : _t("Remove this line");
    }

    async onDeleteRecord(record) {
        if (!record.data.order_line_id) {
            return super.onDeleteRecord(record);
        }
        if (this.editedRecord && this.editedRecord !== record) {
            if (!(await this.props.list.leaveEditMode())) {
                return;
            }
        }
        await record.update({ is_removed: !record.data.is_removed });
    }
}

export class ChangeKanbanRecord extends KanbanRecord {
    setup() {
        super.setup();
        this.filter = useState(this.env.changeFilter);
    }

    getRecordClasses() {
        const { record } = this.props;
        const hidden = isHidden(this.filter, record) ? " d-none" : "";
        return `${super.getRecordClasses()} o_change_line_${lineAction(record)}${hidden}`;
    }
}

export class ChangeKanbanRenderer extends KanbanRenderer {
    static components = { ...KanbanRenderer.components, KanbanRecord: ChangeKanbanRecord };
}

/** The table of a request: product, old → new, how far it is; cards on the phone. */
export class ChangeLines extends X2ManyField {
    static template = "approval_flow.ChangeLines";
    static components = {
        ...X2ManyField.components,
        ListRenderer: ChangeListRenderer,
        KanbanRenderer: ChangeKanbanRenderer,
    };

    setup() {
        super.setup();
        const { data } = this.props.record;
        this.filter = useState({
            words: "",
            // who reads wants the differences, who writes wants the order
            onlyChanged: !data.is_editable && data.kind !== "cancel" && this.hasChanges,
        });
        useSubEnv({ changeFilter: this.filter });
    }

    get hasChanges() {
        return this.list.records.some((record) => lineAction(record) !== "keep");
    }

    get changed() {
        return this.list.records.filter((record) => lineAction(record) !== "keep").length;
    }

    /** Of a cancellation everything is concerned. */
    get canFilter() {
        const { changed } = this;
        const isChange = this.props.record.data.kind !== "cancel";
        const isPart = changed > 0 && changed < this.list.records.length;
        return isChange && (isPart || (this.filter.onlyChanged && this.isLong));
    }

    get isLong() {
        return this.list.count >= MANY;
    }

    get allLabel() {
        return _t("All lines (%s)", this.list.count);
    }

    get changedLabel() {
        return _t("Changed lines (%s)", this.changed);
    }
}

export const changeLines = {
    ...x2ManyField,
    component: ChangeLines,
    displayName: _t("Lines of a change request"),
};

registry.category("fields").add("change_lines", changeLines);
