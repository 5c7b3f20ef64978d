"""The content check: each photo is asked about once, verdicts count whenever they come, silence ends with a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from backend.identity.tables import Account
from backend.infra.context import Ports
from backend.infra.database import open_session
from backend.infra.installation import move_clock
from backend.infra.wechat.errors import Configuration, Passing, Permanent, Quota, WeChatError
from backend.media import service
from backend.media.rules.states import MOST_ASKS
from backend.media.service import Upload
from backend.media.tables import MediaFile
from bot import jobs
from tests.bot.conftest import Acting
from tests.factories import photos
from tests.factories.people import acting_as, make_resident
from tests.factories.places import make_estate


class WeChatStandIn:
    """An outside system: notes what it is asked, answers with traces, fails as told."""

    def __init__(self, *failures: WeChatError, before_answer: Callable[[str], None] | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self._failures = list(failures)
        self._before_answer = before_answer

    def check_media(self, openid: str, media_url: str, scene: int) -> str:
        assert scene in (1, 2, 3, 4)
        self.asked.append((openid, media_url))
        if self._failures:
            raise self._failures.pop(0)
        trace = f"trace-{len(self.asked)}"
        if self._before_answer is not None:
            self._before_answer(trace)
        return trace


@pytest.fixture
def photo(acting: Acting) -> str:
    """A resident's photo under check."""
    with acting() as ctx:
        home = make_estate(ctx).dwelling_ids[0]
        resident = acting_as(ctx, make_resident(ctx, home))
        return service.upload_media(resident, Upload(photos.jpeg(), "upload-key-1")).id


def now(ports: Ports, file_id: str) -> MediaFile:
    with open_session(ports.engine, read_only=True) as session:
        return session.get_one(MediaFile, file_id)


def later(ports: Ports, **after: float) -> None:
    """Set the clock to some time after the true one."""
    move_clock(ports.engine, timedelta(**after) // timedelta(microseconds=1))


def tell(acting: Acting, trace: str, suggestion: str) -> bool:
    with acting() as ctx:
        return service.record_media_verdict(ctx, trace, suggestion)


def test_a_photo_is_asked_about_once_at_an_address_that_works(
    ports: Ports, acting: Acting, photo: str
) -> None:
    wechat = WeChatStandIn()
    assert service.run_checks(ports, wechat) == 1
    assert service.run_checks(ports, wechat) == 0
    (openid, address), parts = wechat.asked[0], urlsplit(wechat.asked[0][1])
    query = parse_qs(parts.query)
    with acting() as ctx:
        sealed = ctx.session.exec(select(Account.openid_sealed).where(Account.kind == "resident")).one()
        assert openid == ctx.vault.open(str(sealed), "account.openid")
        served = service.open_address(ctx, photo, "full", int(query["expires"][0]), query["sig"][0])
        assert b"".join(served.stretch(0, served.size)).startswith(b"\xff\xd8")
    assert address.startswith(ports.settings.public_base_url + "/media/")
    assert (now(ports, photo).state, now(ports, photo).trace_id) == ("checking", "trace-1")


@pytest.mark.parametrize(
    ("suggestion", "state"), [("pass", "passed"), ("review", "review"), ("risky", "risky"), ("", "review")]
)
def test_the_verdict_counts_once(
    ports: Ports, acting: Acting, photo: str, suggestion: str, state: str
) -> None:
    service.run_checks(ports, WeChatStandIn())
    assert tell(acting, "trace-1", suggestion)
    assert now(ports, photo).state == state
    assert not tell(acting, "trace-1", "pass" if suggestion != "pass" else "risky")
    assert now(ports, photo).state == state
    assert tell(acting, "trace-of-something-else", "pass")


def test_a_verdict_may_come_before_its_trace_is_noted(ports: Ports, acting: Acting, photo: str) -> None:
    wechat = WeChatStandIn(before_answer=lambda trace: tell(acting, trace, "pass") and None)
    service.run_checks(ports, wechat)
    assert now(ports, photo).state == "passed"


def test_a_busy_server_is_asked_again_and_then_a_person(ports: Ports, photo: str) -> None:
    wechat = WeChatStandIn(*[Passing(-1, "busy"), Quota(45009, "quota")] * 3)
    for number in range(MOST_ASKS):
        assert service.run_checks(ports, wechat) == 1
        assert service.run_checks(ports, wechat) == 0  # not within two minutes
        assert now(ports, photo).state == "checking"
        later(ports, minutes=3 * (number + 1))
    assert service.run_checks(ports, wechat) == 0
    assert now(ports, photo).state == "review"


@pytest.mark.parametrize("error", [Permanent(61010, "gone"), Configuration(40013, "app")])
def test_a_refusal_for_good_goes_to_a_person_at_once(ports: Ports, photo: str, error: WeChatError) -> None:
    service.run_checks(ports, WeChatStandIn(error))
    assert now(ports, photo).state == "review"


def test_silence_ends_with_a_person_and_a_late_verdict_changes_nothing(
    ports: Ports, acting: Acting, photo: str
) -> None:
    wechat = WeChatStandIn()
    service.run_checks(ports, wechat)
    later(ports, minutes=41)
    service.run_checks(ports, wechat)
    assert now(ports, photo).state == "review"
    tell(acting, "trace-1", "pass")
    assert now(ports, photo).state == "review"


def test_with_nobody_to_ask_a_person_looks(ports: Ports, photo: str) -> None:
    assert service.run_checks(ports, None) == 0
    assert now(ports, photo).state == "review"


def test_the_loose_are_forgotten_once(ports: Ports, photo: str) -> None:
    assert jobs.forget_loose_media(ports) == 0
    later(ports, days=1, seconds=1)
    assert jobs.forget_loose_media(ports) == 1
    assert jobs.forget_loose_media(ports) == 0


def test_an_account_that_cannot_be_read_holds_up_no_other_photo(
    ports: Ports, acting: Acting, photo: str
) -> None:
    with acting() as ctx:
        odd = ctx.session.get_one(MediaFile, photo).account_id
        ctx.session.get_one(Account, odd).openid_sealed = "gone.AAAA"
        home = make_estate(ctx).dwelling_ids[0]
        resident = acting_as(ctx, make_resident(ctx, home))
        other = service.upload_media(resident, Upload(photos.jpeg(), "upload-key-2")).id
    wechat = WeChatStandIn()
    service.run_checks(ports, wechat)
    assert now(ports, photo).state == "review"
    assert now(ports, other).trace_id == "trace-1"
