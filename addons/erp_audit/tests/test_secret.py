from odoo.tests import TransactionCase, tagged

from ..secret import is_secret

SECRETS = (
    "res_users.password",
    "res_users.totp_secret",
    "res_users.oauth_access_token",
    "res_users.google_calendar_rtoken",
    "res_users_apikeys.key",
    "res_users_apikeys.index",
    "auth_totp_device.key",
    "auth_passkey_key.public_key",
    "auth_passkey_key.credential_identifier",
    "res_partner.signup_token",
    "sale_order.access_token",
    "ir_attachment.access_token",
    "mail_push_device.keys",
    "ir_mail_server.smtp_pass",
    "fetchmail_server.password",
    "ir_mail_server.google_gmail_refresh_token",
    "iap_account.account_token",
    "payment_provider.stripe_secret_key",
    "payment_provider.stripe_webhook_secret",
    "payment_provider.adyen_api_key",
    "payment_provider.adyen_hmac_key",
    "payment_provider.authorize_login",
    "payment_provider.authorize_transaction_key",
    "payment_provider.authorize_signature_key",
    "payment_provider.aps_access_code",
    "payment_provider.asiapay_secure_hash_secret",
    "payment_provider.mercado_pago_access_token",
    "payment_provider.iyzico_key_secret",
    "payment_token.provider_ref",
    "res_partner_bank.acc_number",
    "res_partner_bank.sanitized_acc_number",
    "res_partner_bank.l10n_ch_qr_iban",
    "hr_employee.pin",
    "pos_payment.card_no",
    "pos_payment.payment_method_authcode",
    "res_company.l10n_tw_edi_ecpay_hashkey",
    "res_company.l10n_tw_edi_ecpay_hashIV",
    "res_company.l10n_in_edi_password",
    "res_company.l10n_pl_edi_session_id",
    "res_company_ldap.ldap_password",
    "website.plausible_shared_key",
    "website_page.visibility_password",
    "sms_account_code.verification_code",
    "res_device_log.session_identifier",
    "loyalty_card.code",
)
HARMLESS = (
    "product_template.default_code",
    "res_country.code",
    "account_account.code_store",
    "ir_ui_view.key",
    "ir_config_parameter.key",
    "res_partner.name",
    "res_partner.barcode",
    "payment_provider.stripe_publishable_key",
    "website.website_form_key",
    "res_users.login",
    "sale_order.signed_by",
    "sale_order.client_order_ref",
    "stock_picking.name",
    "account_move.inalterable_hash",
    "account_move.payment_reference",
    "res_partner.street",
    "purchase_order.partner_ref",
    "res_users.signature",
)


@tagged("post_install", "-at_install")
class TestSecret(TransactionCase):
    def test_known_secrets_and_known_names(self):
        """Every secret of core's addons, and none of the names beside them."""
        for name in SECRETS:
            with self.subTest(name):
                self.assertTrue(is_secret(*reversed(name.split("."))))
        for name in HARMLESS:
            with self.subTest(name):
                self.assertFalse(is_secret(*reversed(name.split("."))))

    def test_columns_of_this_database(self):
        """What a password, a token or a key is called is masked everywhere."""
        self.env.cr.execute(
            """SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
                 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
                  AND c.relnamespace = current_schema::regnamespace"""
        )
        columns = self.env.cr.fetchall()
        words = ("password", "secret", "token", "api_key", "acc_number", "private_key")
        missed = [
            (table, column)
            for table, column, kind in columns
            if any(word in column for word in words)
            and kind in ("character varying", "text", "jsonb", "bytea")
            and not is_secret(column, table, kind)
        ]
        self.assertFalse(missed)
        masked = {c for t, c, kind in columns if is_secret(c, t, kind)}
        self.assertFalse(masked & {"name", "code", "state", "ref", "note", "email"})

    def test_numbers_and_dates_are_no_secrets(self):
        """A count of tokens is a number."""
        self.assertFalse(is_secret("token", "x", "integer"))
        self.assertFalse(is_secret("password_date", "x", "date"))
        self.assertFalse(is_secret("session_id", "pos_order", "integer"))
