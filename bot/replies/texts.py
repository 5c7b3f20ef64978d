"""Everything the chat says, in plain Chinese: short sentences, no jargon, no names, no phones, no choices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from backend.kernel.clock import SHANGHAI

# WeChat takes 2,048 bytes; a little less leaves room for the closing line.
MOST_BYTES = 1900

BALLOT_PAGE = "pages/ballot/index?id={ballot}"
HOME_PAGE = "pages/index/index"

SORRY = "系统正忙，没能查到。请过几分钟再试，或回复“人工”。"
TOO_FAST = "您发得太快了，请过一分钟再发。"
TEXT_ONLY = "暂时只能看懂文字。请打字告诉我您想办什么，比如：投票、进度、结果。回复 0 看全部。"
LATER = "正在整理，一分钟左右发给您。"
LINKED_RESIDENT = "关联好了。以后在这里就能查您家的投票和进度。回复 0 看能办什么。"
LINKED_STAFF = "工作人员账号关联好了。发送“汇总”查看您负责范围内的参与情况。"
WRONG_CODE = "这个关联码不对，或已超过 10 分钟。请在小程序“我的”里重新获取，再把 8 位数字发给我。"
LOCKED = "关联码输错次数太多，请 10 分钟后再试。"
RECOGNISED = "已认出您的账号，以后在这里就能查您家的投票和进度。回复 0 看能办什么。"

HOW_TO_BIND = (
    "还不知道您是哪一户，先做两步：\n"
    "1. 打开小程序绑定房屋（用信上的邀请码或登记的手机号）。\n"
    "2. 在小程序“我的”里点“关联公众号”，把看到的 8 位数字发到这里。\n"
    "不会用手机也可以请家人帮忙，或直接找居委会。"
)
NO_HOME = "您的账号还没有生效的房屋绑定。请在小程序里绑定房屋；已申请的请等核实。"
STAFF_ONLY = (
    "“汇总”只给工作人员看。如果您是工作人员：登录工作平台获取“关联码”，10 分钟内把 8 位数字发到这里。"
)


def link(app_id: str, page: str, fallback: str, label: str) -> str:
    """Return a line that opens a page of the mini-program when tapped in WeChat."""
    return (
        f'<a href="{fallback}" data-miniprogram-appid="{app_id}" data-miniprogram-path="{page}">{label}</a>'
    )


def safe(text: str, most: int = 60) -> str:
    """Return a title as it may stand in an answer: nobody's title becomes a link."""
    cleaned = "".join(character for character in text if character.isprintable() and character not in "<>")
    return cleaned if len(cleaned) <= most else cleaned[: most - 1] + "…"


def moment(at: datetime) -> str:
    """Return an instant as people say it: 6月30日 18:05."""
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def fit(lines: Iterable[str]) -> str:
    """Join lines as far as WeChat's limit allows; what does not fit is said to be missing."""
    text = ""
    for line in lines:
        longer = f"{text}\n{line}" if text else line
        if len(longer.encode("utf-8", "replace")) > MOST_BYTES:
            return f"{text}\n（还有更多，请在小程序里查看）"
        text = longer
    return text


def menu(items: Sequence[tuple[str, str]]) -> str:
    """Return the list of what can be asked: (number, title)."""
    return "；".join(f"{number} {title}" if number else title for number, title in items)


def help_text(items: Sequence[tuple[str, str]]) -> str:
    """Return the help."""
    lines = [f"{number}  {title}" if number else f"·  {title}" for number, title in items]
    return "\n".join(["您可以点下面的菜单，或回复数字、文字：", *lines, "例：回复 1，或直接说“怎么投票”。"])


def welcome(items: Sequence[tuple[str, str]], *, is_known: bool) -> str:
    """Greet a new follower."""
    start = "欢迎关注。这里可以查您家的投票、进度和结果。"
    return "\n".join([start, help_text(items)] if is_known else [start, HOW_TO_BIND])


def not_understood(items: Sequence[tuple[str, str]]) -> str:
    """Answer what nobody understood: never silence."""
    return f"没看懂您的意思。您可以回复：{menu(items)}。也可以回复“人工”找社区工作人员。"


# 投票
NOTHING_OPEN = "现在没有正在进行的投票。"
VOTE_HEAD = "正在投票："
VOTE_NOT_MINE = "本次由业主（或业主代表）投票，您的绑定身份不能投。"
VOTE_NOT_ON_ROLL = "您家不在本次名册里，有疑问请找居委会。"


def open_ballot(number: int, title: str, closes_at: datetime | None) -> str:
    """Return the line of a running ballot."""
    until = f"，{moment(closes_at)} 截止" if closes_at else ""
    return f"{number}. {safe(title)}{until}"


def home_state(label: str, is_voted: bool) -> str:
    """Tell a household whether a vote of theirs stands; never which."""
    return f"　{safe(label, 30)}：{'已投票' if is_voted else '还没投票'}"


def coming(title: str, opens_at: datetime | None) -> str:
    """Return the line of an announced ballot."""
    start = f"，{moment(opens_at)} 开始" if opens_at else ""
    return f"公示中：{safe(title)}{start}"


# 进度
def turnout(title: str, voted: str, whole: str, rate: str) -> str:
    """Return how many households took part."""
    return f"{safe(title)}\n已参与 {voted} / {whole} 户（{rate}）"


TURNOUT_NEUTRAL = "投票期间只公布参与情况，不公布赞成或反对。"
TURNOUT_MET = "参与要求：已达到"
TURNOUT_FREE = "本次没有单独的参与要求"


def turnout_missing(parts: Sequence[str]) -> str:
    """Return what participation lacks."""
    return f"参与要求：还差 {'、'.join(parts)}"


def amount(basis: str, quantity: str) -> str:
    """Return a quantity with its unit."""
    return f"{quantity} {({'area': '平方米', 'heads': '人', 'households': '户'}).get(basis, '')}"


# 结果
NO_RESULT = "还没有可以公布的结果。投票期间不公布赞成和反对。"
OUTCOMES = {"passed": "通过", "failed": "未通过", "undecidable": "无法判定"}
RESULT_STATES = {"preliminary": "结果公示中，可提异议", "final": "最终结果"}
COUNTING = "投票已结束，正在计票核对，结果出来后会公示"
VOID = "本次表决已作废，详见公告"
SUSPENDED = "本次表决已暂停，详见公告"


def result_head(title: str, state: str) -> str:
    """Return a ballot's line with where its result stands."""
    return f"{safe(title)}（{state}）"


def result_line(title: str, outcome: str) -> str:
    """Return one motion's outcome."""
    return f"　{safe(title)}：{OUTCOMES.get(outcome, '见公告')}"


# 回执
RECEIPT_HOW = (
    "请发送“回执”和 12 位回执号，例：回执 1234-5678-9012。回执只说明这一票是否计入，不显示投了什么。"
)
RECEIPT_UNKNOWN = "没有找到这个回执号，请核对 12 位数字后再发一次。"


def receipt(code: str, title: str, message: str) -> str:
    """Return what a receipt proves."""
    return f"回执 {code}\n{safe(title)}\n{message}"


# 绑定
BIND_MORE = "要绑定别的房屋或查看家庭成员，请打开小程序。"


def bound(labels: Sequence[str]) -> str:
    """List one's own homes."""
    return "\n".join(["您已绑定：", *(f"　{safe(label, 40)}" for label in labels), BIND_MORE])


# 投诉、人工
COMPLAIN = (
    "发送“投诉 ”加情况（地点、什么问题）即可登记；在小程序里还可以附照片、选择匿名。\n"
    "发送“查询 ”加 12 位投诉编号可看进展。也可以找居委会，或拨打政务服务热线 12345。\n"
    "危险情况（漏电、燃气味、电梯困人）请先拨 119 或 110，再找居委会。"
)


COMPLAIN_WHERE = "您在几个小区有房屋，请在小程序里选择小区后登记投诉。"
COMPLAIN_MANY = "您有多件投诉正在办理，请在办结后再登记新的。发送“查询 ”加编号可看进展。"
COMPLAIN_CONDUCT = (
    "这条没有登记：像是反映工作人员或单位的作风、廉洁问题。为了不让被反映的人看到，"
    "请在小程序“投诉”里填写，性质选“检举控告”，可以匿名，由上级部门查看。"
    "也可以拨打纪检监察举报电话 12388。如果只是一般问题，请去掉对人的称呼，再发一次。"
)
STATUS_HOW = "请发送“查询 ”加 12 位投诉编号，例如：查询 1234-5678-9012。"
STATUS_UNKNOWN = "没有查到这个编号，请核对 12 位数字。"


def complaint_taken(number: str, place: str) -> str:
    """Return what somebody reads whose complaint was registered."""
    return (
        f"已登记，编号 {number}（{place}）。\n按“保密”处理：承办单位看不到您是谁。\n"
        f"发送“查询 {number}”可看进展；危险情况请先拨 119 或 110。"
    )


def complaint_status(number: str, state: str, place: str, due: str) -> str:
    """Return where a complaint stands."""
    return "\n".join(line for line in (f"{number} {place}", state, due) if line)


def human(organisations: Sequence[str]) -> str:
    """Say whom to turn to."""
    where = "、".join(safe(name, 30) for name in organisations) or "您所在社区的居委会"
    return f"请联系{where}的工作人员：到服务点，或打楼道公告上的电话。急事也可拨打 12345。"


# 汇总
NO_SCOPE = "您现在没有可以查看参与情况的职责范围。"
SUMMARY_EMPTY = "您负责的范围内现在没有正在进行的投票。"


def summary_head(number: int, at: datetime) -> str:
    """Return the summary's first line."""
    return f"{moment(at)} 汇总：正在进行的投票 {number} 项"


def summary_line(title: str, voted: int, entries: int, closes_at: datetime | None) -> str:
    """Return one ballot's participation."""
    rate = f"{voted * 100 // entries}%" if entries else "-"
    until = f"，{moment(closes_at)} 截止" if closes_at else ""
    return f"· {safe(title, 30)}：{voted}/{entries} 户（{rate}）{until}"


def summary_states(counting: int, preliminary: int) -> str:
    """Return how many ballots wait for their result."""
    return f"计票或待公示 {counting} 项，结果公示中 {preliminary} 项"


NO_SURVEY = "您的小区现在没有问卷调查。"


def survey_open(title: str, closes_at: datetime, *, is_asked: bool, is_waiting: bool) -> str:
    """Return a running survey: until when, and whether one's own home has answered."""
    own = "您家还没有填，请打开小程序填写。" if is_waiting else "您家已经填过，截止前可以修改。"
    return f"《{title}》{moment(closes_at)} 截止。{own if is_asked else '这次调查不需要您填写。'}"


def survey_closed(title: str) -> str:
    """Return a survey that has ended."""
    return f"《{title}》已截止，结果可在小程序查看。"


def survey_outcome(estate: str, outcome: str) -> str:
    """Return what the rule says of an estate."""
    words = {"passed": "调查率和满意率都达到要求", "failed": "没有达到要求"}.get(outcome, "还不能判定")
    return f"{estate}：{words}。"
