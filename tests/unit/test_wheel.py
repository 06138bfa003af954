"""What `pip install` gives: a built wheel works outside the checkout, with its templates.

Built both ways a user may get one: from a checkout, and from a checkout's sdist.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Both workers of a parallel run would build it all again.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def run(*argv: str | Path, cwd: Path, **env: str) -> str:
    """The standard output of a command that must work; its whole output if it does not."""
    # Nothing of the checkout or of the user's shell may help: only what the wheel brings.
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("IPLAB", "PYTHON"))}
    done = subprocess.run(
        [*map(str, argv)], cwd=cwd, env=clean | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{argv}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module", params=["checkout", "sdist"])
def wheel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout itself or from its sdist."""
    out = tmp_path_factory.mktemp(f"from-{request.param}")
    # Without --wheel, `build` makes the sdist and then the wheel from that.
    options = ["--wheel"] if request.param == "checkout" else []
    run(sys.executable, "-m", "build", "--no-isolation", *options, "--outdir", out, ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path) -> Path:
    """A directory in which the wheel alone is installed (its dependencies are ours)."""
    where = wheel.parent / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run(*pip, "--no-deps", "--target", where, wheel, cwd=wheel.parent)
    return where


def test_every_template_is_in_the_wheel(wheel: Path) -> None:
    templates = {
        f"iplab/{file.relative_to(ROOT)}"
        for file in (ROOT / "templates").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert templates
    assert templates - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_the_wheel_holds_iplab_and_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top.split("-")[0] for top in tops} == {"iplab"}


def test_the_installed_program_makes_a_lab_and_its_commands(site: Path, tmp_path: Path) -> None:
    def iplab(*words: str) -> str:
        return run(sys.executable, "-m", "iplab", *words, cwd=tmp_path, PYTHONPATH=str(site))

    where = run(
        *(sys.executable, "-c", "import iplab; print(iplab.__file__)"),
        cwd=tmp_path,
        PYTHONPATH=str(site),
    )
    assert Path(where.strip()) == site / "iplab" / "__init__.py"

    (version,) = (name.name.split("-")[1] for name in site.glob("iplab-*.dist-info"))
    assert version.removesuffix(".dist") in iplab("--version")

    iplab("init", "two-namespaces", "-o", "lab.yaml")
    script = iplab("script", "lab.yaml", "--style", "steps")
    assert "ip netns exec ns0 ip addr add 172.18.0.2/24 dev veth0" in script


def test_the_console_script_starts(site: Path, tmp_path: Path) -> None:
    shown = run(site / "bin" / "iplab", "--version", cwd=tmp_path, PYTHONPATH=str(site))
    assert "iplab" in shown
