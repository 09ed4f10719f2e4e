import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { session } from "@web/session";

const { DateTime } = luxon;

/** While emergency access lasts, it is seen on every screen, with the way to end it. */
export const emergencyService = {
    dependencies: ["notification", "action"],
    start(env, { notification, action }) {
        const emergency = session.erp_emergency;
        if (!emergency) {
            return;
        }
        const until = deserializeDateTime(emergency.until);
        const text = _t("You have emergency access until %(time)s. All that you do is recorded.", {
            time: until.toLocaleString(DateTime.TIME_SIMPLE),
        });
        const close = notification.add(text, {
            title: emergency.role,
            type: "danger",
            sticky: true,
            buttons: [
                {
                    name: _t("Show the request"),
                    primary: true,
                    onClick: () => {
                        close();
                        action.doAction({
                            type: "ir.actions.act_window",
                            res_model: "erp.access.request",
                            res_id: emergency.request,
                            views: [[false, "form"]],
                        });
                    },
                },
            ],
        });
    },
};

registry.category("services").add("erp_audit_emergency", emergencyService);
