"""Makes .venv from the hashed locks; a second run with the same locks only looks.

Standard library only, and readable by old Pythons, so that it can say what is missing.
"""

import argparse
import hashlib
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "locks.sha256"
OLDEST = (3, 11)


def main():
    parser = argparse.ArgumentParser(description="Make .venv from the hashed locks.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--sdk", action="store_true", help="also Microsoft's SDK (large; for checks and benchmarks)")
    options = parser.parse_args()
    if sys.version_info < OLDEST:
        use_a_newer_python()
    wanted = {"": True, "-dev": options.dev, "-sdk": options.sdk}
    locks = [ROOT / "requirements{}.txt".format(kind) for kind, is_wanted in wanted.items() if is_wanted]
    held = STAMP.read_text().split() if STAMP.exists() and works(PYTHON) else []
    missing = [lock for lock in locks if mark(lock) not in held]
    if not missing:
        return
    if not held:
        make_venv()
    for lock in missing:
        print("Installing {} into .venv ...".format(lock.name), flush=True)
        install(lock)
        held.append(mark(lock))
    STAMP.write_text("\n".join(held) + "\n")


def use_a_newer_python():
    """Start again with the newest Python on the PATH that will do, or say what to install; never returns."""
    for minor in range(14, OLDEST[1] - 1, -1):
        newer = shutil.which("python3.{}".format(minor))
        if newer and subprocess.run([newer, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606  (found on the PATH by its exact name)
    sys.exit(
        "Calwarden needs Python 3.11 or newer; this is {}.{} and there is no newer one on the PATH. "
        "Install one, then run for example: make demo PYTHON=python3.13".format(*sys.version_info[:2])
    )


def mark(lock):
    """What the stamp remembers of one lock."""
    return "{}:{}".format(lock.stem, hashlib.sha256(lock.read_bytes()).hexdigest())


def works(python):
    """Is there still a Python behind the link, and of this version?"""
    ask = "import sys; sys.exit(sys.version_info[:2] != {})".format(tuple(sys.version_info[:2]))
    return python.exists() and subprocess.run([str(python), "-c", ask]).returncode == 0


def make_venv():
    """An empty .venv; where this Python cannot make one (Debian splits it off), by uv or virtualenv."""
    if importlib.util.find_spec("ensurepip"):
        run(sys.executable, "-m", "venv", "--clear", VENV)
    elif shutil.which("uv"):
        run("uv", "venv", "--quiet", "--clear", "--python", sys.executable, VENV)
    elif shutil.which("virtualenv"):
        run("virtualenv", "--quiet", "--clear", "--python", sys.executable, VENV)
    else:
        sys.exit(
            "This Python cannot make virtual environments: install its venv module "
            "(Debian and Ubuntu: apt install python3-venv), then run the same command again."
        )


def install(lock):
    """Exactly what the lock names, checked by hash, wheels only; no code of a package runs while installing."""
    exact = ["--require-hashes", "--only-binary", ":all:", "-r", lock]
    if subprocess.run([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL).returncode == 0:
        run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *exact)
    else:
        run("uv", "pip", "install", "--quiet", "--python", PYTHON, *exact)


def run(*command):
    done = subprocess.run([str(part) for part in command], cwd=str(ROOT))
    if done.returncode:
        sys.exit("Set-up stopped: `{}` failed (see above).".format(" ".join(str(part) for part in command[:4])))


if __name__ == "__main__":
    main()
