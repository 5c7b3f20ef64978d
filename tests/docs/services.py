"""Stands in for what systemd would have started: one round of the bot, and once a ballot that came to its end.

Prints ``BALLOT=`` and ``ROOT=`` for the shell: the ids the incident section speaks of.
"""

from __future__ import annotations

from sqlmodel import select

from backend.ballots.service.closing import seal_ballot
from backend.ballots.service.loading import tell
from backend.ballots.service.sealing import tree_of
from backend.ballots.tables import Ballot
from backend.bootstrap import build_ports
from backend.infra.context import Context
from backend.infra.database import open_session
from backend.infra.settings import load_settings
from backend.kernel.access import SYSTEM
from backend.ledger import queries as ledger
from backend.registry.service import find_organisation
from bot import jobs
from tests.factories.ballots import make_ballot
from tests.factories.places import make_community, make_estate


def hold_ballot(ctx: Context) -> str:
    """Return the ballot that was held here, holding it the first time; nobody voted."""
    held = ctx.session.exec(select(Ballot.id)).first()
    if held is not None:
        return str(held)
    (root,) = find_organisation(ctx, "640300")
    estate = make_estate(ctx, community=make_community(ctx, root), dwellings=3)
    made = make_ballot(ctx, estate, state="counting")
    ballot = ctx.session.get(Ballot, made.ballot_id)
    assert ballot is not None
    tell(ctx, ballot, "ballot.open", {"roll": ballot.roll_hash})
    assert seal_ballot(ctx, made.ballot_id) is not None
    return made.ballot_id


def main() -> None:
    """Do the round and print."""
    ports = build_ports(load_settings())
    with open_session(ports.engine) as session:
        ballot_id = hold_ballot(Context(session, SYSTEM, ports, "test"))
        session.commit()
    for step in (jobs.number_new_events, jobs.make_checkpoints, jobs.beat):
        step(ports)
    with open_session(ports.engine, read_only=True) as session:
        point = ledger.last_checkpoint(session, tree_of(ballot_id))
    assert point is not None
    print(f"BALLOT={ballot_id}\nROOT={point.root}")


if __name__ == "__main__":
    main()
