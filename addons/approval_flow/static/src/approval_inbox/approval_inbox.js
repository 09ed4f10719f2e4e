import { useEffect } from "@odoo/owl";

import { getActiveHotkey } from "@web/core/hotkeys/hotkey_service";
import { registry } from "@web/core/registry";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { KanbanRecord } from "@web/views/kanban/kanban_record";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

import { decideTask } from "../approval_decide/approval_decide";
import {
    approveTask,
    isOnItsWay,
    reloadKeepingSelection,
    useApprovalChanges,
    useApprovalFlow,
} from "../approval_service/approval_hooks";
import { ApprovalEmpty } from "./approval_empty";

const KEYS = { a: "approve", r: "reject" };

/** Lists and boards of approvals that follow what happens elsewhere. */
export const followChanges = (Controller) =>
    class extends Controller {
        setup() {
            super.setup();
            this.approvalFlow = useApprovalChanges(() => reloadKeepingSelection(this.model));
        }
    };

/** What both inboxes do: open the approval instead of the task, and keys. */
const inbox = (Controller) =>
    class extends followChanges(Controller) {
        setup() {
            super.setup();
            const onKeydown = (ev) => this.onDecideKey(ev);
            useEffect(
                (el) => {
                    el.addEventListener("keydown", onKeydown);
                    return () => el.removeEventListener("keydown", onKeydown);
                },
                () => [this.rootRef.el]
            );
        }

        /** `a` approves and `r` rejects the card or row that has the focus. */
        onDecideKey(ev) {
            const choice = KEYS[getActiveHotkey(ev)];
            const row = ev.target.closest(".o_data_row, .o_kanban_record");
            if (!choice || !row || ev.target.matches("input, textarea, [contenteditable]")) {
                return;
            }
            const records = this.model.root.records;
            const index = records.findIndex((item) => item.id === row.dataset.id);
            const record = records[index];
            if (!record || record.data.state !== "pending" || !record.data.is_mine) {
                return;
            }
            ev.preventDefault();
            ev.stopPropagation();
            if (choice === "approve") {
                this.focusNeighbour(row);
                approveTask(this.approvalFlow, record);
            } else {
                decideTask(this.actionService, record.resId, choice, record.context, () =>
                    this.approvalFlow.changed([])
                );
            }
        }

        /** The row is about to go away: go on with the next one, or the one before. */
        focusNeighbour(row) {
            const near = (side) => {
                let other = row[side];
                while (other && !other.matches(".o_data_row, .o_kanban_record:not(.d-none)")) {
                    other = other[side];
                }
                return other;
            };
            const other = near("nextElementSibling") || near("previousElementSibling");
            const target = other && (other.matches("tr") ? other.querySelector("td") : other);
            if (target) {
                target.focus();
            }
        }

        async openRecord(record) {
            const ids = this.model.root.records.map((item) => item.data.instance_id.id);
            const resId = record.data.instance_id.id;
            await this.actionService.doAction(
                {
                    type: "ir.actions.act_window",
                    res_model: "approval.instance",
                    res_id: resId,
                    views: [[false, "form"]],
                },
                { props: { resIds: [...new Set(ids)] } }
            );
        }
    };

export class ApprovalInboxRecord extends KanbanRecord {
    setup() {
        super.setup();
        this.approvalFlow = useApprovalFlow();
    }

    getRecordClasses() {
        const hidden = isOnItsWay(this.approvalFlow, this.props.record) ? " d-none" : "";
        return super.getRecordClasses() + hidden;
    }
}

export class ApprovalInboxKanbanRenderer extends KanbanRenderer {
    static components = {
        ...KanbanRenderer.components,
        KanbanRecord: ApprovalInboxRecord,
        ActionHelper: ApprovalEmpty,
    };
}

export class ApprovalInboxListRenderer extends ListRenderer {
    static components = { ...ListRenderer.components, ActionHelper: ApprovalEmpty };

    setup() {
        super.setup();
        this.approvalFlow = useApprovalFlow();
    }

    getRowClass(record) {
        const hidden = isOnItsWay(this.approvalFlow, record) ? " d-none" : "";
        return super.getRowClass(record) + hidden;
    }
}

export class ApprovalInboxKanbanController extends inbox(KanbanController) {}
export class ApprovalInboxListController extends inbox(ListController) {}
export class ApprovalKanbanController extends followChanges(KanbanController) {}
export class ApprovalListController extends followChanges(ListController) {}

const views = registry.category("views");
views.add("approval_inbox_kanban", {
    ...kanbanView,
    Controller: ApprovalInboxKanbanController,
    Renderer: ApprovalInboxKanbanRenderer,
});
views.add("approval_inbox_list", {
    ...listView,
    Controller: ApprovalInboxListController,
    Renderer: ApprovalInboxListRenderer,
});
views.add("approval_kanban", { ...kanbanView, Controller: ApprovalKanbanController });
views.add("approval_list", { ...listView, Controller: ApprovalListController });
