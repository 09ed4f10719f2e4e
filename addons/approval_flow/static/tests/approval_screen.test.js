import { describe, expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";
import { mountView } from "@web/../tests/web_test_helpers";

import { defineApprovalModels, Order } from "./approval_test_helpers";

describe.current.tags("desktop");
defineApprovalModels();

async function mountSection(widget, value) {
    Order._records[0].facts = value;
    await mountView({
        type: "form",
        resModel: "order",
        resId: 1,
        arch: `<form><field name="facts" widget="${widget}" readonly="1"/></form>`,
    });
}

test("lines: figures to the right, blanks left out", async () => {
    await mountSection("approval_lines", {
        columns: ["Product", "Quantity", "Discount"],
        rows: [
            [
                { value: "Pump 3000", tone: "" },
                { value: "40 Units", tone: "" },
                { value: "18 %", tone: "danger" },
            ],
            [
                { value: "Valve", tone: "" },
                { value: "1,200.5 kg", tone: "" },
                { value: "", tone: "" },
            ],
        ],
    });
    expect("th.text-end").toHaveCount(2);
    expect("td.text-danger .fa-exclamation-circle").toHaveCount(1);
    expect("td.o_approval_blank").toHaveCount(1);
});

test("checks: failed in full, passed folded", async () => {
    await mountSection("approval_checks", [
        { name: "Credit", status: "block", reason: "Limit exceeded by ¥ 200" },
        { name: "Price", status: "warn", reason: "18 % > 15 %" },
        { name: "Stock", status: "pass", reason: "" },
        { name: "Address", status: "pass", reason: "" },
    ]);
    expect(".o_approval_check_block .fa-ban").toHaveAttribute("aria-label", "Stopped");
    expect(".o_approval_check_warn").toHaveText(/18 % > 15 %/);
    expect("summary").toHaveText("2 checks passed");
});

test("changes: what the reader approved before is named as such", async () => {
    await mountSection("approval_changes", {
        own: true,
        round: 1,
        rows: [
            { kind: "changed", where: "", what: "Total", old: "100", new: "120" },
            { kind: "removed", where: "Valve", what: "", old: "", new: "" },
        ],
    });
    expect("h2").toHaveText("Changed since you last approved");
    expect(queryAllTexts("tbody tr:eq(0) td")).toEqual(["Total", "100", "120"]);
    expect("tbody tr:eq(1) .badge").toHaveText("line removed");
});

test("history: the present round open, earlier ones folded", async () => {
    await mountSection("approval_timeline", [
        {
            id: 2,
            round: 2,
            label: "Waiting",
            date: "2026-03-02 09:00:00",
            items: [
                { kind: "submitted", who: "Zhang Wei", what: "submitted it", date: "2026-03-02 09:00:00" },
                { kind: "pending", who: "Li Na", what: "is to decide", step: "Finance", since: "2026-03-02 09:00:00", due: false },
                { kind: "next", who: "Wang Fang", what: "will be asked", step: "Board" },
            ],
        },
        {
            id: 1,
            round: 1,
            label: "Returned",
            date: "2026-03-01 09:00:00",
            items: [
                { kind: "returned", who: "Li Na", what: "returned it", comment: "Address?", date: "2026-03-01 10:00:00", took: "1 hour" },
            ],
        },
    ]);
    expect(".o_approval_timeline > ol > li").toHaveCount(3);
    expect(".o_approval_event.o_approval_now").toHaveText(/Li Na is to decide · Finance/);
    expect(".o_approval_round").toHaveCount(1);
    expect(".o_approval_round summary").toHaveText(/Round 1: Returned/);
});

test("nothing to show: nothing is shown", async () => {
    await mountSection("approval_facts", false);
    expect(".o_approval_section").toHaveCount(0);
});
