"""A table brought in on a phone, by keyboard, in Chinese and in the dark: every page is accessible and fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browsing import a_tab, serious
from console_fixtures import Office, an_office, served
from playwright.sync_api import Browser, Page, expect

from handoff.models import Role

office = an_office
pytestmark = pytest.mark.browser
FAQ = "Nr;Was;Wie\n1;重置密码;打开登录页，点击忘记密码，然后按照邮件中的链接设置新的密码。\n"


def look(page: Page) -> None:
    assert serious(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


@pytest.mark.long
def test_a_table_is_brought_in_and_taken_back(office: Office, chrome: Browser, tmp_path: Path) -> None:
    office.publish()
    table = tmp_path / "faq.csv"
    table.write_text(FAQ, "utf-8")
    token = office.browser("mei", Role.EDITOR, language="zh").cookies["firstline"]
    looks: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark", "locale": "zh-CN"}
    with served(office) as address, a_tab(chrome, **looks) as page:
        page.context.add_cookies([{"name": "firstline", "value": token, "url": address}])
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)

        page.goto(f"{address}/console/articles/import")
        look(page)
        page.get_by_label("文件（").set_input_files(table)
        page.get_by_label("文件（").focus()
        page.get_by_role("button", name="查看变化").first.press("Enter")
        expect(page.get_by_text("请说明各列的含义，然后重新查看。")).to_be_visible()
        look(page)

        for label, column in (("标题（必填）", "Was"), ("正文（必填）", "Wie")):
            page.get_by_label(label).focus()
            page.keyboard.type(column)
        page.get_by_role("button", name="重新查看").press("Enter")
        expect(page.get_by_text("新增 1，修改 0，归档 0，不变 0")).to_be_visible()
        look(page)

        page.get_by_role("button", name="采用并发布").press("Enter")
        expect(page.get_by_text("正在构建新版本")).to_be_visible()
        look(page)
        page.get_by_role("button", name="撤销 faq.csv 的导入").press("Enter")
        expect(page.get_by_text("已撤销")).to_be_visible()
        assert refused == []
