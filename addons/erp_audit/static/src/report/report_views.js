import { useSubEnv } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { listView } from "@web/views/list/list_view";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";

/** Return what the action says about itself below its heading, as plain text. */
function about(help) {
    if (!help) {
        return "";
    }
    const page = new DOMParser().parseFromString(help, "text/html");
    const lines = page.querySelectorAll("p:not(.o_view_nocontent_smiling_face)");
    return [...lines].map((line) => line.textContent.trim()).join(" ");
}

/** Return whom and what a record is about. */
function subject({ data }) {
    return [data.user_id, data.group_id]
        .map((value) => value && value.display_name)
        .filter(Boolean)
        .join(" – ");
}

/** Questions before something is done name whom it is done to: cards are many. */
function useNamedQuestions(controller) {
    const { onClickViewButton } = controller.env;
    useSubEnv({
        onClickViewButton(params) {
            const { confirm } = params.clickParams;
            if (!confirm) {
                return onClickViewButton(params);
            }
            const { resId, resIds } = params.getResParams();
            const chosen = resId ? [resId] : resIds || [];
            const names = controller.model.root.records
                .filter((record) => chosen.includes(record.resId))
                .map(subject);
            const question = [...new Set(names), confirm].filter(Boolean).join("\n");
            const clickParams = { ...params.clickParams, confirm: question };
            return onClickViewButton({ ...params, clickParams });
        },
    });
}

export class AccessReportListController extends ListController {
    setup() {
        super.setup();
        useNamedQuestions(this);
    }
}

export class AccessReportKanbanController extends KanbanController {
    setup() {
        super.setup();
        useNamedQuestions(this);
    }
}

/** Findings about rights: what they mean stands above them, not only where none is. */
export class AccessReportListRenderer extends ListRenderer {
    static template = "erp_audit.AccessReportListRenderer";

    get about() {
        return this.showNoContentHelper ? "" : about(this.props.noContentHelp);
    }
}

export class AccessReportKanbanRenderer extends KanbanRenderer {
    static template = "erp_audit.AccessReportKanbanRenderer";

    get about() {
        return this.showNoContentHelper ? "" : about(this.props.noContentHelp);
    }
}

registry.category("views").add("access_report_list", {
    ...listView,
    Controller: AccessReportListController,
    Renderer: AccessReportListRenderer,
});
registry.category("views").add("access_report_kanban", {
    ...kanbanView,
    Controller: AccessReportKanbanController,
    Renderer: AccessReportKanbanRenderer,
});
