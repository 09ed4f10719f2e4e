import { Component, onWillStart, useState } from "@odoo/owl";

import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { agoInWords } from "@approval_flow/approval_time/approval_time";

/** Who touched this: people, what they touched, and when they last did. */
export class AuditTouch extends Component {
    static template = "erp_audit.AuditTouch";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        const { params } = this.props.action;
        // on the way back what was shown, after a reload what the address tells
        const kept = { ...params, ...this.props.state };
        this.display = { controlPanel: {} };
        this.periods = [
            { days: 30, name: _t("30 days") },
            { days: 90, name: _t("90 days") },
            { days: 365, name: _t("12 months") },
            { days: 0, name: _t("All") },
        ];
        this.state = useState({
            model: kept.touch_model,
            resId: Number(kept.touch_id),
            days: Number(kept.days ?? 365),
            page: null,
        });
        useSetupAction({ getLocalState: () => this.question });
        onWillStart(async () => {
            await this.load();
            this.env.config.setDisplayName(_t("Who touched %s", this.state.page.name));
        });
    }

    get question() {
        const { model, resId, days } = this.state;
        return { touch_model: model, touch_id: resId, days };
    }

    async load() {
        const { model, resId, days } = this.state;
        this.props.updateActionState?.(this.question);
        const page = await this.orm.call("erp.audit.touch", "get_page", [model, resId, days]);
        if (page.days === this.state.days) {
            this.state.page = page;
        }
    }

    choosePeriod(days) {
        this.state.days = days;
        return this.load();
    }

    kindText(kind) {
        const words = {
            kind: kind.label,
            number: kind.count.toLocaleString(),
            gone: kind.gone.toLocaleString(),
        };
        if (kind.gone) {
            return kind.cut
                ? _t("%(kind)s: the newest %(number)s (%(gone)s deleted)", words)
                : _t("%(kind)s: %(number)s (%(gone)s deleted)", words);
        }
        return kind.cut
            ? _t("%(kind)s: the newest %(number)s", words)
            : _t("%(kind)s: %(number)s", words);
    }

    personText(person) {
        return _t("Records: %(number)s · last %(ago)s", {
            number: person.count.toLocaleString(),
            ago: this.ago(person.last),
        });
    }

    ago(value) {
        return agoInWords(deserializeDateTime(value), Date.now());
    }

    exact(value) {
        return formatDateTime(deserializeDateTime(value));
    }

    async openLine(person, line) {
        const { model, resId, days } = this.state;
        const action = await this.orm.call("erp.audit.touch", "action_records", [
            model,
            resId,
            days,
            line.model,
            person.login,
            person.user_id,
        ]);
        this.action.doAction(action);
    }

    async openPerson(person) {
        const action = await this.orm.call("erp.audit.person", "action_open", [person.user_id]);
        this.action.doAction(action);
    }

    openDocument() {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: this.state.model,
            res_id: this.state.resId,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("erp_audit_touch", AuditTouch);
