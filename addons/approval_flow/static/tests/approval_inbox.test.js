import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { press, queryAllTexts } from "@odoo/hoot-dom";
import { advanceTime, animationFrame, mockDate } from "@odoo/hoot-mock";
import {
    contains,
    getService,
    MockServer,
    mockService,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";

import { ApprovalTask, defineApprovalModels } from "./approval_test_helpers";

describe.current.tags("desktop");
defineApprovalModels();

const CARDS = ".o_kanban_record:not(.o_kanban_ghost):not(.d-none)";

beforeEach(() => {
    mockDate("2026-03-02 12:00:00", 0);
    onRpc("approval.task", "action_approve", function ({ args, kwargs }) {
        expect.step(`approve ${args[0]} ${kwargs.seen_digest}`);
        this.env["approval.task"].unlink(args[0]);
        return true;
    });
});

test("cards: approve with one tap, the card goes away at once", async () => {
    await mountView({ type: "kanban", resModel: "approval.task" });
    expect(CARDS).toHaveCount(3);
    await contains(".o_kanban_record:eq(0) button[name=approve]").click();
    expect(CARDS).toHaveCount(2);
    expect.verifySteps([]);
    await advanceTime(6000);
    await animationFrame();
    expect.verifySteps(["approve 1 one"]);
    expect(CARDS).toHaveCount(2);
});

test("cards: undo brings the card back", async () => {
    await mountView({ type: "kanban", resModel: "approval.task" });
    await contains(".o_kanban_record:eq(1) button[name=approve]").click();
    expect(CARDS).toHaveCount(2);
    getService("approval_flow").undo();
    await animationFrame();
    expect(CARDS).toHaveCount(3);
    await advanceTime(10000);
    expect.verifySteps([]);
});

test("cards: a deadline that is over says so in words", async () => {
    await mountView({ type: "kanban", resModel: "approval.task" });
    expect(".o_kanban_record:eq(0) .o_approval_time").toHaveText("late by 3 hr");
    expect(".o_kanban_record:eq(0) .o_approval_time").toHaveClass("text-danger");
    expect(".o_kanban_record:eq(1) .o_approval_time").toHaveText(/due today/);
    expect(".o_kanban_record:eq(2) .o_approval_time").toHaveCount(0);
});

test("cards: the menu offers what the policy allows", async () => {
    mockService("action", {
        doActionButton({ name, resId }) {
            expect.step(`${name} ${resId}`);
        },
    });
    await mountView({ type: "kanban", resModel: "approval.task" });
    await contains(".o_kanban_record:eq(0) button[name=more]").click();
    expect(queryAllTexts(".o_approval_choice")).toEqual([
        "Reject",
        "Return to requester",
        "Transfer",
        "Open",
    ]);
    await contains(".o_approval_reject").click();
    expect.verifySteps(["action_reject 1"]);
});

test("opening a card opens the approval", async () => {
    mockService("action", {
        doAction(action, options) {
            expect.step([action.res_model, action.res_id, ...options.props.resIds]);
        },
    });
    await mountView({ type: "kanban", resModel: "approval.task" });
    await contains(".o_kanban_record:eq(1)").click();
    expect.verifySteps([["approval.instance", 12, 11, 12, 13]]);
});

test("rows: keys approve and reject", async () => {
    mockService("action", {
        doActionButton({ name, resId }) {
            expect.step(`${name} ${resId}`);
        },
    });
    await mountView({ type: "list", resModel: "approval.task" });
    await contains(".o_data_row:eq(0) .o_data_cell:eq(0)").focus();
    await press("a");
    await animationFrame();
    expect(".o_data_row:not(.d-none)").toHaveCount(2);
    await press("r");
    await animationFrame();
    expect.verifySteps(["action_reject 2"]);
    await advanceTime(6000);
    expect.verifySteps(["approve 1 one"]);
});

test("rows: what happens elsewhere is followed, the selection stays", async () => {
    await mountView({ type: "list", resModel: "approval.task" });
    await contains(".o_data_row:eq(1) .o_list_record_selector input").click();
    MockServer.env["approval.task"].unlink([1]);
    getService("approval_flow").changed([11]);
    await advanceTime(1000);
    await animationFrame();
    expect(".o_data_row").toHaveCount(2);
    expect(".o_data_row_selected").toHaveText(/S00002/);
});

test("rows: points to note and states have an icon beside the colour", async () => {
    await mountView({ type: "list", resModel: "approval.task" });
    expect(".o_data_row:eq(0) .o_approval_reasons .fa-exclamation-circle").toHaveCount(1);
    expect(".o_data_row:eq(0) .o_approval_badge .fa-hourglass-half").toHaveCount(1);
    expect(".o_data_row:eq(1) .o_approval_reasons").toHaveCount(0);
});

test("an empty inbox says how much was decided this week", async () => {
    ApprovalTask._records = [];
    onRpc("approval.task", "search_count", () => 4);
    await mountView({
        type: "kanban",
        resModel: "approval.task",
        noContentHelp: "<p>Nothing waits for you</p>",
    });
    expect(".o_approval_empty").toHaveText(/Nothing waits for you/);
    expect(".o_approval_decided").toHaveText("You decided 4 approvals this week.");
});
