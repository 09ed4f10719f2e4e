import base64
import gzip

from odoo import api, models
from odoo.tools import email_split

from .. import keys, sinks

PARAMETER = "erp_audit.mail_to"
# lines of one e-mail
MOST = 20000


class ErpAuditSeal(models.Model):
    """Sends seals by e-mail, where no administrator of this machine gets at them."""

    _inherit = "erp.audit.seal"

    @api.model
    def _cron_mail(self):
        """Send the seals since the last e-mail to those who collect them."""
        # sudo: where to send them is a setting
        value = self.env["ir.config_parameter"].sudo().get_param(PARAMETER) or ""
        addresses = email_split(value)
        if not addresses:
            return
        database = self._database(self.env.cr)
        done = keys.read_state(database, "mail").get("seq", 0)
        seals = sinks.since(self.env.cr, done, MOST)
        if not seals:
            return
        lines = "".join(seal.line() + "\n" for seal in seals)
        # sudo: auditors' mail, sent by the system
        mail = self.env["mail.mail"].sudo()
        mail.create(
            {
                "subject": self.env._(
                    "Audit seals %(first)s to %(last)s of %(company)s",
                    first=seals[0].seq,
                    last=seals[-1].seq,
                    company=self.env.company.name,
                ),
                "body_html": self._mail_body(seals[-1]),
                "email_to": ",".join(addresses),
                "attachment_ids": [
                    (
                        0,
                        0,
                        {
                            "name": f"seals-{seals[0].seq}-{seals[-1].seq}.jsonl.gz",
                            "datas": base64.b64encode(gzip.compress(lines.encode())),
                        },
                    )
                ],
            }
        )
        number = seals[-1].seq
        self.env.cr.postcommit.add(
            lambda: keys.write_state(database, "mail", seq=number)
        )

    def _mail_body(self, last):
        return self.env["ir.qweb"]._render(
            "erp_audit.seal_mail",
            {"number": last.seq, "hash": last.digest, "key": last.facts["key"]},
        )
