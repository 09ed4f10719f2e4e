import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

// values that a row shows before the rest is folded
const SHOWN = 6;

/** What changed in one row: the document itself, or one of its lines. */
export class HistoryGroup extends Component {
    static template = "erp_audit.HistoryGroup";
    static props = { group: Object, alone: { type: Boolean, optional: true } };

    setup() {
        this.state = useState({ open: false });
    }

    get title() {
        const { kind, root, label, name } = this.props.group;
        if (root) {
            return "";
        }
        const line = { label, name };
        switch (kind) {
            case "c":
                return _t("Added: %(label)s “%(name)s”", line);
            case "d":
                return _t("Removed: %(label)s “%(name)s”", line);
        }
        return _t("%(label)s “%(name)s”", line);
    }

    get icon() {
        return { c: "fa-plus text-success", d: "fa-minus text-danger" }[this.props.group.kind];
    }

    get main() {
        const { values, kind } = this.props.group;
        const main = values.filter((value) => !value.minor);
        if (kind === "w") {
            // where nothing but figures that follow from others changed, these are shown
            return main.length || !this.props.alone ? main : values;
        }
        return main.slice(0, SHOWN);
    }

    get values() {
        return this.state.open ? this.props.group.values : this.main;
    }

    get hidden() {
        return this.props.group.values.length - this.main.length;
    }

    get foldText() {
        if (this.state.open) {
            return _t("Show less");
        }
        return this.hidden === 1 ? _t("1 more value") : _t("%s more values", this.hidden);
    }
}
