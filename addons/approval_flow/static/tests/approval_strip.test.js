import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";
import { advanceTime, animationFrame, mockDate } from "@odoo/hoot-mock";
import {
    contains,
    getService,
    mockService,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

import { defineApprovalModels, Order } from "./approval_test_helpers";

describe.current.tags("desktop");
defineApprovalModels();

const PENDING = {
    state: "pending",
    instance: 11,
    people: ["Li Na"],
    step: "Finance",
    level: 2,
    levels: 3,
    since: "2026-03-02 09:00:00",
    due: "2026-03-02 15:00:00",
    why: "Large orders",
    points: "Discount 18 % > 15 %; Credit C",
    task: false,
    name: "S00001",
    digest: "one",
};

async function mountStrip(status) {
    Order._records[0].status = status;
    await mountView({
        type: "form",
        resModel: "order",
        resId: 1,
        arch: `<form><field name="status" widget="approval_strip" readonly="1"/>
            <sheet><field name="name"/></sheet></form>`,
    });
}

beforeEach(() => mockDate("2026-03-02 12:00:00", 0));

test("waiting: who, which level, since when, until when", async () => {
    await mountStrip({ ...PENDING, can_urge: true, can_recall: true });
    expect(".o_approval_strip").toHaveClass("alert-warning");
    expect(".o_approval_strip_text").toHaveText(
        /Waiting for Li Na \(Finance, level 2 of 3\) since 3 hr/
    );
    expect(".o_approval_strip_text").toHaveText(/due today/);
    expect(queryAllTexts(".o_approval_strip_links button")).toEqual(["why?", "urge", "recall"]);
    expect(".o_approval_approve").toHaveCount(0);
});

test("waiting for the reader: he decides right there", async () => {
    await mountStrip({ ...PENDING, task: 1 });
    await contains(".o_approval_strip button[name=approve]").click();
    expect(".o_approval_strip_text").toHaveText(/You approved it/);
    expect(".o_approval_strip button[name=approve]").toHaveCount(0);
    getService("approval_flow").undo();
    await animationFrame();
    expect(".o_approval_strip button[name=approve]").toHaveCount(1);
});

test("why?: policy and points to note", async () => {
    await mountStrip(PENDING);
    await contains("button[name=why]").click();
    expect(".o_approval_why").toHaveText(/Large orders/);
    expect(queryAllTexts(".o_approval_why li")).toEqual(["Discount 18 % > 15 %", "Credit C"]);
});

test("urge and recall", async () => {
    mockService("action", {
        doActionButton({ resModel, name, resId }) {
            expect.step(`${resModel} ${name} ${resId}`);
        },
    });
    await mountStrip({ ...PENDING, can_urge: true, can_recall: true });
    await contains("button[name=urge]").click();
    await contains("button[name=recall]").click();
    expect.verifySteps(["approval.instance action_urge 11"]);
    await contains(".modal footer .btn-primary").click();
    expect.verifySteps(["approval.instance action_recall 11"]);
});

test("changed: old and new, and one button", async () => {
    await mountStrip({
        ...PENDING,
        state: "stale",
        changes: [
            { kind: "changed", where: "Pump", what: "Quantity", old: "60", new: "90" },
            { kind: "added", where: "Valve", what: "", old: "", new: "" },
        ],
    });
    expect(".o_approval_strip").toHaveClass("alert-danger");
    expect(queryAllTexts(".o_approval_strip_changes li")).toEqual([
        "Pump Quantity: 60 → 90",
        "Valve new line",
    ]);
    expect("button[name=submit_again]").toHaveCount(1);
});

test("rejected: who and why", async () => {
    await mountStrip({ ...PENDING, state: "rejected", by: "Li Na", reason: "Too cheap" });
    expect(".o_approval_strip_text").toHaveText(/Rejected by Li Na: .*Too cheap/);
});

test("not carried out: the error and a button to try again", async () => {
    mockService("action", {
        doActionButton({ name }) {
            expect.step(name);
        },
    });
    await mountStrip({ ...PENDING, state: "failed", error: "No stock", can_retry: true });
    expect(".o_approval_strip_text").toHaveText(/not carried out: No stock/);
    await contains("button[name=retry]").click();
    expect.verifySteps(["action_retry"]);
});

test("needed: the policy, as information", async () => {
    await mountStrip({ state: "required", why: "Large orders" });
    expect(".o_approval_strip").toHaveClass("alert-info");
    expect(".o_approval_strip_text").toHaveText("Needs approval: Large orders");
});

test("nothing needed: no strip", async () => {
    await mountStrip(false);
    expect(".o_approval_strip").toHaveCount(0);
});

test("follows the server; what is being typed stays", async () => {
    onRpc("order", "web_read", () => expect.step("web_read"));
    onRpc("order", "read", () => expect.step("read"));
    await mountStrip(PENDING);
    expect.verifySteps(["web_read"]);
    getService("approval_flow").changed([99]);
    await advanceTime(1000);
    expect.verifySteps([]);
    getService("approval_flow").changed([11]);
    await advanceTime(1000);
    await animationFrame();
    expect.verifySteps(["web_read"]);
    await contains("[name=name] input").edit("S00002", { confirm: false });
    getService("approval_flow").changed([11]);
    await advanceTime(1000);
    await animationFrame();
    expect.verifySteps(["read"]);
    expect("[name=name] input").toHaveValue("S00002");
});
