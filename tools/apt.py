"""apt with its own sources, state and cache: no root, the system's apt untouched."""

import os
import re
import shutil
from pathlib import Path

from tools.output import Fail, run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SOURCE_FILES = Path("/etc/apt")

# The machine's own hooks (cleaning its archives, refreshing its software centre) are
# for its own apt and fail for ordinary users.
CONFIG = """\
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Acquire::Retries "3";
APT::Sandbox::User "";
"""


def _stanzas(text):
    """Yield (addresses, suites, components) of the stanzas of a `.sources` file."""
    for stanza in re.split(r"\n\s*\n", text):
        lines = re.sub(r"^#.*\n?", "", stanza, flags=re.M)
        lines = re.sub(r"\n[ \t]+", " ", lines)
        fields = dict(re.findall(r"^([\w-]+):[ \t]*(.*)$", lines, flags=re.M))
        fields = {name.lower(): value for name, value in fields.items()}
        if "deb" in fields.get("types", "") and fields.get("enabled", "yes") != "no":
            yield tuple(
                fields.get(name, "").split()
                for name in ("uris", "suites", "components")
            )


def _list_lines(text):
    """Yield (addresses, suites, components) of the lines of a `.list` file."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)\s+(.+)", line)
        if match:
            yield [match[1]], [match[2]], match[3].split()


def _sources():
    """Yield every binary source of the machine's apt."""
    lists = [SOURCE_FILES / "sources.list", *SOURCE_FILES.glob("sources.list.d/*.list")]
    for path in sorted(SOURCE_FILES.glob("sources.list.d/*.sources")):
        yield from _stanzas(path.read_text(errors="replace"))
    for path in lists:
        if path.exists():
            yield from _list_lines(path.read_text(errors="replace"))


def _os_release():
    """Return the machine's /etc/os-release as a dictionary."""
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return {}
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, flags=re.M))


def debian_mirror(remedy):
    """Return (mirror address, suite) of the machine's own Debian sources.

    The mirror is the one that the user's machine already trusts and reaches;
    ORDER_CONTROL_DEBIAN_MIRROR names another.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Fail(f"This machine has no apt (it is not Debian): {remedy}")
    codename = _os_release().get("VERSION_CODENAME", "")
    suites = {codename, "stable", "testing", "unstable", "sid"} - {""}
    mirror = os.environ.get("ORDER_CONTROL_DEBIAN_MIRROR")
    if mirror:
        return mirror, codename or "sid"
    found = [
        (address.rstrip("/"), suite)
        for addresses, names, components in _sources()
        if "main" in components
        for suite in names
        if suite in suites
        for address in addresses
    ]
    # A vendor's repository may use Debian's suite names; the archive's own folder
    # is called "debian" on every mirror.
    found = [pair for pair in found if pair[0].endswith("/debian")] or found
    if not found or _os_release().get("ID") not in ("debian", None):
        raise Fail(
            f"No Debian mirror in this machine's apt sources: {remedy}, or set "
            "ORDER_CONTROL_DEBIAN_MIRROR to the address of a Debian mirror."
        )
    return found[0]


class PrivateApt:
    """apt on one suite of the Debian mirror, kept in `folder`."""

    def __init__(self, folder, mirror, suite, own_status=True):
        self.folder = folder
        for name in ("lists/partial", "cache/archives/partial", "deb"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "apt.conf").write_text(CONFIG)
        (folder / "sources.list").write_text(self._source(mirror, suite))
        status = folder / "status"
        status.touch()
        self._options = [
            f"--config-file={folder / 'apt.conf'}",
            f"-oDir::Etc::sourcelist={folder / 'sources.list'}",
            "-oDir::Etc::sourceparts=/dev/null",
            "-oDir::Etc::preferences=/dev/null",
            "-oDir::Etc::preferencesparts=/dev/null",
            f"-oDir::State::Lists={folder / 'lists'}",
            f"-oDir::Cache={folder / 'cache'}",
            "-oDebug::NoLocking=true",
        ]
        if own_status:
            self._options.append(f"-oDir::State::status={status}")

    @staticmethod
    def _source(mirror, suite):
        """Return the one source line, signed by Debian's own keyring."""
        if not KEYRING.exists():
            raise Fail(
                f"{KEYRING} is missing: install the package debian-archive-keyring, "
                "or set ODOO_SRC to an Odoo 19.0 source tree."
            )
        return f"deb [signed-by={KEYRING}] {mirror} {suite} main\n"

    def get(self, *arguments, failure, progress=None):
        """Run apt-get with the private settings in the folder of packages."""
        return run(
            ["apt-get", "-q", *self._options, *arguments],
            failure,
            progress=progress,
            cwd=self.folder / "deb",
        )

    def update(self):
        """Fetch the package lists."""
        self.get(
            "update",
            "--error-on=any",
            failure="Cannot read Debian's package lists: check this machine's network "
            "and its apt sources",
        )

    def download(self, *packages):
        """Download `packages`, signature checked; return the files."""
        self.get(
            "download",
            *packages,
            failure=f"Cannot download {', '.join(packages)} from the Debian mirror: "
            "check the network and try again",
            progress=f"downloading {packages[0]}",
        )
        return sorted((self.folder / "deb").glob("*.deb"))

    def download_missing(self, *packages):
        """Download `packages` and what the machine lacks for them; return the files."""
        self.get(
            "install",
            "--download-only",
            "--no-install-recommends",
            "--yes",
            *packages,
            failure=f"Cannot download {packages[0]} from the Debian mirror: check the "
            "network and try again, or have it installed",
            progress=f"downloading {packages[0]}",
        )
        return sorted((self.folder / "cache" / "archives").glob("*.deb"))


def unpack(package, folder):
    """Unpack a Debian package into `folder` without installing it."""
    run(
        ["dpkg-deb", "-x", package, folder],
        f"Cannot unpack {package.name}: remove {package.parent} and try again",
        progress=f"unpacking {package.name}",
    )
