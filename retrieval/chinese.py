"""Traditional Chinese read as simplified, so that a question in either finds articles in both."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_SCREEN_WORDS = {
    "登入": "登录",
    "登出": "退出登录",
    "設定": "设置",
    "程式": "程序",
    "檔案": "文件",
    "連結": "链接",
    "匯出": "导出",
    "匯入": "导入",
    "資料夾": "文件夹",
    "資料": "数据",
    "資訊": "信息",
    "螢幕": "屏幕",
    "儲存": "保存",
    "搜尋": "搜索",
    "預設": "默认",
    "專案": "项目",
    "信箱": "邮箱",
    "簡訊": "短信",
    "使用者": "用户",
    "用戶端": "客户端",
    "視窗": "窗口",
    "選單": "菜单",
    "貼上": "粘贴",
    "剪下": "剪切",
    "全形": "全角",
    "快取": "缓存",
    "權杖": "令牌",
    "金鑰": "密钥",
    "憑證": "证书",
    "訊息": "消息",
    "支援": "支持",
    "解除安裝": "卸载",
    "相容": "兼容",
    "外掛": "插件",
    "欄位": "字段",
    "試算表": "电子表格",
    "範本": "模板",
    "回報": "反馈",
    "重設": "重置",
    "網域": "域名",
    "品質": "质量",
    "效能": "性能",
    "協定": "协议",
}
"""What Taiwan and Hong Kong call things on a screen, beyond what the converter knows."""

_QUOTES = "「」『』"
"""In use on both sides."""


def simplified(text: str) -> str:
    """Chinese ``text`` in simplified characters and the mainland's words; what has kana in it is Japanese and stays.

    Only for what encoders and word indexes see: nobody is shown another script than was written.
    """
    if _only_traditional().isdisjoint(text) or _KANA.search(text):
        return text
    return _converter()(text)


def is_traditional(text: str) -> bool:
    """Whether Chinese ``text`` is in traditional characters: it has more of those that only they write."""
    from zhconv_rs import is_hans_confidence

    # Not a number where all its characters are in both.
    return is_hans_confidence(text.translate(dict.fromkeys(map(ord, _QUOTES)))) < 0.5


@cache
def _only_traditional() -> frozenset[str]:
    """The characters that a simplified text does not have: one without them is never changed, nor are its vectors."""
    from zhconv_rs import zhconv

    every = (chr(code) for code in (*range(0x3400, 0xA000), *range(0xF900, 0xFB00)))
    return frozenset(one for one in every if zhconv(one, "zh-Hans", False) != one)


@cache
def _converter() -> Callable[[str], str]:
    from zhconv_rs import make_converter

    pairs = [*_SCREEN_WORDS.items(), *((mark, mark) for mark in _QUOTES)]
    convert: Callable[[str], str] = make_converter("zh-cn", pairs)
    return convert
