import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";
import * as passkeyLib from "@auth_passkey/../lib/simplewebauthn";

/**
 * Lets people make a passkey where their role asks for a second factor.
 *
 * The button is there only if the browser can do it.
 */
export class SecondFactorPasskey extends Interaction {
    static selector = ".o_erp_audit_passkey";
    dynamicContent = {
        _root: { "t-att-class": () => ({ "d-none": !this.isPossible }) },
        button: { "t-on-click": this.onClick },
        ".o_erp_audit_passkey_failed": {
            "t-att-class": () => ({ "d-none": !this.hasFailed }),
        },
    };

    setup() {
        this.isPossible = passkeyLib.browserSupportsWebAuthn();
        this.hasFailed = false;
    }

    async onClick() {
        this.hasFailed = false;
        const path = "/erp_audit/second_factor/passkey/start";
        const options = await this.waitFor(rpc(path));
        const registration = await this.waitFor(
            passkeyLib.startRegistration(options).catch(() => null)
        );
        if (!registration) {
            this.hasFailed = true;
            return;
        }
        this.el.querySelector("input[name=registration]").value =
            JSON.stringify(registration);
        this.el.submit();
    }
}

registry
    .category("public.interactions")
    .add("erp_audit.second_factor_passkey", SecondFactorPasskey);
