import { onWillUnmount, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { useBus, useService } from "@web/core/utils/hooks";

import { sendingKey } from "./approval_service";

const REFRESH_DELAY = 400;

/**
 * Call `reload` shortly after approvals have changed, once for many changes.
 *
 * @param {(instances: number[]) => Promise} reload
 */
export function useApprovalChanges(reload) {
    const approvalFlow = useService("approval_flow");
    let timer;
    let instances = new Set();
    useBus(approvalFlow.bus, "changed", ({ detail }) => {
        detail.instances.forEach((id) => instances.add(id));
        browser.clearTimeout(timer);
        timer = browser.setTimeout(() => {
            const found = [...instances];
            instances = new Set();
            reload(found);
        }, REFRESH_DELAY);
    });
    onWillUnmount(() => browser.clearTimeout(timer));
    return approvalFlow;
}

/** The service with its state: rerenders when an approval is sent, and with time. */
export function useApprovalFlow() {
    const approvalFlow = useService("approval_flow");
    const state = useState(approvalFlow.state);
    const isSending = (resModel, resId) => sendingKey(resModel, resId) in state.sending;
    return { ...approvalFlow, state, isSending };
}

/**
 * Reload a list of records, and keep what was selected.
 *
 * @param {Object} model relational model
 */
export async function reloadKeepingSelection(model) {
    const selected = new Set((model.root.selection || []).map((record) => record.resId));
    await model.load();
    for (const record of model.root.records || []) {
        if (selected.has(record.resId)) {
            record.toggleSelection(true);
        }
    }
}

/** Put the approval of a task in the inbox on its way, with time to undo. */
export function approveTask(approvalFlow, record) {
    approvalFlow.approve({
        resModel: "approval.task",
        resId: record.resId,
        method: "action_approve",
        digest: record.data.shown_digest,
        name: record.data.document_name,
        instanceId: record.data.instance_id && record.data.instance_id.id,
    });
}

/** Hidden while an approval is on its way, so that the next card takes its place. */
export function isOnItsWay(approvalFlow, record) {
    const instance = record.data.instance_id;
    return (
        approvalFlow.isSending(record.resModel, record.resId) ||
        Boolean(instance && approvalFlow.isSending("approval.instance", instance.id))
    );
}
