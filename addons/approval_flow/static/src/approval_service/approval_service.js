import { EventBus, reactive } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";

export const UNDO_DELAY = 5000;
const CLOCK_TICK = 30000;

/** Key of a decision in the state of what is on its way. */
export const sendingKey = (resModel, resId) => `${resModel},${resId}`;

/**
 * @typedef {Object} Decision
 * @property {string} resModel "approval.task" or "approval.instance"
 * @property {number} resId
 * @property {string} method public method that approves
 * @property {string|false} digest digest of the content on the screen
 * @property {string} name what is approved, for the notification
 * @property {number} [instanceId] approval it belongs to, for the pages that show it
 */

/**
 * Keeps open pages up to date, and sends approvals after a time to think twice.
 *
 * An approval is sent when the time is over, when the next one is made, when the
 * notification is closed, or when the page is left. Until then it can be undone.
 */
export const approvalFlowService = {
    dependencies: ["bus_service", "notification", "orm"],

    start(env, { bus_service: busService, notification, orm }) {
        const bus = new EventBus();
        const state = reactive({ now: Date.now(), sending: {} });
        let pending = null;

        const changed = (instances) => bus.trigger("changed", { instances });
        busService.subscribe("approval_flow/changed", (payload) =>
            changed(payload.instances || [])
        );
        browser.setInterval(() => (state.now = Date.now()), CLOCK_TICK);

        const args = ({ resId, digest }) => [[resId], { seen_digest: digest || null }];

        /** Forget the pending decision; return it if it is still this one. */
        function take(decision) {
            if (!pending || pending !== decision) {
                return null;
            }
            pending = null;
            browser.clearTimeout(decision.timer);
            decision.close();
            return decision;
        }

        /** Show what was hidden again, or, if it was sent, after pages have reloaded. */
        function done(decision, sent = false) {
            const show = () =>
                delete state.sending[sendingKey(decision.resModel, decision.resId)];
            if (sent) {
                browser.setTimeout(show, UNDO_DELAY);
            } else {
                show();
            }
            changed(decision.instanceId ? [decision.instanceId] : []);
        }

        async function send(decision) {
            if (!take(decision)) {
                return;
            }
            const [ids, kwargs] = args(decision);
            let sent = false;
            try {
                const action = await orm.call(
                    decision.resModel,
                    decision.method,
                    [ids],
                    kwargs
                );
                const params = (action && action.params) || {};
                sent = params.type !== "warning";
                if (!sent) {
                    notification.add(params.message, {
                        title: params.title,
                        type: "warning",
                        sticky: true,
                    });
                }
            } finally {
                done(decision, sent);
            }
        }

        /** The page goes away: the browser sends the request by itself. */
        function sendNow() {
            const decision = pending && take(pending);
            if (!decision) {
                return;
            }
            const [ids, kwargs] = args(decision);
            const body = {
                id: 0,
                jsonrpc: "2.0",
                method: "call",
                params: {
                    model: decision.resModel,
                    method: decision.method,
                    args: [ids],
                    kwargs: { ...kwargs, context: user.context },
                },
            };
            browser.navigator.sendBeacon(
                `/web/dataset/call_kw/${decision.resModel}/${decision.method}`,
                new Blob([JSON.stringify(body)], { type: "application/json" })
            );
            browser.setTimeout(() => done(decision, true), 1000);
        }

        function undo() {
            const decision = pending && take(pending);
            if (decision) {
                done(decision);
            }
        }

        browser.addEventListener("pagehide", sendNow);
        document.addEventListener("visibilitychange", () => {
            if (document.visibilityState === "hidden") {
                sendNow();
            }
        });

        return {
            bus,
            state,
            changed,
            undo,
            isSending: (resModel, resId) => sendingKey(resModel, resId) in state.sending,

            /** @param {Decision} decision */
            approve(decision) {
                if (pending) {
                    send(pending);
                }
                pending = decision;
                state.sending[sendingKey(decision.resModel, decision.resId)] = true;
                decision.close = notification.add(_t("Approved: %s", decision.name), {
                    type: "success",
                    sticky: true,
                    className: "o_approval_undo",
                    buttons: [
                        {
                            name: _t("Undo"),
                            icon: "fa-undo",
                            primary: true,
                            onClick: undo,
                        },
                    ],
                    onClose: () => send(decision),
                });
                decision.timer = browser.setTimeout(() => send(decision), UNDO_DELAY);
            },
        };
    },
};

registry.category("services").add("approval_flow", approvalFlowService);
