import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

const NARROW = {
    content: "the page is no wider than the phone",
    trigger: ".o_change_portal",
    run() {
        const { scrollWidth } = document.documentElement;
        if (scrollWidth > window.innerWidth) {
            throw new Error(`${scrollWidth} wide on a screen of ${window.innerWidth}`);
        }
        for (const element of document.querySelectorAll(
            ".o_change_portal button, .o_change_portal .btn, .o_change_portal input:not([type=hidden]), .o_change_portal select"
        )) {
            const { height } = element.getBoundingClientRect();
            if (height < 44) {
                throw new Error(`${element.outerHTML.slice(0, 80)} is ${height} high`);
            }
        }
    },
};

tours.add("sale_approval_customer_cancels", {
    steps: () => [
        {
            content: "the order offers it",
            trigger: "a[name=request_cancel]",
            run: "click",
            expectUnloadPage: true,
        },
        NARROW,
        { trigger: "#reason", run: "selectByLabel Ordered by mistake" },
        { trigger: "#note", run: "edit We ordered this twice" },
        { trigger: "button[name=send]", run: "click", expectUnloadPage: true },
        {
            content: "nothing is promised",
            trigger: "#o_change_message:contains(Received, being checked)",
        },
        { trigger: ".o_change_card:contains(We ordered this twice)" },
        NARROW,
        {
            content: "the order says so as well",
            trigger: "a[name=back_to_order]",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_change_banner:contains(Received, being checked)" },
        {
            content: "there is no second request",
            trigger: "body:not(:has(a[name=request_cancel]))",
        },
    ],
});

tours.add("sale_approval_customer_sees_change", {
    steps: () => [
        {
            content: "the order is the new one, and says so",
            trigger: ".o_change_banner:contains(Done)",
        },
        { trigger: "#portal_sale_content:contains(6.00)" },
        {
            content: "what has changed",
            trigger: "a[name=see_changes]",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_change_card .text-decoration-line-through:contains(10 Units)" },
        { trigger: ".o_change_card strong:contains(6 Units)" },
        { trigger: ".o_change_card:contains(120.00)" },
        NARROW,
    ],
});

tours.add("sale_approval_customer_agrees", {
    steps: () => [
        {
            content: "the order asks",
            trigger: ".o_change_banner:contains(Please answer) a[name=see_changes]",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: ".o_change_card strong:contains(6 Units)" },
        NARROW,
        {
            trigger: "button[name=answer][value=accept]",
            run: "click",
            expectUnloadPage: true,
        },
        { trigger: "#o_change_message:contains(Thank you)" },
        { trigger: ".o_change_card:contains(Done)" },
    ],
});
