import { browser } from "@web/core/browser/browser";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { session } from "@web/session";

/** Tell who still has some days to set up a second factor, before he is held up. */
export const secondFactorService = {
    dependencies: ["notification"],
    start(env, { notification }) {
        const due = session.erp_second_factor_due;
        if (!due) {
            return;
        }
        const text = _t("Your role asks for a second factor. Set it up before %s.", [
            formatDateTime(deserializeDateTime(due), { showSeconds: false }),
        ]);
        notification.add(text, {
            type: "warning",
            sticky: true,
            buttons: [
                {
                    name: _t("Set it up"),
                    primary: true,
                    onClick: () => browser.location.assign("/erp_audit/second_factor"),
                },
            ],
        });
    },
};

registry.category("services").add("erp_audit_second_factor", secondFactorService);
