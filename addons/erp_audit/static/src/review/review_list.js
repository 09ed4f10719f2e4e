import { useEffect } from "@odoo/owl";

import { getActiveHotkey } from "@web/core/hotkeys/hotkey_service";
import { registry } from "@web/core/registry";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

const KEYS = { a: "action_confirm", w: "action_withdraw" };

/** The list of rights to review: `a` confirms, `w` withdraws the row with the focus. */
export class AccessReviewListController extends ListController {
    setup() {
        super.setup();
        useEffect(
            (el) => {
                const onKeydown = (ev) => this.onDecideKey(ev);
                el.addEventListener("keydown", onKeydown);
                return () => el.removeEventListener("keydown", onKeydown);
            },
            () => [this.rootRef.el]
        );
    }

    onDecideKey(ev) {
        const name = KEYS[getActiveHotkey(ev)];
        const row = ev.target.closest(".o_data_row");
        if (!name || !row || ev.target.matches("input:not([type='checkbox']), textarea")) {
            return;
        }
        const button = row.querySelector(`button[name="${name}"]`);
        if (button) {
            ev.preventDefault();
            ev.stopPropagation();
            row.nextElementSibling?.querySelector(".o_data_cell")?.focus();
            button.click();
        }
    }
}

registry.category("views").add("access_review_list", {
    ...listView,
    Controller: AccessReviewListController,
});
