"""Each topic, for those who are known and those who are not; never another estate, never a choice."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlmodel import col, select

from backend.ballots.repository.votes import NewVote, insert_vote_row
from backend.ballots.tables import Ballot, Vote
from backend.identity.tables import Account, RoleGrant
from backend.kernel.access import Role
from backend.ledger.rules.receipt import format_receipt
from backend.notifications.tables import Delivery, Message
from bot import chat_jobs
from bot.replies import texts, topics
from tests.bot.chatting import Chatting
from tests.factories.ballots import BallotFixture

WHO = "oResident01"
FORBIDDEN = ("赞成", "反对", "同意户", "弃权")


def vote(chat: Chatting, ballot: BallotFixture, dwelling: str, choices: str = "fa") -> str:
    """Let a household vote; return its receipt."""
    with chat.acting() as ctx:
        row = NewVote(
            ballot_id=ballot.ballot_id,
            roll_entry_id=ballot.entry_ids[dwelling],
            channel="online",
            state="standing",
            choices=choices,
            documents_hash=ballot.documents_hash,
            request_hash=secrets.token_bytes(32),
            cast_at=ctx.clock.now(),
            photo_sha256=None,
        )
        insert_vote_row(ctx.session, row)
        wanted = select(Vote.receipt).where(Vote.roll_entry_id == ballot.entry_ids[dwelling])
        return ctx.session.exec(wanted).one()


def test_unknown_followers_are_told_how_to_become_known(chat: Chatting) -> None:
    for said in ("投票", "2", "结果", "绑定"):
        assert chat.say("oUnknown", said) == texts.HOW_TO_BIND
    assert chat.say("oUnknown", "汇总") == texts.STAFF_ONLY


def test_what_is_open_for_me_with_the_way_there(chat: Chatting) -> None:
    estate, other = chat.estate(3), chat.estate(1)
    ballot = chat.ballot(estate)
    chat.ballot(estate, kind="canvass", state="notice")
    foreign = chat.ballot(other)
    chat.resident(WHO, *estate.dwelling_ids[:2])
    vote(chat, ballot, estate.dwelling_ids[0])
    said = chat.say(WHO, "怎么投票？")
    assert f"pages/ballot/index?id={ballot.ballot_id}" in said and foreign.ballot_id not in said
    assert "1栋1单元101：已投票" in said and "1栋1单元102：还没投票" in said
    assert "公示中：示例意愿征询" in said and "截止" in said
    assert chat.tap(WHO, "vote") == said
    assert "103" not in said, "a neighbour's home is nobody's business"


def test_who_may_not_vote_is_told_so(chat: Chatting) -> None:
    estate = chat.estate(1)
    chat.ballot(estate)
    chat.resident(WHO, estate.dwelling_ids[0], relation="tenant")
    assert texts.VOTE_NOT_MINE in chat.say(WHO, "1")


def test_nothing_open(chat: Chatting) -> None:
    chat.resident(WHO, chat.estate(1).dwelling_ids[0])
    assert chat.say(WHO, "投票") == texts.NOTHING_OPEN == chat.say(WHO, "进度")
    assert chat.say(WHO, "结果") == texts.NO_RESULT


def test_an_account_without_a_home_is_told_so(chat: Chatting) -> None:
    chat.resident(WHO)
    for said in ("投票", "进度", "结果", "绑定"):
        assert chat.say(WHO, said) == texts.NO_HOME


def test_progress_tells_participation_and_nothing_else(chat: Chatting) -> None:
    estate = chat.estate(4)
    ballot = chat.ballot(estate)
    chat.resident(WHO, estate.dwelling_ids[0])
    vote(chat, ballot, estate.dwelling_ids[1], "ff")
    said = chat.say(WHO, "进度")
    assert "已参与 1 / 4 户（25%）" in said and texts.TURNOUT_NEUTRAL in said
    assert not any(word in said.replace(texts.TURNOUT_NEUTRAL, "") for word in FORBIDDEN)


def test_choices_change_no_answer_while_the_ballot_is_open(chat: Chatting) -> None:
    """Two estates alike but for what was said: every topic answers alike."""
    answers = []
    for choices in ("ff", "aa"):
        estate = chat.estate(4)
        ballot = chat.ballot(estate)
        who = f"oSecret{choices}"
        chat.resident(who, estate.dwelling_ids[0])
        vote(chat, ballot, estate.dwelling_ids[1], choices)
        names = (ballot.ballot_id, estate.community.name)
        said = [chat.tap(who, topic.name) for topic in topics()]
        for name in names:
            said = [text.replace(name, "-") for text in said]
        answers.append(said)
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("state", "told"),
    [("counting", texts.COUNTING), ("sealed", texts.COUNTING), ("suspended", texts.SUSPENDED)],
)
def test_results_wait_for_their_publication(chat: Chatting, state: str, told: str) -> None:
    estate = chat.estate(2)
    ballot = chat.ballot(estate, state=state)
    with chat.acting() as ctx:
        row = ctx.session.get_one(Ballot, ballot.ballot_id)
        row.result = [{"title": "事项1", "outcome": "passed"}]
        ctx.session.add(row)
    chat.resident(WHO, estate.dwelling_ids[0])
    said = chat.say(WHO, "结果")
    assert told in said and "通过" not in said


def test_published_results_are_told(chat: Chatting) -> None:
    estate = chat.estate(2)
    ballot = chat.ballot(estate, state="preliminary")
    with chat.acting() as ctx:
        row = ctx.session.get_one(Ballot, ballot.ballot_id)
        row.result = [{"title": "事项1", "outcome": "passed"}, {"title": "事项2", "outcome": "failed"}]
        ctx.session.add(row)
    chat.resident(WHO, estate.dwelling_ids[0])
    chat.resident("oElsewhere", chat.estate(1).dwelling_ids[0])
    said = chat.say(WHO, "3")
    assert "事项1：通过" in said and "事项2：未通过" in said and "可提异议" in said
    assert chat.say("oElsewhere", "3") == texts.NO_RESULT


def test_a_receipt_proves_counting_and_never_a_choice(chat: Chatting) -> None:
    estate = chat.estate(2)
    ballot = chat.ballot(estate)
    receipt = vote(chat, ballot, estate.dwelling_ids[0], "ff")
    said = chat.say("oAnybody", f"回执 {format_receipt(receipt)}")
    assert format_receipt(receipt) in said and "已计入" in said
    assert not any(word in said for word in FORBIDDEN)
    assert chat.say("oAnybody", receipt) == said
    assert chat.say("oAnybody", "回执") == texts.RECEIPT_HOW
    assert chat.say("oAnybody", "回执 1111-1111-1112") == texts.RECEIPT_UNKNOWN


def test_one_sees_ones_own_homes_only(chat: Chatting) -> None:
    estate = chat.estate(3)
    chat.resident(WHO, estate.dwelling_ids[1])
    said = chat.say(WHO, "绑定")
    assert "102" in said and "101" not in said and "103" not in said


def test_ways_to_people(chat: Chatting) -> None:
    estate = chat.estate(1)
    chat.resident(WHO, estate.dwelling_ids[0])
    assert estate.community.name in chat.say(WHO, "人工")
    assert "居委会" in chat.say("oAnybody", "人工")
    assert "12345" in chat.say("oAnybody", "我要投诉")


def test_unknown_text_gets_a_helpful_answer(chat: Chatting) -> None:
    said = chat.say("oAnybody", "今天天气真好")
    assert "没看懂" in said and "1 投票" in said and "汇总" not in said
    photo = chat.official.call(chat.official.message("oAnybody", "image", PicUrl="x", MediaId="y"))
    assert chat.send(photo) == texts.TEXT_ONLY
    spoken = chat.official.message("oAnybody", "voice", MediaId="y", Recognition="帮助。")
    assert chat.send(chat.official.call(spoken)) == chat.say("oAnybody", "0")
    half = chat.official.call(chat.official.message("oAnybody", "text", Content="]]> <a>&amp;"))
    assert "没看懂" in chat.send(half)
    assert chat.tap("oAnybody", "no-such-key") == said


def test_help_lists_the_summary_for_staff_only(chat: Chatting) -> None:
    chat.staff("oStaff", Role.TOWN, chat.estate(1).community.id)
    assert "汇总" in chat.say("oStaff", "帮助") and "汇总" not in chat.say("oAnybody", "帮助")


def answered(chat: Chatting, openid: str, account_id: str) -> str:
    """Ask for the summary, let the bot work, and return what went into the outbox."""
    assert chat.say(openid, "汇总") == texts.LATER
    chat_jobs.answer_chats(chat.ports)
    with chat.acting() as ctx:
        chosen = (
            select(Message)
            .join(Delivery, col(Delivery.message_id) == col(Message.id))
            .where(Delivery.recipient_id == account_id)
            .order_by(col(Message.created_at).desc())
        )
        return str(ctx.session.exec(chosen).first().payload["text"])  # type: ignore[union-attr] # it is there


def test_summary_for_the_scope_of_a_linked_staff_member(chat: Chatting) -> None:
    estate, other = chat.estate(4, per_building=2), chat.estate(3)
    ballot = chat.ballot(estate)
    chat.ballot(estate, state="preliminary", kind="canvass")
    chat.ballot(other)
    vote(chat, ballot, estate.dwelling_ids[0])
    committee = chat.staff("oCommittee", Role.RESIDENTS_COMMITTEE, estate.community.id)
    steward = chat.staff(
        "oSteward",
        Role.BUILDING_STEWARD,
        estate.community.id,
        estate_id=estate.estate.id,
        building_id=estate.building_ids[1],
    )
    said = answered(chat, "oCommittee", committee.account_id)
    assert "1/4 户（25%）" in said and "正在进行的投票 1 项" in said and "结果公示中 1 项" in said
    assert not any(word in said for word in FORBIDDEN)
    assert "0/2 户（0%）" in answered(chat, "oSteward", steward.account_id)
    handler = chat.staff("oHandler", Role.HANDLER, estate.community.id)
    assert answered(chat, "oHandler", handler.account_id) == texts.NO_SCOPE


def test_a_repeated_question_is_answered_once(chat: Chatting) -> None:
    estate = chat.estate(1)
    chat.staff("oStaff", Role.TOWN, estate.community.id)
    call = chat.official.text("oStaff", "汇总")
    assert {chat.send(call) for _ in range(3)} == {texts.LATER}
    assert chat_jobs.answer_chats(chat.ports) == 1
    assert chat_jobs.answer_chats(chat.ports) == 0
    assert chat.send(call) == texts.LATER
    assert chat_jobs.answer_chats(chat.ports) == 0


def test_staff_who_left_are_nobody(chat: Chatting) -> None:
    estate = chat.estate(1)
    person = chat.staff("oStaff", Role.TOWN, estate.community.id)
    with chat.acting() as ctx:
        grant = ctx.session.exec(select(RoleGrant).where(RoleGrant.account_id == person.account_id)).one()
        grant.revoked_at = ctx.clock.now() - timedelta(seconds=1)
        ctx.session.add(grant)
    assert answered(chat, "oStaff", person.account_id) == texts.NO_SCOPE
    with chat.acting() as ctx:
        account = ctx.session.get_one(Account, person.account_id)
        account.state = "disabled"
        ctx.session.add(account)
    assert chat.say("oStaff", "汇总") == texts.STAFF_ONLY


def test_a_fault_in_a_topic_is_an_apology(chat: Chatting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chat's edge: whatever fails behind it, the person is answered and WeChat sees no error."""
    import bot.chat

    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("at fault")

    monkeypatch.setattr(bot.chat, "understand", broken)
    assert chat.say("oAnybody", "投票") == texts.SORRY
