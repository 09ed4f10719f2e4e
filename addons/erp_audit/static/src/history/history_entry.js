import { Component, useState } from "@odoo/owl";

import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { imageUrl } from "@web/core/utils/urls";

import { HistoryGroup } from "./history_value";

const { DateTime } = luxon;

/** One operation: who did what, what it changed, and the records themselves. */
export class HistoryEntry extends Component {
    static template = "erp_audit.HistoryEntry";
    static components = { HistoryGroup };
    static props = {
        entry: Object,
        loadOperation: Function,
        compareSince: Function,
    };

    setup() {
        this.state = useState({ full: null, details: false, busy: false });
    }

    get entry() {
        return this.state.full || this.props.entry;
    }

    get moment() {
        return deserializeDateTime(this.props.entry.date);
    }

    get time() {
        return this.moment.toLocaleString(DateTime.TIME_SIMPLE);
    }

    get exact() {
        return formatDateTime(this.moment);
    }

    get person() {
        return this.props.entry.person || _t("Somebody unknown");
    }

    get avatar() {
        const { user_id: userId } = this.props.entry;
        return userId && imageUrl("res.users", userId, "avatar_128");
    }

    get moreText() {
        const { more } = this.entry;
        return more === 1 ? _t("Show one more line") : _t("Show %s more lines", more);
    }

    get records() {
        return this.entry.details.records;
    }

    valuesText(record) {
        const lines = Object.entries(record.values);
        return lines.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join("\n");
    }

    contextLabel(name) {
        return {
            operation: _t("Operation"),
            login: _t("Login"),
            ip: _t("IP address"),
            session: _t("Session"),
            route: _t("Address called"),
            action: _t("Method"),
        }[name];
    }

    opLabel(op) {
        return {
            c: _t("Created"),
            w: _t("Changed"),
            d: _t("Deleted"),
            l: _t("Linked"),
            u: _t("Unlinked"),
            e: _t("Event"),
        }[op];
    }

    async loadFull() {
        if (!this.state.full && !this.state.busy) {
            this.state.busy = true;
            try {
                this.state.full = await this.props.loadOperation(this.props.entry.operation);
            } finally {
                this.state.busy = false;
            }
        }
    }

    async toggleDetails() {
        if (!this.state.details) {
            await this.loadFull();
        }
        this.state.details = !this.state.details && Boolean(this.state.full);
    }
}
