"""Refresh what we carry of other projects, from their published npm packages: `python scripts/vendor.py`.

Needs npm (nobody else does). Raise a version in PACKAGES, run it, read the changelog, run the browser tests.
It rewrites the files under static/vendor and tests/vendor, the icon sprite static/icons.svg and the list
static/vendor/CHECKSUMS, which tests/web/test_static.py compares with the files.
"""

import hashlib
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKSUMS = ROOT / "static/vendor/CHECKSUMS"

# package and version: {file in the package: file here}
PACKAGES = {
    # The package carries no licence file; the one here is the text its style sheet names.
    "@tabler/core@1.6.1": {"dist/css/tabler.min.css": "static/vendor/tabler/tabler.min.css"},
    "htmx.org@4.0.1": {
        "dist/htmx.min.js": "static/vendor/htmx/htmx.min.js",
        "LICENSE": "static/vendor/htmx/LICENSE",
    },
    "@fontsource-variable/inter@5.3.0": {
        "files/inter-latin-wght-normal.woff2": "static/vendor/inter/inter-latin-wght-normal.woff2",
        "files/inter-latin-ext-wght-normal.woff2": "static/vendor/inter/inter-latin-ext-wght-normal.woff2",
        "LICENSE": "static/vendor/inter/LICENSE",
    },
    "@tabler/icons@3.51.0": {"LICENSE": "static/vendor/tabler/LICENSE-icons"},
    "axe-core@4.14.1": {
        "axe.min.js": "tests/vendor/axe.min.js",
        "LICENSE": "tests/vendor/LICENSE-axe",
        "LICENSE-3RD-PARTY.txt": "tests/vendor/LICENSE-axe-third-party",
    },
}

# The icons in the sprite, Tabler outline names. A template that names another one fails a test.
ICONS = """
address-book alert-triangle arrow-down arrow-left arrow-right arrow-up arrows-exchange ban building
building-community calendar calendar-event calendar-off calendar-share calendar-time certificate chart-bar check
chevron-down chevron-left chevron-right circle-check circle-dashed circle-minus circle-x clock cloud-off copy
database device-desktop door download external-link eye eye-off file-export filter flag flask help-circle history
hourglass inbox info-circle key layout-dashboard loader lock lock-open login logout mail mailbox menu-2 minus moon
pencil player-pause player-play plug-connected plug-connected-x plus refresh refresh-alert search selector send
settings shield-check shield-lock sun sun-moon text-caption trash user user-check user-off user-plus user-question
user-shield user-x users users-group world x zzz
""".split()


def unpack(package: str, into: Path) -> Path:
    """The folder of one unpacked package."""
    packed = subprocess.run(["npm", "pack", "--silent", package], cwd=into, check=True, capture_output=True, text=True)
    folder = into / re.sub(r"\W+", "-", package)
    with tarfile.open(into / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def symbol(name: str, svg: str) -> str:
    """One icon as a symbol of the sprite; stroke and size come from our style sheet."""
    paths = [path for path in re.findall(r"<path [^>]*/>", svg) if 'stroke="none"' not in path]
    return f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(paths)}</symbol>'


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for package, files in PACKAGES.items():
            folder = unpack(package, Path(scratch))
            for source, target in files.items():
                content = (folder / source).read_bytes()
                # We do not carry source maps, and a named map that is missing stops collectstatic.
                content = re.sub(rb"\n?/\*# sourceMappingURL=\S+ \*/", b"", content)
                (ROOT / target).parent.mkdir(parents=True, exist_ok=True)
                (ROOT / target).write_bytes(content)
            if package.startswith("@tabler/icons@"):
                drawn = [symbol(n, (folder / f"icons/outline/{n}.svg").read_text()) for n in sorted(ICONS)]
                sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(drawn) + "\n</svg>\n"
                (ROOT / "static/icons.svg").write_text(sprite)
    carried = sorted(t for files in PACKAGES.values() for t in files.values()) + ["static/icons.svg"]
    lines = [f"{hashlib.sha256((ROOT / path).read_bytes()).hexdigest()}  {path}\n" for path in carried]
    CHECKSUMS.write_text("".join(lines))


if __name__ == "__main__":
    main()
