import { registry } from "@web/core/registry";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { listView } from "@web/views/list/list_view";
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
    Renderer: AccessReportListRenderer,
});
registry.category("views").add("access_report_kanban", {
    ...kanbanView,
    Renderer: AccessReportKanbanRenderer,
});
