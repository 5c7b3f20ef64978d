"""Who may call what: written by hand from domain.md and threats.md, not read from the product.

Each line is a method, an address with the thing it names, and who gets through:

``public``     anybody
``refused``    nobody without a valid password: one answer for all
``keyed``      any outside system with the place's key; without it 403
``nothing``    nobody: there is no such thing, 404 for all
``signed``     nobody but WeChat, whose signature the tests of its callbacks make: 403 for all
``account``    any resident, on what is their own
``estate``     residents of the estate the thing belongs to; to other residents it does not exist
``household``  residents of the dwelling concerned
``owner``      the owner of the dwelling concerned, not their family
``self``       the one resident it belongs to
letters        staff whose area the thing lies in: A administrator, B bureau, T town, R residents' committee,
               O owners' committee, M management committee, S building steward (of building 1 only),
               G grid officer, H hotline, D handler, U auditor; a dot: not
``own`` + letters   staff, on what lies in their own area: lists, uploads, their own sessions

The county's people are A, B and U; T is of its town; the others are of its community.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.api.matrix.afterwards import AFTERWARDS
from tests.api.matrix.open311 import OPEN311

LETTERS = {
    "A": "administrator",
    "B": "bureau",
    "T": "town",
    "R": "residents_committee",
    "O": "owners_committee",
    "M": "management_committee",
    "S": "building_steward",
    "G": "grid_officer",
    "H": "hotline",
    "D": "handler",
    "U": "auditor",
}

TABLE = """
GET    /                                                              | public
GET    /docs                                                          | public
GET    /docs/icon.svg                                                 | public
GET    /docs/style.css                                                | public
GET    /openapi.json                                                  | public
GET    /healthz                                                       | public
GET    /readyz                                                        | public
GET    /health/bot                                                    | public
GET    /metrics                                                       | public
GET    /receipt?code=<sheet>                                          | public
GET    /follow-up                                                     | public
GET    /follow-up/script.js                                           | public
GET    /api/v1/receipts?code=<sheet>                                  | public
GET    /api/v1/privacy-notice                                         | public
GET    /wechat/mini                                                   | signed
POST   /wechat/mini                                                   | signed
GET    /wechat/official                                               | signed
POST   /wechat/official                                               | signed
POST   /api/v1/session                                                | public
DELETE /api/v1/session                                                | account

GET    /api/v1/me                                                     | account
PATCH  /api/v1/me                                                     | account
GET    /api/v1/me/activity                                            | account
GET    /api/v1/me/chat                                                | account
POST   /api/v1/me/chat/code                                           | account
DELETE /api/v1/me/chat                                                | account
GET    /api/v1/me/consents                                            | account
POST   /api/v1/me/consents                                            | account
POST   /api/v1/me/phone                                               | account
GET    /api/v1/me/votes                                               | account
GET    /api/v1/me/export                                              | account
POST   /api/v1/me/erase                                               | account
GET    /api/v1/me/sessions                                            | account
DELETE /api/v1/me/sessions                                            | account
DELETE /api/v1/me/sessions/<own_session>                              | account
DELETE /api/v1/me/sessions/<resident_session>                         | self
GET    /api/v1/bindings                                               | account
POST   /api/v1/bindings/invite                                        | account
POST   /api/v1/bindings/phone                                         | account
POST   /api/v1/bindings/requests                                      | account
DELETE /api/v1/bindings/<binding>                                     | self
GET    /api/v1/estates                                                | account
GET    /api/v1/estates/<estate>/roll-check                            | estate
GET    /api/v1/ballots                                                | account
GET    /api/v1/ballots/<open_ballot>                                  | estate
GET    /api/v1/ballots/<draft_ballot>                                 | nobody
GET    /api/v1/ballots/<final_ballot>                                 | estate
GET    /api/v1/ballots/<open_ballot>/documents/<document>             | estate
GET    /api/v1/ballots/<draft_ballot>/documents/<document>            | nobody
GET    /api/v1/ballots/<open_ballot>/record                           | estate
GET    /api/v1/ballots/<open_ballot>/tally                            | estate
GET    /api/v1/ballots/<draft_ballot>/tally                           | nobody
POST   /api/v1/ballots/<open_ballot>/votes                            | household
POST   /api/v1/ballots/<preliminary_ballot>/objections                | household
GET    /api/v1/mandates                                               | account
GET    /api/v1/mandates/held                                          | account
POST   /api/v1/mandates/<mandate>/revoke                              | owner
GET    /api/v1/notices                                                | account
GET    /api/v1/notices/<public_notice>                                | estate
GET    /api/v1/objections                                             | account
POST   /api/v1/objections                                             | household
POST   /api/v1/objections/<objection>/withdraw                        | self
GET    /api/v1/subscriptions                                          | account
POST   /api/v1/subscriptions                                          | account
GET    /api/v1/projects                                               | account
GET    /api/v1/projects/<row>                                         | estate
GET    /api/v1/projects/<row>/gates/<gate>                            | estate

POST   /api/v1/media                                                  | account
GET    /api/v1/media/<media>                                          | self
GET    /media/<media>/<variant>?expires=<expires>&sig=<sig>           | public

POST   /api/v1/staff/session                                          | refused
POST   /api/v1/staff/session/password                                 | refused
GET    /api/v1/staff/session                                          | own ABTROMSGHDU
DELETE /api/v1/staff/session                                          | own ABTROMSGHDU
GET    /api/v1/staff/chat                                             | own ABTROMSGHDU
POST   /api/v1/staff/chat/code                                        | own ABTROMSGHDU
DELETE /api/v1/staff/chat                                             | own ABTROMSGHDU
GET    /api/v1/staff/sessions                                         | own ABTROMSGHDU
DELETE /api/v1/staff/sessions/<own_session>                           | own ABTROMSGHDU
DELETE /api/v1/staff/sessions/<bureau_session>                        | .B.........
POST   /api/v1/staff/files                                            | own ABTROMSGHDU

GET    /api/v1/staff/accounts                                         | own ABT........
POST   /api/v1/staff/accounts                                         | ABT........
GET    /api/v1/staff/accounts/<colleague>                             | ABT........
POST   /api/v1/staff/accounts/<colleague>/disable                     | ABT........
POST   /api/v1/staff/accounts/<colleague>/grants                      | ABT........
DELETE /api/v1/staff/accounts/<colleague>/sessions                    | ABT........
DELETE /api/v1/staff/grants/<grant>                                   | ABT........

GET    /api/v1/staff/organisations                                    | own ABTROM....U
GET    /api/v1/staff/organisations?parent_id=<town>                   | ABT.......U
POST   /api/v1/staff/organisations                                    | AB.........
GET    /api/v1/staff/estates                                          | own ABTROMSGHDU
GET    /api/v1/staff/estates?organisation_id=<community>              | ABTROMSGHDU
POST   /api/v1/staff/estates                                          | ..TR.......
GET    /api/v1/staff/estates/<estate>                                 | ABTROMSGHDU
PUT    /api/v1/staff/estates/<estate>                                 | ..TR.......
GET    /api/v1/staff/estates/<estate>/buildings                       | ABTROMSGHDU
GET    /api/v1/staff/estates/<estate>/dwellings                       | ABTROM.GHDU
GET    /api/v1/staff/estates/<estate>/dwellings?building_id=<building>        | ABTROMSGHDU
GET    /api/v1/staff/estates/<estate>/dwellings?building_id=<other_building>  | ABTROM.GHDU
GET    /api/v1/staff/dwellings/<dwelling>                             | ABTROMSGHDU
GET    /api/v1/staff/dwellings/<far_dwelling>                         | ABTROM.GHDU
POST   /api/v1/staff/estates/<estate>/roll-display                    | ...ROM.....
GET    /api/v1/staff/imports?organisation_id=<community>              | ..TR.......
POST   /api/v1/staff/imports                                          | ..TR.......
GET    /api/v1/staff/imports/<import>                                 | ..TR.......
GET    /api/v1/staff/imports/template                                 | own ..TR.......

POST   /api/v1/staff/estates/<estate>/invites                         | ...R...G...
GET    /api/v1/staff/estates/<estate>/invites                         | ...R...G...
POST   /api/v1/staff/estates/<estate>/invites/revoke                  | ...R...G...
GET    /api/v1/staff/estates/<estate>/bindings                        | ...R.......
POST   /api/v1/staff/bindings/<pending_binding>/decision              | ...R.......
POST   /api/v1/staff/bindings/<pending_binding>/photos                | ...R.......
POST   /api/v1/staff/bindings/<binding>/person                        | ...R.......
POST   /api/v1/staff/bindings/<binding>/end                           | ...R.......
DELETE /api/v1/staff/bindings/<binding>/sessions                      | ...R.......

GET    /api/v1/staff/ballots?estate=<estate>                          | ABTROMSGH.U
POST   /api/v1/staff/ballots                                          | ...ROM.....
GET    /api/v1/staff/ballots/<open_ballot>                            | ABTROMSGH.U
GET    /api/v1/staff/ballots/<open_ballot>/preflight                  | ABTROM.GH.U
PUT    /api/v1/staff/ballots/<draft_ballot>/window                    | ...ROM.....
POST   /api/v1/staff/ballots/<draft_ballot>/motions                   | ...ROM.....
POST   /api/v1/staff/ballots/<draft_ballot>/documents                 | ...ROM.....
POST   /api/v1/staff/ballots/<draft_ballot>/checks                    | ...ROM.....
POST   /api/v1/staff/ballots/<draft_ballot>/publish-notice            | ...ROM.....
POST   /api/v1/staff/ballots/<notice_ballot>/open                     | ...R.......
POST   /api/v1/staff/ballots/<notice_ballot>/cancel                   | ..TR.......
POST   /api/v1/staff/ballots/<open_ballot>/extend                     | ..TR.......
POST   /api/v1/staff/ballots/<open_ballot>/suspend                    | ..TR.......
POST   /api/v1/staff/ballots/<suspended_ballot>/resume                | ..TR.......
POST   /api/v1/staff/ballots/<open_ballot>/void                       | ..TR.......
POST   /api/v1/staff/ballots/<open_ballot>/snapshot                   | ...R.......
POST   /api/v1/staff/ballots/<sealed_ballot>/publish-preliminary      | ...R.......
POST   /api/v1/staff/ballots/<preliminary_ballot>/correct             | ...R.......
POST   /api/v1/staff/ballots/<preliminary_ballot>/finalise            | ...R.......
GET    /api/v1/staff/ballots/<open_ballot>/participation              | .BTR...G..U
GET    /api/v1/staff/ballots/<open_ballot>/places                     | .BTR...G..U
GET    /api/v1/staff/ballots/<open_ballot>/places?building=<building>&level=door        | ...R..SG...
GET    /api/v1/staff/ballots/<open_ballot>/places?building=<other_building>&level=door  | ...R...G...
GET    /api/v1/staff/ballots/<open_ballot>/record                     | .BTROM....U
POST   /api/v1/staff/ballots/<preliminary_ballot>/record/audit        | ..........U
GET    /api/v1/staff/ballots/<open_ballot>/audit                      | ..........U
GET    /api/v1/staff/audit/events?organisation_id=<community>         | ..........U

GET    /api/v1/staff/ballots/<final_ballot>/disclosures               | ..T.......U
POST   /api/v1/staff/ballots/<final_ballot>/disclosures               | ..T.......U
POST   /api/v1/staff/disclosures/<disclosure>/confirm                 | ..T.......U
POST   /api/v1/staff/disclosures/<disclosure>/withdraw                | ..T.......U
POST   /api/v1/staff/disclosures/<asked_disclosure>/show              | ..T.......U
GET    /api/v1/staff/ballots/<final_ballot>/minutes                   | ABTROM.GH.U
POST   /api/v1/staff/ballots/<sealed_ballot>/minutes                  | ...R.......
GET    /api/v1/staff/minutes/<minutes>                                | ...R.......
PUT    /api/v1/staff/minutes/<drafted_minutes>                        | ...R.......
POST   /api/v1/staff/minutes/<minutes>/print                          | ...R.......
POST   /api/v1/staff/minutes/<drafted_minutes>/sign                   | ...R.......
GET    /api/v1/staff/minutes/<minutes>/document                       | ABTROM.GH.U
GET    /api/v1/staff/ballots/<open_ballot>/amendments                 | ABTROM.GH.U
POST   /api/v1/staff/ballots/<open_ballot>/amendments                 | ...R.......
POST   /api/v1/staff/amendments/<amendment>/confirm                   | ...R.......
POST   /api/v1/staff/amendments/<amendment>/withdraw                  | ...R.......
GET    /api/v1/staff/ballots/<open_ballot>/unserved                   | ...R..SG...
POST   /api/v1/staff/ballots/<notice_ballot>/service-proofs           | ...R..SG...
GET    /api/v1/staff/ballots/<open_ballot>/mandates                   | ...R.......
POST   /api/v1/staff/ballots/<open_ballot>/mandates                   | ...R.......
POST   /api/v1/staff/mandates/<mandate>/confirm                       | ...R.......
POST   /api/v1/staff/mandates/<mandate>/revoke                        | ...R.......
GET    /api/v1/staff/ballots/<open_ballot>/reviews                    | ...R.......
POST   /api/v1/staff/reviews/<sheet>                                  | ...R.......

GET    /api/v1/staff/ballots/<open_ballot>/paper-batches              | ...R..SG...
POST   /api/v1/staff/ballots/<open_ballot>/paper-batches              | ...R..SG...
POST   /api/v1/staff/paper-batches/<unwitnessed_batch>/witness        | ...R...G...
GET    /api/v1/staff/paper-batches/<batch>/sheets                     | ...R..SG...
POST   /api/v1/staff/paper-batches/<batch>/sheets                     | ...R..SG...
POST   /api/v1/staff/paper-batches/<legacy_batch>/table               | ...R..SG...
POST   /api/v1/staff/paper-batches/<legacy_batch>/table/confirm       | ...R...G...
POST   /api/v1/staff/paper-sheets/<sheet>/confirm                     | ...R...G...
POST   /api/v1/staff/paper-sheets/<sheet>/return                      | ...R...G...
POST   /api/v1/staff/paper-sheets/<sheet>/photo-views                 | ...R...G...
GET    /api/v1/staff/ballots/<open_ballot>/roll-entry?door=1-1-101    | ...R..SG...
GET    /api/v1/staff/ballots/<open_ballot>/roll-entry?door=2-1-101    | ...R...G...
POST   /api/v1/staff/ballots/<open_ballot>/prints                     | ...R..SG...
GET    /api/v1/staff/ballots/<open_ballot>/paper-rates                | ..........U
POST   /api/v1/staff/ballots/<open_ballot>/paper-samples              | ..........U

GET    /api/v1/staff/deliveries?estate=<estate>                       | .BTR...G..U
GET    /api/v1/staff/deliveries/counts?estate=<estate>                | .BTR...G..U
GET    /api/v1/staff/doorstep?estate=<estate>                         | .BTR...G..U
GET    /api/v1/staff/doorstep?estate=<estate>&building=<building>           | .BTR..SG..U
GET    /api/v1/staff/doorstep?estate=<estate>&building=<other_building>     | .BTR...G..U
POST   /api/v1/staff/doorstep/<doorstep_entry>/done                   | ...R..SG...
GET    /api/v1/staff/rooms?organisation=<community>                   | ..TR.......
POST   /api/v1/staff/rooms                                            | ..TR.......
PATCH  /api/v1/staff/rooms/<room>                                     | ..TR.......
GET    /api/v1/staff/organisations/<community>/reminders              | ..TR.......
PUT    /api/v1/staff/organisations/<community>/reminders              | ..TR.......

GET    /api/v1/staff/notices?estate=<estate>                          | ABTROM.GH.U
POST   /api/v1/staff/notices                                          | ..TR.......
GET    /api/v1/staff/objections?estate=<estate>                       | .BTROM....U
POST   /api/v1/staff/objections/<objection>/reply                     | ..TR.......

POST   /api/v1/staff/media?estate=<estate>                            | .BTROMSGHD.
GET    /api/v1/staff/media?estate=<estate>                            | .BTR.......
POST   /api/v1/staff/media/<media>/decision                           | .BTR.......

GET    /api/v1/staff/policies/profiles                                | own ABTROM....U
GET    /api/v1/staff/policies/deadline?start=2026-01-01&days=5        | own ABTROM....U
GET    /api/v1/staff/policies/organisations/<community>               | ABTROM....U
GET    /api/v1/staff/policies/organisations/<county>                  | AB........U
GET    /api/v1/staff/policies/organisations/<county>/adoptions        | AB........U
POST   /api/v1/staff/policies/organisations/<county>/adoptions        | .B.........
DELETE /api/v1/staff/policies/organisations/<county>/adoptions/<adoption>  | .B.........
GET    /api/v1/staff/policies/organisations/<county>/numbers          | AB........U
POST   /api/v1/staff/policies/organisations/<county>/numbers          | .B.........
DELETE /api/v1/staff/policies/organisations/<county>/numbers/<number> | .B.........

GET    /api/v1/staff/projects                                         | own ABTROM....U
POST   /api/v1/staff/projects                                         | .BTR.......
GET    /api/v1/staff/projects/<project>                               | ABTROM....U
POST   /api/v1/staff/projects/<project>/end                           | .B.........
POST   /api/v1/staff/projects/<project>/estates                       | .B.........
POST   /api/v1/staff/project-estates/<row>/drop                       | .BTR.......
POST   /api/v1/staff/project-estates/<row>/stage                      | .BTR.......
GET    /api/v1/staff/project-estates/<row>/gates/<gate>               | ABTROM....U
GET    /api/v1/staff/project-estates/<row>/gates/<gate>/decisions     | ABTROM....U
POST   /api/v1/staff/project-estates/<row>/gates/<gate>/records       | .BTR.......
POST   /api/v1/staff/project-estates/<row>/gates/<gate>/ballots       | .BTR.......
POST   /api/v1/staff/project-estates/<row>/gates/<gate>/decision      | .B.........
POST   /api/v1/staff/project-estates/<row>/gates/<gate>/revocation    | .B.........
DELETE /api/v1/staff/gate-evidence/<evidence>                         | .BTR.......

GET    /api/v1/staff/warranty-kinds?organisation=<community>          | .BTROM...DU
"""


# Words that say the same of everybody.
NOT_BY_ROLE = ("public", "keyed", "nothing", "refused", "signed")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    path: str
    who: str

    @property
    def door(self) -> str:
        """Return which kind of caller the route is for at all."""
        if self.who in NOT_BY_ROLE:
            return self.who
        return "staff" if self.path.startswith("/api/v1/staff/") else "resident"

    @property
    def staff(self) -> frozenset[str]:
        """Return the roles that get through."""
        letters = self.who.removeprefix("own ") if self.door == "staff" else ""
        return frozenset(LETTERS[letter] for letter in letters if letter != ".")

    @property
    def is_own(self) -> bool:
        """Tell whether the route names nothing that could be somebody else's."""
        return self.who == "account" or self.who.startswith("own ")

    def residents(self) -> frozenset[str]:
        """Return which residents of the estate get through."""
        return {
            "self": frozenset({"resident"}),
            "owner": frozenset({"resident"}),
            "household": frozenset({"resident", "housemate"}),
            "estate": frozenset({"resident", "housemate", "neighbour"}),
            "account": frozenset({"resident", "housemate", "neighbour"}),
        }.get(self.who, frozenset())

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def read_table() -> list[Row]:
    """Return the lines."""
    rows = []
    for line in filter(None, (TABLE + AFTERWARDS + OPEN311).splitlines()):
        address, _, who = line.partition("|")
        method, path = address.split()
        rows.append(Row(method, path, who.strip()))
    return rows
