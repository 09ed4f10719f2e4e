import { Component, onWillStart, useState } from "@odoo/owl";

import { serializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

const { DateTime } = luxon;

/** The empty inbox: kind words, and what one has decided this week. */
export class ApprovalEmpty extends Component {
    static template = "approval_flow.ApprovalEmpty";
    static props = {
        noContentHelp: { optional: true },
        showRibbon: { type: Boolean, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ decided: 0 });
        onWillStart(async () => {
            const monday = DateTime.local().startOf("week");
            this.state.decided = await this.orm.searchCount("approval.task", [
                ["decided_by_id", "=", user.userId],
                ["decided_date", ">=", serializeDateTime(monday)],
            ]);
        });
    }

    get decidedText() {
        const { decided } = this.state;
        return decided === 1
            ? _t("You decided one approval this week.")
            : _t("You decided %s approvals this week.", decided);
    }
}
