"""Which columns hold secrets: their values are never recorded, whatever a rule says."""

import re

# what the name of a column says
NAME = (
    r"(^|[_.])("
    r"pass|passwd|password|passphrase|pwd|secret|secrets|r?token|totp|otp|credential"
    r"|credentials|apikey|acc_number|iban|card_no|card_number|cvv|cvc|authcode"
    r"|access_code|verification_code|security_code|hash_?key|hash_?iv"
    r"|session_(id|iv|identifier)|sid|authorize_login"
    r")(_|\.|$)|(^|[_.])pin$|[_.]key$"
)
# keys that are no secrets
HARMLESS = (
    r"(^|_)(public|publishable|cache|term|epd|allocation|grouping|group|form|talk|sort"
    r"|parent|foreign|translation|search|primary|unique|module|partner|record)_key$"
)
SECRET = re.compile(NAME, re.IGNORECASE)
NO_SECRET = re.compile(HARMLESS, re.IGNORECASE)
# where the name alone does not tell
KNOWN = frozenset(
    {
        ("auth_passkey_key", "public_key"),
        ("auth_totp_device", "index"),
        ("auth_totp_device", "key"),
        ("base_automation", "webhook_uuid"),
        ("certificate_key", "content"),
        ("loyalty_card", "code"),
        ("mail_push_device", "keys"),
        ("mail_push_device", "endpoint"),
        ("payment_token", "provider_ref"),
        ("res_users_apikeys", "index"),
        ("res_users_apikeys", "key"),
    }
)
# numbers, dates and flags are no secrets
HOLDING = ("char", "text", "json", "bytea", "name")


def is_secret(column, table="", kind="text"):
    """Return whether the values of a column are secrets: passwords, tokens, banks.

    :param str kind: type of the column in the database
    """
    if (table, column) in KNOWN:
        return True
    if not any(word in kind for word in HOLDING):
        return False
    return bool(SECRET.search(column)) and not NO_SECRET.search(column)


class PARAMETER:
    """System parameters: whether the value is a secret is said by the key."""

    column = ("ir_config_parameter", "value")
    pattern = "'" + NAME.replace("'", "''") + "'"

    @classmethod
    def condition(cls, row):
        """Return the SQL that tells whether a row of the table holds a secret."""
        return f"{row}.key ~* {cls.pattern}"

    @classmethod
    def condition_whole(cls, whole):
        """Return the same for a row as jsonb."""
        return f"{whole}->>'key' ~* {cls.pattern}"
