import { Component, onWillStart, useState } from "@odoo/owl";

import { router } from "@web/core/browser/router";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import {
    deserializeDateTime,
    formatDate,
    formatDateTime,
    serializeDate,
    deserializeDate,
} from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const { DateTime } = luxon;
// days that are shown at first, today included
const DAYS = 7;

/** What did this person do between … and …: cards to drill down from, and a timeline. */
export class AuditPerson extends Component {
    static template = "erp_audit.AuditPerson";
    static components = { DateTimeInput, Layout, RecordSelector };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const { params, path } = this.props.action;
        // on the way back what was shown, after a reload what the address tells
        const address = router.current.action === path ? router.current : {};
        const kept = { ...(params?.user_id ? params : address), ...this.props.state };
        const today = DateTime.local().startOf("day");
        this.display = { controlPanel: {} };
        this.state = useState({
            userId: Number(kept.user_id) || user.userId,
            from: this.parsed(kept.date_from) || today.minus({ days: DAYS - 1 }),
            to: this.parsed(kept.date_to) || today,
            page: null,
            loading: false,
        });
        useSetupAction({ getLocalState: () => this.question });
        onWillStart(() => this.load());
    }

    parsed(text) {
        const date = text && deserializeDate(String(text));
        return date?.isValid ? date : null;
    }

    get question() {
        const [date_from, date_to] = this.period;
        return { user_id: this.state.userId, date_from, date_to };
    }

    get period() {
        return [serializeDate(this.state.from), serializeDate(this.state.to)];
    }

    async load(cursor = null) {
        // a busy person's page takes a moment: the answer must still be to the question
        const turn = (this.turn = Symbol("turn"));
        this.state.loading = true;
        this.props.updateActionState?.(this.question);
        try {
            const page = await this.orm.call("erp.audit.person", "get_page", [
                this.state.userId,
                ...this.period,
                cursor,
            ]);
            if (turn !== this.turn) {
                return;
            }
            if (cursor) {
                this.append(page);
            } else {
                this.state.page = page;
            }
        } finally {
            if (turn === this.turn) {
                this.state.loading = false;
            }
        }
    }

    append(page) {
        const { days } = this.state.page;
        for (const day of page.days) {
            const known = days.find((item) => item.day === day.day);
            if (known) {
                known.operations.push(...day.operations);
            } else {
                days.push(day);
            }
        }
        this.state.page.next = page.next;
    }

    choosePerson(userId) {
        if (userId) {
            this.state.userId = userId;
            this.load();
        }
    }

    chooseDate(name, value) {
        if (!value) {
            return;
        }
        this.state[name] = value.startOf("day");
        if (this.state.from > this.state.to) {
            // the other end follows, rather than an error
            this.state[name === "from" ? "to" : "from"] = this.state[name];
        }
        this.load();
    }

    /** The last n days, today included. */
    chooseDays(days) {
        this.state.to = DateTime.local().startOf("day");
        this.state.from = this.state.to.minus({ days: days - 1 });
        this.load();
    }

    get addressesText() {
        return _t("Addresses: %s", this.state.page.places.length);
    }

    moreText(operation) {
        return _t("and %s more records", operation.more.toLocaleString());
    }

    dayTitle(day) {
        const date = deserializeDate(day);
        const distance = Math.round(
            DateTime.local().startOf("day").diff(date.startOf("day"), "days").days
        );
        const words = [_t("Today"), _t("Yesterday")];
        const shown = `${date.toFormat("cccc")}, ${formatDate(date)}`;
        return words[distance] ? `${words[distance]}, ${formatDate(date)}` : shown;
    }

    moment(value) {
        return formatDateTime(deserializeDateTime(value));
    }

    openCard(card) {
        this.openRecords(card.name, card.domain);
    }

    openPlace(place) {
        this.openRecords(place.ip, place.domain);
    }

    openRecords(name, domain) {
        this.action.doAction({
            type: "ir.actions.act_window",
            name: `${this.state.page.person.name}: ${name}`,
            res_model: "erp.audit.record",
            views: [
                [false, "list"],
                [false, "kanban"],
                [false, "form"],
            ],
            domain: [...this.state.page.domain, ...domain],
        });
    }

    openOperation(operation) {
        this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("One operation"),
            res_model: "erp.audit.record",
            views: [
                [false, "list"],
                [false, "kanban"],
                [false, "form"],
            ],
            domain: [["operation", "=", operation.operation]],
        });
    }
}

registry.category("actions").add("erp_audit_person", AuditPerson);
