import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { contains, getService, mountWithCleanup, onRpc, patchWithCleanup } from "@web/../tests/web_test_helpers";
import { browser } from "@web/core/browser/browser";
import { MainComponentsContainer } from "@web/core/main_components_container";

import { defineApprovalModels } from "./approval_test_helpers";

describe.current.tags("desktop");
defineApprovalModels();

const decision = (id) => ({
    resModel: "approval.task",
    resId: id,
    method: "action_approve",
    digest: `digest ${id}`,
    name: `S0000${id}`,
    instanceId: 10 + id,
});

beforeEach(async () => {
    onRpc("approval.task", "action_approve", ({ args, kwargs }) => {
        expect.step(`approve ${args[0]} ${kwargs.seen_digest}`);
        return { params: { type: "success", message: "done" } };
    });
    await mountWithCleanup(MainComponentsContainer);
});

test("an approval is sent after five seconds", async () => {
    const service = getService("approval_flow");
    service.approve(decision(1));
    await animationFrame();
    expect(".o_notification").toHaveText(/Approved: S00001/);
    expect(service.isSending("approval.task", 1)).toBe(true);
    await advanceTime(4000);
    expect.verifySteps([]);
    await advanceTime(1000);
    expect.verifySteps(["approve 1 digest 1"]);
    await animationFrame();
    expect(".o_notification").toHaveCount(0);
    // hidden until the pages that show it have been reloaded
    expect(service.isSending("approval.task", 1)).toBe(true);
    await advanceTime(5000);
    expect(service.isSending("approval.task", 1)).toBe(false);
});

test("undo sends nothing", async () => {
    const service = getService("approval_flow");
    service.approve(decision(1));
    await contains(".o_notification button:contains(Undo)").click();
    await advanceTime(10000);
    expect.verifySteps([]);
    expect(service.isSending("approval.task", 1)).toBe(false);
    expect(".o_notification").toHaveCount(0);
});

test("the next approval sends the one before", async () => {
    const service = getService("approval_flow");
    service.approve(decision(1));
    service.approve(decision(2));
    await animationFrame();
    expect.verifySteps(["approve 1 digest 1"]);
    expect(".o_notification").toHaveCount(1);
    expect(".o_notification").toHaveText(/S00002/);
    await advanceTime(5000);
    expect.verifySteps(["approve 2 digest 2"]);
});

test("closing the notification sends it at once", async () => {
    getService("approval_flow").approve(decision(1));
    await contains(".o_notification_close").click();
    expect.verifySteps(["approve 1 digest 1"]);
    await advanceTime(10000);
    expect.verifySteps([]);
});

test("leaving the page sends it at once", async () => {
    patchWithCleanup(browser.navigator, {
        sendBeacon(url, blob) {
            expect.step(`${url} ${blob.type}`);
            return true;
        },
    });
    getService("approval_flow").approve(decision(1));
    browser.dispatchEvent(new Event("pagehide"));
    await advanceTime(10000);
    expect.verifySteps([
        "/web/dataset/call_kw/approval.task/action_approve application/json",
    ]);
});

test("what could not be approved is said", async () => {
    onRpc("approval.task", "action_approve", () => ({
        params: { type: "warning", message: "S00001 changed since it was submitted" },
    }));
    getService("approval_flow").approve(decision(1));
    await advanceTime(5000);
    await animationFrame();
    expect(".o_notification").toHaveText(/changed since it was submitted/);
});
