"""Headings in a customer's mouth: "Changing your password" becomes "How do I change my password?".

Only where the grammar is sure of it; else a heading stays as it is, and one that says nothing alone is left out.
"""

from __future__ import annotations

import re
from functools import cache

from kb_content.headings import is_question, without_number
from kb_content.markdown import one_space

_VERBS = """
accept access activate add adjust allow apply approve archive arrange assign attach authenticate automate avoid back
block book build buy calculate call cancel change check choose clean clear click close collect combine communicate
compare compile compress configure confirm connect contact control convert copy create customize customise cut
deactivate debug decline decrease define delegate delete deploy detect develop disable disconnect display download
draw drop duplicate edit embed enable encrypt enforce enter erase evaluate exchange exclude execute exit expand
export extend extract filter find fix fold follow force forward free generate get give grant group handle hide host
identify ignore implement import improve include increase insert inspect install integrate invite issue join keep
launch leave limit link list load locate lock log look lower make manage map mark measure merge migrate minimize
modify monitor mount move mute name navigate notify obtain open operate optimize order organize organise override
pack pair pause pay perform pick plan play prepare prevent preview print process protect provide publish purchase
push put query reach read rebuild receive recover reduce refer refresh refund register reject release remove rename
renew reopen reorder repair repeat replace reply report request require reschedule reset resize resolve respond
restart restore restrict resume retrieve retry return reuse revert review revoke rotate route run save scale scan
schedule search secure see select sell send separate serve set share ship show sign simulate skip sort specify split
start stop store stream submit subscribe suspend switch synchronize sync tag take test track train transfer
transform translate troubleshoot turn unblock uninstall unlink unlock unmount unsubscribe update upgrade upload use
validate verify view visit wait wipe withdraw work write
"""
_NOUNS_TOO = """
access back block book build call check click control copy cut debug display download draw drop exchange exit export
filter fix follow force free get group handle host import issue keep launch lead leave limit link list load lock log
look lower make map mark measure monitor mount move name open order pack pair pause pay pick plan play preview print
process purchase push put query reach read refund release repeat reply report request reset return review route run
scale scan schedule search see sell set share ship show sign sort split start stop store stream submit switch sync
tag take test track train transfer turn update upgrade view visit wait work write
"""
"""Verbs whose plain form also begins phrases such as "Check states" or "Access tokens"."""
_THINGS = """
access areas behavior behaviour cases checklist commands conditions configuration considerations costs details
directory duration environment environments errors examples facilities failures features files flow format formats
functions guide guidelines hints history information instructions intervals issues jobs keys levels limits lists log
logs menu message messages methods mode model modes notes numbers options order overview page pages parameters path
paths period permissions plan plans point points policies policy problems process properties rate rates reference
requirements results rights rules scripts section settings setup size sizes statements states statistics status
steps strategies strategy structure style styles system systems table tables targets template templates time times
tips tokens tool tools types variables view views window windows workflow workflows
"""
"""What is at the end of "Debugging tools" and "Restore points", which say what something is, not what one does."""
_BEFORE_NOUNS = frozenset(
    ["a", "an", "the", "your", "my", "all", "any", "each", "every", "multiple", "several", "another", "new", "this"]
)
_PARTICLES = frozenset(
    ["up", "in", "out", "on", "off", "down", "back", "over", "away", "to", "from", "into", "with", "for"]
)
_SAYS_NOTHING = """
about|additional notes|advanced|advanced options|advanced topics|advanced usage|appendix|arguments|attributes|background
|basic usage|basics|before you begin|before you start|best practices|breaking changes|bug fixes|caveats|changelog
|change log|common problems|common options|community|compatibility notes|concepts|conclusion|configuration|contents
|context|contributing|credits|dependencies|description|details|details of the log|discussion|errors|example|example code
|example request|example requests|example response|example responses|example usage|examples|faq|features|fields|fixes
|frequently asked questions|further information|further reading|general|getting help|getting started|glossary|goals
|headers|help|how it works|in this article|in this section|index|information|installation|intro|introduction
|key concepts|known issues|known limitations|learn more|legal|license|licence|limitations|links|methods|more examples
|more information|motivation|new features|next steps|note|notes|on this page|option|options|other changes|other options
|output|overview|parameters|prerequisites|properties|purpose|query parameters|query string parameters|quick start
|quickstart|reference|references|related|related articles|related topics|release notes|remarks|request
|request parameters|requirements|resources|response|response codes|responses|results|return codes|return value|returns
|sample|samples|scope|see also|setup|solution|steps|summary|support|supported versions|syntax|synopsis|table of contents
|terminology|testing|tips|tips and tricks|troubleshooting|tutorial|tutorials|usage|use cases|variables|versions|warning
|welcome|what's new|what is new|what next|why|where next
|概述|概览|简介|介绍|前言|背景|前提条件|前置条件|准备工作|开始之前|快速开始|快速入门|入门|示例|例子|样例|代码示例|请求示例|响应示例|参数
|参数说明|请求参数|返回参数|返回值|响应|字段说明|选项|说明|备注|注意|注意事项|提示|参见|另请参阅|参考|参考资料|相关文档|相关文章|相关链接|更多信息
|常见问题|疑难解答|故障排除|总结|小结|结论|更新日志|版本说明|已知问题|限制|使用限制|功能|功能介绍|特性|安装|配置|用法|使用方法|操作步骤|步骤|下一步|目录|附录
"""
_CODE = re.compile(r"[/\\{}<>=|$@]|::|--|\(\)|_|\b[a-z]+[A-Z]\w*|\b[\w-]+\.[a-z]{2,4}\b|^[A-Z0-9-]+$")
_VERSION = re.compile(r"\bv?\d+\.\d+|\b(?:19|20)\d\d\b|^\W*\d+\W*$", re.IGNORECASE)
_CLAUSES = re.compile(r"[:;,–—]|\s-\s|\?|\bvs\b|\.\s")
_CHINESE_VERBS = """
修改 更改 变更 更换 重置 找回 设定 创建 新建 添加 增加 新增 删除 移除 清除 清空 卸载 启用 开启 禁用 停用 关闭 停止
断开 查看 查询 查找 邀请 取消 申请 下载 上传 绑定 解绑 导入 导出 重命名 隐藏 显示 选择 防止 避免 排查 解决 切换 开具
移动 复制 恢复 还原 编辑 退订 解锁
"""
_CHINESE_NOUNS_TOO = """
设置 配置 安装 部署 升级 更新 打开 启动 连接 搜索 管理 使用 备份 提交 登录 登陆 注册 注销 退出 转移 迁移 共享 分享
发送 接收 打印 锁定 验证 支付 购买 续费 退款 自定义 调整 集成 接入 监控 测试 同步 归档 订阅 授权 分配 指定 限制 处理
联系
"""
_CHINESE_THINGS = re.compile(
    r"(?:频率|问题|方式|方法|文件|环境|说明|日志|指标|列表|规则|策略|权限|流程|步骤|失败|错误|异常|限制|要求|选项|类型|时间|记录|状态|页面|中心|员|人|信息"
    r"|费用|价格|条件|范围|格式|示例|参数|功能|机制|原理|模式|数据|密码|界面|工具|服务|系统|版本|命令|接口|项|表|器)\Z"
)
_CHINESE_TROUBLE = re.compile(r"(?:问题|失败|错误|异常|方式|方法|说明)\Z")
_MOST_WORDS, _MOST_CHARACTERS = 12, 24


def as_question(heading: str, language: str) -> str | None:
    """What a customer would ask to be led to ``heading``; the heading itself where that is not sure, None where it
    says too little alone."""
    words = re.sub(r" (?=[?？]\Z)", "", one_space(without_number(heading)).rstrip(":：.。").strip())
    if not words or words.casefold().replace("’", "'") in _empty() or _VERSION.search(words):
        return None
    if is_question(words):
        return _asked(words, language)
    if language.split("-")[0] == "zh":
        return _in_chinese(words)
    if _CODE.search(words) or len(words.split()) > _MOST_WORDS:
        return None
    turned = _in_english(words) if language.split("-")[0] == "en" else None
    return turned or (words if len(words.split()) > 1 else None)


def is_turned(heading: str, question: str) -> bool:
    """Whether ``question`` is more than the heading itself."""
    return question.rstrip("?？") != one_space(without_number(heading)).rstrip(":：.。?？ ")


def _asked(words: str, language: str) -> str:
    if language.split("-")[0] == "zh":
        return words if words.endswith("？") else words.rstrip("?") + "？"
    if to := re.match(r"(how|where|when) to ", words, re.IGNORECASE):
        words = f"{to[1].capitalize()} do I {_mine(words[to.end() :])}"
    return words if words.endswith("?") else f"{words}?"


def _in_chinese(words: str) -> str | None:
    if len(words) > _MOST_CHARACTERS or len(words) < 4:
        return None
    is_deed = words.startswith(tuple(_CHINESE_VERBS.split())) and not _CHINESE_TROUBLE.search(words)
    is_deed |= words.startswith(tuple(_CHINESE_NOUNS_TOO.split())) and not _CHINESE_THINGS.search(words)
    if not is_deed:
        return words
    return f"如何{words.replace('您的', '我的').replace('你的', '我的')}？"


def _in_english(words: str) -> str | None:
    """The question for a heading that begins with what one does: "Adding users", "Turn on slow keys"."""
    if _CLAUSES.search(words) or len(words.split()) < 2:
        return None
    first, rest = words.split(" ", 1)
    following, last = rest.split(" ", 1)[0].lower(), rest.rsplit(" ", 1)[-1].lower()
    if last in _things() and len(words.split()) < 4 and following not in _BEFORE_NOUNS | _PARTICLES:
        return None
    base = _gerunds().get(first.lower())
    if base:
        return f"How do I {base} {_mine(_without_gerunds(rest))}?"
    if first.lower() not in _plain_verbs() or not first[:1].isupper() or first.isupper():
        return None
    is_sure = first.lower() not in _ambiguous() or following in _BEFORE_NOUNS or following in _PARTICLES
    return f"How do I {first.lower()} {_mine(rest)}?" if is_sure else None


def _without_gerunds(rest: str) -> str:
    """Verbs that go on after "and", "or" or a particle, in the same form as the first."""
    return re.sub(
        r"\b(and|or) ([A-Za-z]+ing)\b",
        lambda found: f"{found[1]} {_gerunds().get(found[2].lower(), found[2])}",
        rest,
    )


def _mine(words: str) -> str:
    """What is said to a customer, said by one."""
    for theirs, mine in (("your", "my"), ("yours", "mine"), ("yourself", "myself"), ("you", "I")):
        words = re.sub(rf"\b{theirs}\b", mine, words, flags=re.IGNORECASE)
    return words


@cache
def _gerunds() -> dict[str, str]:
    found: dict[str, str] = {}
    for verb in _VERBS.split():
        forms = {f"{verb}ing"}
        if verb.endswith("e") and not verb.endswith(("ee", "ye")):
            forms = {f"{verb[:-1]}ing"}
        elif re.search(r"[^aeiou][aeiou][bdgklmnprt]\Z", verb):
            forms |= {f"{verb}{verb[-1]}ing"}
        for form in forms:
            found.setdefault(form, verb)
    # "Building blocks", "Mapping", "Routing" and their kin are things at least as often.
    return {form: verb for form, verb in found.items() if form not in ("building", "routing", "mapping", "training")}


@cache
def _plain_verbs() -> frozenset[str]:
    return frozenset(_VERBS.split())


@cache
def _ambiguous() -> frozenset[str]:
    return frozenset(_NOUNS_TOO.split())


@cache
def _things() -> frozenset[str]:
    return frozenset(_THINGS.split())


@cache
def _empty() -> frozenset[str]:
    return frozenset(one.strip() for one in _SAYS_NOTHING.replace("\n", "").split("|"))
