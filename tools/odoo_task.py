"""Small jobs that run inside Odoo, with the registry of a database loaded.

Started by ./ctl in Odoo's Python: python -m tools.odoo_task JOB --database=... .
What a job prints reaches the user; Odoo's log goes to the file that --logfile names.
"""

import os
import sys


def _say(text):
    print(text, flush=True)


def prepare_company(env):
    """Set the demo company's name, country and languages, before apps are installed."""
    from tools.demo import run

    run.prepare(env)


def populate(env):
    """Fill the demo company; tell what did not work."""
    from tools.demo import run

    for warning in run.populate(env, progress=_say) or ():
        _say(f"WARNING: {warning}")


def build_assets(env):
    """Build the web client's bundles, so that the first page opens at once."""
    env["ir.qweb"]._pregenerate_assets_bundles()


def update_translations(env):
    """Export the terms of the addons in ORDER_CONTROL_ADDONS, tell what is missing."""
    from tools import translations

    for addon in os.environ["ORDER_CONTROL_ADDONS"].split(","):
        missing = translations.update(env, addon)
        _say(f"{addon}: {len(missing)} untranslated" + ":" * bool(missing))
        for term in missing:
            _say(f"  {term}")


JOBS = {
    job.__name__: job
    for job in (prepare_company, populate, build_assets, update_translations)
}


def main(job, *options):
    """Run `job` in the database that Odoo's `options` name, and commit."""
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.service.server import load_server_wide_modules
    from odoo.tools import config

    config.parse_config(list(options), setup_logging=True)
    load_server_wide_modules()
    (database,) = config["db_name"]
    # Odoo's servers work in UTC, and stored times are in UTC.
    os.environ["TZ"] = "UTC"
    with Registry(database).cursor() as cr:
        JOBS[job](api.Environment(cr, SUPERUSER_ID, {}))


if __name__ == "__main__":
    main(*sys.argv[1:])
