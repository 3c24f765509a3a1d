"""What deploy/ says is what the product understands. Nothing here starts a container or a service."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
WAYS = {"run", "api", "worker"}
# The part of the Compose specification that the file uses; a misspelled key would be refused by Docker, or ignored.
SERVICE_KEYS = {
    *("build", "cap_drop", "command", "depends_on", "deploy", "env_file", "environment", "healthcheck", "image"),
    *("ports", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs", "volumes"),
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("name", ["compose.yaml", "firstline.env.example", "firstline.service", "Dockerfile"])
def test_every_setting_that_is_named_exists(name: str) -> None:
    known = {f"FIRSTLINE_{field.upper()}" for field in Settings.model_fields}
    named = set(re.findall(r"FIRSTLINE_[A-Z_]+", (DEPLOY / name).read_text("utf-8")))
    assert named
    assert named <= known


def test_the_example_of_an_environment_is_one_that_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (DEPLOY / "firstline.env.example").read_text("utf-8").replace("#FIRSTLINE", "FIRSTLINE").splitlines()
    settings = [line.partition("=") for line in lines if line.startswith("FIRSTLINE")]
    for name, _, value in settings:
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None).address == "https://support.example.org"  # type: ignore[call-arg]
    assert len({name for name, _, _ in settings}) == len(settings)


def test_the_compose_file_hangs_together(compose: dict[str, Any]) -> None:
    services = compose["services"]
    volumes = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
    assert volumes == set(compose["volumes"])
    for service in services.values():
        assert set(service) <= SERVICE_KEYS, set(service) - SERVICE_KEYS
        assert set(service.get("depends_on", {})) <= set(services)
        assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    commands = {name: service["command"] for name, service in services.items() if "command" in service}
    assert set(commands.values()) <= WAYS
    assert {"api", "worker"} <= set(commands.values()), "without a worker nobody answers"
    build = services["pages"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
    assert (DEPLOY / f"{services['pages']['env_file']}.example").is_file()


def test_all_processes_share_files_key_and_database(compose: dict[str, Any]) -> None:
    pages, worker = compose["services"]["pages"], compose["services"]["worker"]
    assert pages["volumes"] == worker["volumes"]
    for name in ("FIRSTLINE_DATABASE_URL", "FIRSTLINE_DATA_DIR"):
        assert pages["environment"][name] == worker["environment"][name]


def test_what_the_image_copies_is_there_and_is_the_whole_package() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    sources = {word for line in re.findall(r"^COPY (.*) \S+$", text, re.M) for word in line.split()}
    assert all((ROOT / source).exists() for source in sources), sources
    wheel = re.search(r"^packages = \[(.*)\]$", (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert wheel
    assert set(re.findall(r'"(\w+)"', wheel[1])) <= sources
    torch = re.search(r"torch==[\d.]+", text)
    assert torch
    assert torch[0] in (ROOT / "pyproject.toml").read_text("utf-8")


def test_stopping_is_given_more_time_than_it_may_take(compose: dict[str, Any]) -> None:
    from api.http.server import GRACE_SECONDS
    from bot.channels.telegram.line import Waits

    longest = 20 + GRACE_SECONDS + 2 * Waits().stop
    unit = (DEPLOY / "firstline.service").read_text("utf-8")
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)
    grace = compose["services"]["worker"]["stop_grace_period"]
    assert int(seconds) >= longest
    assert int(grace.removesuffix("s")) >= longest


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not here")
    text = (DEPLOY / "firstline.service").read_text("utf-8")
    (command,) = re.findall(r"^ExecStart=\S+ (.*)$", text, re.M)
    assert command in WAYS
    # What it names is not installed here: another program, account and page stand in for them.
    here = re.sub(r"^ExecStart=\S+", f"ExecStart={Path(sys.executable).with_name('firstline')}", text, flags=re.M)
    here = re.sub(r"^(User|Group)=.*$", r"\1=root", here, flags=re.M)
    (tmp_path / "firstline.service").write_text(re.sub(r"^Documentation=.*$", "", here, flags=re.M))
    line = [verify, "verify", "--man=no", str(tmp_path / "firstline.service")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    if "not been booted" in done.stderr or "Failed to initialize manager" in done.stderr:
        pytest.skip(f"systemd-analyze cannot work here: {done.stderr.strip()}")
    assert (done.returncode, done.stderr) == (0, "")
