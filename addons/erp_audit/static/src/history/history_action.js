import { Component, onMounted, onWillStart, useState } from "@odoo/owl";

import { router } from "@web/core/browser/router";
import {
    deserializeDateTime,
    formatDate,
    formatDateTime,
    serializeDateTime,
} from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { KeepLast } from "@web/core/utils/concurrency";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { HistoryEntry } from "./history_entry";
import { HistoryGroup } from "./history_value";

const { DateTime } = luxon;
const PERIODS = ["", "today", "week", "month", "own"];
const MODEL = "erp.audit.history";
const NO_FILTERS = { user_id: "", field: "", period: "", from: "", to: "" };
// what else can be done with what is shown: {label, icon, run(env, request)}; run gets
// the document and the filters as the server takes them
const extras = registry.category("erp_audit_history_actions");

/** What happened to a document, like a conversation. */
export class AuditHistory extends Component {
    static template = "erp_audit.AuditHistory";
    static components = { Layout, HistoryEntry, HistoryGroup };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.display = { controlPanel: {} };
        const { context, params } = this.props.action;
        // after a reload the address tells what the form told before
        this.resModel = context.active_model || params?.res_model || router.current.res_model;
        this.resId = context.active_id || params?.res_id || this.props.resId;
        this.state = useState({
            filters: { ...NO_FILTERS },
            choices: null,
            document: null,
            entries: [],
            next: null,
            busy: false,
            compare: null,
        });
        onWillStart(async () => {
            await this.load();
            const title = _t("History of %s", this.state.document.name);
            this.env.config.setDisplayName(title);
        });
        onMounted(() => this.loadChoices());
    }

    get target() {
        return [this.resModel, this.resId];
    }

    get context() {
        return { ...user.context };
    }

    call(method, args = []) {
        return this.orm.call(MODEL, method, [...this.target, ...args], {
            context: this.context,
        });
    }

    // -- entries --------------------------------------------------------------------

    async load(before = false) {
        this.state.busy = true;
        try {
            const result = await this.keepLast.add(this.call("load_page", [this.filters, before]));
            const { entries, next, ...document } = result;
            this.state.document = document;
            this.state.entries = before ? [...this.state.entries, ...entries] : entries;
            this.state.next = next;
        } finally {
            this.state.busy = false;
        }
        if (!before) {
            this.props.updateActionState?.({ res_model: this.resModel });
        }
    }

    loadMore() {
        return this.load(this.state.next);
    }

    loadOperation = (operation) => this.call("load_operation", [operation, this.filters]);

    /** Entries by the day on which they happened, in the reader's time. */
    get days() {
        const days = [];
        for (const entry of this.state.entries) {
            const title = this.dayTitle(deserializeDateTime(entry.date));
            if (days.at(-1)?.title !== title) {
                days.push({ title, entries: [] });
            }
            days.at(-1).entries.push(entry);
        }
        return days;
    }

    dayTitle(moment) {
        const today = DateTime.now().setZone(moment.zone).startOf("day");
        if (moment >= today) {
            return _t("Today");
        }
        if (moment >= today.minus({ days: 1 })) {
            return _t("Yesterday");
        }
        return formatDate(moment);
    }

    // -- filters --------------------------------------------------------------------

    get periods() {
        const labels = [
            _t("Any time"),
            _t("Today"),
            _t("Last 7 days"),
            _t("Last 30 days"),
            _t("From … to …"),
        ];
        return PERIODS.map((value, index) => [value, labels[index]]);
    }

    /** What is filtered, as the server takes it. */
    get filters() {
        const { user_id, field, period, from, to } = this.state.filters;
        const filters = {};
        if (user_id) {
            filters.user_id = Number(user_id);
        }
        if (field) {
            filters.field = field;
        }
        const today = DateTime.local().startOf("day");
        const start = {
            today,
            week: today.minus({ days: 6 }),
            month: today.minus({ days: 29 }),
            own: from && DateTime.fromISO(from),
        }[period];
        if (start) {
            filters.since = serializeDateTime(start.minus({ seconds: 1 }));
        }
        if (period === "own" && to) {
            filters.until = serializeDateTime(DateTime.fromISO(to).endOf("day"));
        }
        return filters;
    }

    get isFiltered() {
        return Object.values(this.state.filters).some(Boolean);
    }

    async loadChoices() {
        this.state.choices = await this.call("load_choices");
    }

    isPerson(userId) {
        return this.state.filters.user_id === String(userId);
    }

    onFilter(name, ev) {
        this.state.filters[name] = ev.target.value;
        return this.load();
    }

    clearFilters() {
        Object.assign(this.state.filters, NO_FILTERS);
        return this.load();
    }

    // -- comparing ------------------------------------------------------------------

    toggleCompare() {
        if (this.state.compare) {
            this.state.compare = null;
            return;
        }
        const now = DateTime.local();
        this.state.compare = {
            since: this.forInput(now.minus({ days: 7 })),
            until: this.forInput(now.plus({ minutes: 1 })),
            result: null,
        };
    }

    compareSince = (entry) => {
        const now = DateTime.local();
        this.state.compare = {
            since: deserializeDateTime(entry.date).toFormat("yyyy-MM-dd'T'HH:mm:ss"),
            until: this.forInput(now.plus({ minutes: 1 })),
            // within a second the number of the record tells what came later
            after: entry.id,
            result: null,
        };
        document.querySelector(".o_audit_history")?.scrollIntoView();
        return this.compare();
    };

    forInput(moment) {
        return moment.toFormat("yyyy-MM-dd'T'HH:mm");
    }

    onMoment(name, ev) {
        Object.assign(this.state.compare, { [name]: ev.target.value, result: null });
        if (name === "since") {
            this.state.compare.after = false;
        }
    }

    async compare() {
        const { since, until, after } = this.state.compare;
        const moments = [since, until].map((text) => DateTime.fromISO(text));
        moments.sort((one, other) => one - other);
        const texts = moments.map((moment) => (moment.isValid ? serializeDateTime(moment) : ""));
        const result = await this.keepLast.add(this.call("compare", [...texts, after || false]));
        if (this.state.compare) {
            const [first, last] = moments.map((moment) => formatDateTime(moment));
            this.state.compare.result = { ...result, first, last };
        }
    }

    get canCompare() {
        const { since, until } = this.state.compare;
        return Boolean(since && until);
    }

    // -- what others add ------------------------------------------------------------

    get extras() {
        return extras.getAll();
    }

    runExtra(extra) {
        const [res_model, res_id] = this.target;
        return extra.run(this.env, { res_model, res_id, filters: this.filters });
    }
}

registry.category("actions").add("erp_audit_history", AuditHistory);
