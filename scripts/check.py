"""All checks, in the order in which they fail fastest; `make check` and .ci/run call this."""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from collections import deque

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(sys.executable).parent
IN_CI = os.environ.get("CI", "") not in ("", "false", "0")
MANAGE = [sys.executable, "manage.py"]
PYTEST = [sys.executable, "-m", "pytest"]
# pytest's last words, and what tests/conftest.py says of tests that were left out
SUMMARY = re.compile(r"=+ .* in [\d.]+s.* =+|Left out ")


def production() -> dict[str, str]:
    """The environment of tests/production.env on top of ours."""
    lines = (ROOT / "tests" / "production.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def main() -> int:
    postgres, redis = os.environ.get("TEST_DATABASE_URL", ""), os.environ.get("TEST_REDIS_URL", "")
    off = os.environ.get("TEST_BROWSER") == "off"
    browser = not off and (os.environ.get("TEST_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome"))
    missing = [
        name
        for name, there in {
            "PostgreSQL (TEST_DATABASE_URL)": postgres,
            "Redis (TEST_REDIS_URL)": redis,
            "Chromium": browser,
            "Microsoft's SDK (scripts/setup.py --dev --sdk)": importlib.util.find_spec("msgraph"),
        }.items()
        if not there
    ]
    if missing and IN_CI:
        print("CI must check everything, and this is missing: " + ", ".join(missing))
        return 1

    plain = {"TEST_DATABASE_URL": "", "TEST_REDIS_URL": "", "TEST_BROWSER": "off"}
    steps: list[tuple[str, list[str], dict[str, str]]] = [
        ("Lint", [str(BIN / "ruff"), "check", "."], {}),
        ("Format", [str(BIN / "ruff"), "format", "--check", "."], {}),
        ("Import contracts", [str(BIN / "lint-imports")], {}),
        ("Types", [str(BIN / "mypy")], {}),
        ("Deployment checks", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], production()),
        ("Migrations", [*MANAGE, "makemigrations", "--check", "--dry-run"], {}),
        ("Tests on SQLite", [*PYTEST, "-n", "2"], plain),
    ]
    if postgres:
        # What uses no database was tried on SQLite's turn; here it could not come out otherwise.
        steps.append(("Tests on PostgreSQL", [*PYTEST, "-n", "2", "--of-the-database"], {"TEST_BROWSER": "off"}))
    if browser:
        steps.append(("Tests in Chromium", [*PYTEST, "-m", "browser"], {"TEST_DATABASE_URL": ""}))

    failed: list[str] = []
    counts: list[str] = []
    for name, command, extra in steps:
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        code, last_lines = run(command, extra)
        if code:
            failed.append(name)
        if command[:3] == PYTEST:
            counts += [f"{name}:", *[line for line in last_lines if SUMMARY.match(line)]]
        print(f"== {name}: {'FAILED' if code else 'ok'}, {time.monotonic() - began:.0f} s", flush=True)
    print()
    for name in missing:
        print(f"Left out, because it is not here: {name}")
    print(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    print(*counts, sep="\n")
    return 1 if failed else 0


def run(command: list[str], extra: dict[str, str]) -> tuple[int, list[str]]:
    """Run one step in front of everybody's eyes; its exit code and the last lines it wrote."""
    last_lines: deque[str] = deque(maxlen=40)
    environment = {**os.environ, **extra}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as step:
        for line in step.stdout or ():
            print(line, end="", flush=True)
            last_lines.append(line.rstrip("\n"))
    return step.returncode, list(last_lines)


if __name__ == "__main__":
    sys.exit(main())
