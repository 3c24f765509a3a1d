"""A knowledge base of eight articles, five of them also in Chinese: small enough to be built in a second."""

from __future__ import annotations

from kb_content.articles import Article, Contents, GoldQuestion, Intent, LeadsTo, PublishedArticle
from kb_content.passages import split

_ENGLISH = {
    "reset-password": (
        "Reset a forgotten password",
        "Open the sign-in page and choose Forgot password. A link that is valid for 60 minutes comes by e-mail.\n\n"
        "## The link does not arrive\n\nLook into the spam folder and check that the address is spelled correctly.",
        [
            "I forgot my password",
            "can't log in, lost my password",
            "the reset link never came",
            "new password please",
            "how do I change a password I no longer know",
        ],
    ),
    "invite-people": (
        "Invite people to a workspace",
        "Open Settings, Members and type the addresses of your colleagues. Each gets an invitation that lasts 7 days.",
        [
            "add a colleague to our workspace",
            "how do I invite somebody",
            "my team mate got no invitation",
            "give a new employee access",
            "send an invite again",
        ],
    ),
    "export-report": (
        "Export a report",
        "Open the report and choose Export. PDF, spreadsheets and CSV files are offered; large ones come by e-mail.",
        [
            "download my report as pdf",
            "save the figures to excel",
            "export the table as csv",
            "get the report out of the system",
            "where is the export button",
        ],
    ),
    "import-csv": (
        "Import tasks from a CSV file",
        "Choose Project, Import and pick a UTF-8 file of at most 20 MB. Map each column to a field before you start.",
        [
            "upload my task list from a csv file",
            "load tasks from a spreadsheet",
            "the import of my file fails",
            "bring in data from another tool",
            "csv upload stops half-way",
        ],
    ),
    "pay-invoice": (
        "Pay an invoice",
        "Invoices are under Settings, Billing. Pay by card at once or by bank transfer within 30 days.",
        [
            "where do I find my invoices",
            "pay our bill by bank transfer",
            "change the credit card you charge",
            "we need a receipt for the payment",
            "the invoice shows the wrong amount",
        ],
    ),
    "mobile-app": (
        "Use the mobile app",
        "Install the app from the store of your phone and sign in. Changes made offline are kept for 30 days.",
        [
            "is there an app for my phone",
            "install it on android",
            "work offline on the train",
            "the iphone app does not sync",
            "use it on a tablet",
        ],
    ),
    "webhooks": (
        "Receive webhooks",
        "A webhook tells your server about each change. Verify the signature in the header before you trust it.",
        [
            "notify my server about changes",
            "verify the webhook signature",
            "our endpoint gets no events",
            "webhook was switched off after errors",
            "how often is a failed webhook retried",
        ],
    ),
    "delete-account": (
        "Delete an account",
        "Only the owner can delete an account, under Settings, Account. All data is erased after 60 days.",
        [
            "close my account for good",
            "remove all our data",
            "how do I delete my profile",
            "erase everything you know about me",
            "shut the workspace down",
        ],
    ),
}
_CHINESE = {
    "reset-password": (
        "重置忘记的密码",
        "在登录页选择忘记密码，邮箱会收到一个六十分钟内有效的链接。",
        ["忘记密码了怎么办", "密码想不起来登录不了", "收不到重置密码的邮件", "怎么设置新密码"],
    ),
    "invite-people": (
        "邀请成员加入工作区",
        "打开设置里的成员页面，输入同事的邮箱，邀请七天内有效。",
        ["怎么添加同事", "邀请邮件没收到", "给新员工开通权限", "再发一次邀请"],
    ),
    "export-report": (
        "导出报表",
        "打开报表后点击导出，可以选择表格或者文档格式，较大的文件会发到邮箱。",
        ["报表怎么下载", "把数据保存成表格", "导出按钮在哪里", "导出成文档"],
    ),
    "import-csv": (
        "从文件导入任务",
        "在项目菜单里选择导入，上传不超过二十兆的文件，并把每一列对应到字段。",
        ["怎么上传任务列表", "导入文件失败", "从别的工具搬数据", "表格导入到一半停了"],
    ),
    "pay-invoice": (
        "支付发票",
        "发票在设置的账单里，可以刷卡或者三十天内银行转账。",
        ["发票在哪里看", "怎么用银行转账付款", "换一张信用卡扣款", "账单金额不对"],
    ),
}

CANCELLATION = Intent(
    "cancellation",
    LeadsTo.ESCALATE,
    {"en": ("I want to cancel our contract", "terminate the subscription", "we are leaving you", "stop our plan")},
)
NOTES = Article(
    "notes",
    "zh",
    "笔记",
    "笔记是最小的单位，可以包含文字、图片和表格。\n\n"
    "## 合并多篇笔记\n\n在列表里长按选中几篇笔记，点击“合并”。内容会按创建时间先后接在一起，原来的笔记进入回收站。\n\n"
    "## 恢复删除的笔记\n\n打开回收站，找到那一篇，点击“恢复”。回收站里的内容保留三十天。\n\n"
    "## 给笔记加密\n\n打开笔记菜单，选择“加锁”，设置一个密码。忘记这个密码后内容无法找回。",
)
"""Several sections on one page, in Chinese."""


def articles() -> tuple[Article, ...]:
    """The articles in both languages."""
    english = (Article(key, "en", title, body, tuple(asked)) for key, (title, body, asked) in _ENGLISH.items())
    chinese = (Article(key, "zh", title, body, tuple(asked)) for key, (title, body, asked) in _CHINESE.items())
    return (*english, *chinese)


def contents_of(
    several: tuple[Article, ...], intents: tuple[Intent, ...] = (), gold: tuple[GoldQuestion, ...] = ()
) -> Contents:
    """``several`` as a release would hold them, each in version 1."""
    return Contents(tuple(PublishedArticle(one, 1, split(one, 1)) for one in several), intents, gold)
