"""The alert rules and the dashboard that come with the product ask for what the product shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from console_fixtures import Office, an_office

from api.gauges import registry_of

office = an_office
DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text("utf8"))["groups"][0]["rules"]
PROMETHEUS_OWN = {"up", "job", "instance", "le"}


def queries() -> Iterator[str]:
    yield from (rule["expr"] for rule in RULES)
    panels = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf8"))["panels"]
    yield from (target["expr"] for panel in panels for target in panel["targets"])


def shown(office: Office) -> dict[str, set[str]]:
    """The labels of every sample that the product shows, by its name."""
    found: dict[str, set[str]] = {}
    for metric in registry_of(office.product).collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
        for suffix in suffixes:
            found.setdefault(metric.name + suffix, set())
        for sample in metric.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_metric_that_a_rule_names_is_shown(office: Office) -> None:
    known = shown(office)
    for query in queries():
        named = set(re.findall(r"\b(?:firstline|process)_\w+", query))
        assert named <= known.keys(), query


def test_every_label_that_a_rule_chooses_by_is_there(office: Office) -> None:
    known = shown(office)
    for query in queries():
        for name, chosen in re.findall(r"\b(firstline_\w+)\{([^}]*)\}", query):
            labels = set(re.findall(r"(\w+)\s*(?:=~|!=|=)", chosen)) - PROMETHEUS_OWN
            assert labels <= known[name], query


def test_no_backup_is_missed_where_none_is_made_by_itself() -> None:
    (missed,) = (rule["expr"] for rule in RULES if rule["alert"] == "FirstlineBackupOld")
    assert missed.endswith("and max(firstline_backup_days) > 0")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_rule_waits_and_says_what_to_do(rule: dict[str, object]) -> None:
    assert rule["for"]
    assert rule["labels"] in ({"severity": "critical"}, {"severity": "warning"})
    annotations = rule["annotations"]
    assert isinstance(annotations, dict)
    assert len(annotations["summary"]) > 20
    assert len(annotations["description"]) > 80
    expr = str(rule["expr"])
    assert expr.count("(") == expr.count(")")


def test_the_page_on_watching_explains_every_rule_and_every_metric(office: Office) -> None:
    page = (DEPLOY.parent / "docs" / "howto" / "watch-it.md").read_text("utf8")
    names = [metric.name for metric in registry_of(office.product).collect() if metric.name.startswith("firstline_")]
    missing = [name for name in (*names, *(rule["alert"] for rule in RULES)) if f"`{name}" not in page]
    assert not missing
