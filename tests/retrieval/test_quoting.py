"""Of the article that answers, the section that was asked for is quoted, not one that says more of the same words."""

from __future__ import annotations

import pytest
from small_kb import NOTES, articles, contents_of

from kb_content.articles import Article
from kb_content.passages import PATH_SEPARATOR
from retrieval.build import build
from retrieval.encoders import Encoders
from retrieval.reader import Reader

PLUGINS = Article(
    "plugins",
    "en",
    "Plugins",
    "Plugins add your own columns, buttons and reports to a board. They are small programs that run in a sandbox.\n\n"
    "## Write a plugin\n\n"
    "1. Run `boards plugin new` and choose a name. A folder with a manifest and an entry file is made.\n"
    "2. Describe columns and buttons in `manifest.json`.\n"
    "3. Put your code into `main.js`. Each function that you export becomes an action.\n\n"
    "## Test a plugin on your computer\n\n"
    "Run `boards plugin serve` and open a board with `?dev=1` behind its address. Changes of your code are seen after "
    "reloading the page.\n\n"
    "## Publish your plugin\n\n"
    "1. Raise the version in the manifest of your plugin.\n"
    "2. Run `boards plugin pack` to make an archive of the plugin.\n"
    "3. Upload the archive under Settings, Plugins, Publish. A reviewer looks at every plugin before others find it.",
)
PORTS = Article(
    "ports",
    "en",
    "Port forwarding",
    "Let programs outside reach a computer at home.\n\n"
    "## Open a port\n\n"
    "1. Give the computer a fixed address.\n2. Choose Network, Ports, New and type the number of the port.\n"
    "3. Pick the computer and choose Save.\n\n"
    "## Close a port\n\n"
    "Swipe the entry under Network, Ports to the left and choose Close. Connections that are open end at once.\n\n"
    "## Give a computer a fixed address\n\n"
    "Choose Devices, the computer, Fixed address. It gets the same number every time from then on.",
)
RULES = Article(
    "rules",
    "en",
    "Rules",
    "Rules do something by themselves when a card changes.\n\n"
    "## Create a rule\n\n"
    "Choose Board, Rules, New. Pick a trigger, such as a card being moved, then an action, such as assigning "
    "somebody.\n\n"
    "## Find out why a rule did not run\n\n"
    "Open the rule and look at Runs. A skipped run says which condition was not met.",
)


@pytest.fixture(scope="module")
def reader(encoders: Encoders) -> Reader:
    contents = contents_of((*articles(), PLUGINS, PORTS, RULES, NOTES))
    built = build(contents, encoders, {})
    return Reader.open(contents, built.vectors, built.parameters, encoders)


@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("how do I write a plugin?", "Write a plugin"),
        ("how do I get my plugin into the store so that others find it", "Publish your plugin"),
        ("how do I open a port", "Open a port"),
        ("how can I remove a port forwarding", "Close a port"),
        ("assign a static ip to my pc", "Give a computer a fixed address"),
        ("how do I create a rule", "Create a rule"),
        ("my rule did nothing, why", "Find out why a rule did not run"),
        ("把几篇笔记合成一篇", "合并多篇笔记"),
        ("不小心删了笔记怎么找回来", "恢复删除的笔记"),
        ("怎么给笔记上锁", "给笔记加密"),
    ],
)
def test_the_section_that_was_asked_for_is_quoted(reader: Reader, question: str, section: str) -> None:
    assert reader.read(question).hits[0].heading.split(PATH_SEPARATOR)[-1] == section


def test_a_question_about_the_page_as_a_whole_is_answered_by_its_beginning(reader: Reader) -> None:
    assert reader.read("what are plugins").hits[0].heading == "Plugins"
