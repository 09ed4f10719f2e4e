"""Makes the demo database and keeps it in step with the addons."""

import json

from tools import addons, databases
from tools.output import Fail, note, step
from tools.paths import ROOT
from tools.postgres import Server

NAME = "demo"
HOOKS = ROOT / "tools" / "demo" / "run.py"


class DemoDatabase:
    """The demo database of a session.

    How far it is, and of which addons, is written in the database's own comment: an
    interrupted ./ctl up goes on where it stopped.
    """

    def __init__(self, session):
        self._session = session
        self._server: Server = session.server

    def bring_up_to_date(self, stop_server):
        """Make or update the database.

        :param stop_server: called before the database of a running Odoo is changed
        """
        if not self.is_current():
            stop_server()
        if databases.exists(self._session, NAME) and not self._state():
            raise Fail(
                f"The PostgreSQL server has a database {NAME} that ./ctl did not make: "
                "rename or drop it."
            )
        if self._stage() is None:
            self._create()
        if self._stage() == "prepared":
            self._install()
        elif not self.is_current():
            self._upgrade()
        if self._stage() == "installed":
            self._populate()

    def is_current(self):
        """Tell whether the database is complete and of the addons as they are now."""
        return self._stage() == "complete" and not any(self._changes())

    def drop(self):
        """Drop the database and its files."""
        databases.drop(self._session, NAME)

    def _state(self):
        rows = self._server.psql(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            f"WHERE datname = '{NAME}'"
        )
        return json.loads(rows[0][0]) if rows and rows[0][0] else {}

    def _stage(self):
        return self._state().get("stage")

    def _remember(self, stage, digests=None):
        """Write how far the database is into its comment."""
        digests = self._state().get("addons", {}) if digests is None else digests
        comment = json.dumps({"stage": stage, "addons": digests})
        self._server.psql(f"COMMENT ON DATABASE {NAME} IS '{comment}'")

    def _changes(self):
        """Return the addons of ours that are new, and those that changed."""
        done = self._state().get("addons", {})
        now = _digests()
        new = [name for name in now if name not in done]
        changed = [name for name in now if done.get(name, now[name]) != now[name]]
        return new, changed

    def _create(self):
        """Make the database with nothing but the base and the company's country."""
        step("Creating the demo database")
        building = f"{NAME}_part"
        databases.drop(self._session, building)
        databases.install(
            self._session, building, ["base"], "demo-base.log", "installing base"
        )
        if HOOKS.exists():
            self._session.run_task("prepare_company", building, "preparing the company")
        databases.rename(self._session, building, NAME)
        self._remember("prepared")

    def _install(self):
        """Install the suite and the core apps that it is shown with."""
        tree = self._session.odoo
        core = [*addons.COMPANIONS, addons.LOCALIZATION]
        names = [name for name in core if tree.has_addon(name)] + list(_digests())
        step(f"Installing {len(names)} apps and what they need (some minutes)")
        language = f"--load-language={addons.LANGUAGE}"
        log = "demo-install.log"
        databases.install(self._session, NAME, names, log, "installing", language)
        self._remember("installed", _digests())

    def _upgrade(self):
        """Install the addons that are new and upgrade those that changed."""
        new, changed = self._changes()
        step(f"Updating the demo database: {', '.join(new + changed) or 'nothing'}")
        arguments = ["server", "-d", NAME, "--stop-after-init", "--no-http"]
        arguments += ["-i", ",".join(new)] if new else []
        arguments += ["-u", ",".join(changed)] if changed else []
        if new or changed:
            self._session.run_odoo(arguments, "demo-update.log", "updating")
        self._remember("installed", _digests())

    def _populate(self):
        """Fill the demo company, and build the pages' assets."""
        if HOOKS.exists():
            step("Filling the demo company")
            self._session.run_task("populate", NAME, "filling the demo company")
        note("building the web client")
        self._session.run_task("build_assets", NAME, "building the web client")
        self._remember("complete")


def _digests():
    return {name: addons.content_digest(name) for name in addons.our_addons()}


def logins():
    """Return (role, login, password) of the demo company's users."""
    if not HOOKS.exists():
        return [("Administrator", "admin", "admin")]
    # Imported here: the demo company is no part of ./ctl.
    from tools.demo import run

    return list(run.logins())
