"""投票: what is open for me, whether my household has voted, and the way there."""

from __future__ import annotations

from backend.ballots import queries
from backend.infra.context import Context
from backend.kernel.access import Actor
from bot.replies import Asker, Listed, Topic, texts
from bot.replies.places import ballots_of

_MOST = 5


def answer(ctx: Context, asker: Asker, _words: str) -> str:
    """List the ballots under way and coming in one's own estates and mandates."""
    person = asker.resident
    assert person is not None
    rows = ballots_of(ctx, asker, "open", "notice")
    lines: list[str] = []
    running = [listed for listed in rows if listed.row.state == "open"]
    for number, listed in enumerate(running[:_MOST], 1):
        ballot = listed.facts
        lines += [texts.open_ballot(number, ballot.title, ballot.closes_at), *_mine(ctx, person, listed)]
    lines = [texts.VOTE_HEAD, *lines] if lines else [texts.NOTHING_OPEN]
    coming = [listed.facts for listed in rows if listed.row.state == "notice"]
    lines += [texts.coming(ballot.title, ballot.opens_at) for ballot in coming[:_MOST]]
    return texts.fit(lines)


def _mine(ctx: Context, person: Actor, listed: Listed) -> list[str]:
    ballot = listed.facts
    homes = [
        home.dwelling_id
        for home in person.homes
        if home.estate_id == ballot.estate_id and home.relation in ballot.relations
    ]
    lived_in = any(home.estate_id == ballot.estate_id for home in person.homes)
    if listed.is_mandated:
        homes += queries.mandated_homes(ctx.session, ballot.id, str(person.account_id))
    if not homes:
        return ["　" + texts.VOTE_NOT_MINE] if lived_in else []
    entries = queries.own_entries(ctx.session, ballot.id, homes)
    if not entries:
        return ["　" + texts.VOTE_NOT_ON_ROLL]
    settings = ctx.ports.settings
    page = texts.BALLOT_PAGE.format(ballot=ballot.id)
    return [
        *(texts.home_state(entry.label, entry.voted_at is not None) for entry in entries[:_MOST]),
        "　" + texts.link(settings.wechat_app_id, page, settings.public_base_url, "打开这次投票"),
    ]


TOPIC = Topic(
    name="vote",
    title="投票",
    words=("投票", "表决", "投", "选举", "征询", "签字", "同意书"),
    answer=answer,
    number="1",
    order=1,
)
