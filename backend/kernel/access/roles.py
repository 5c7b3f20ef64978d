"""Who may do what: one table from role to permission."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """Staff roles; each grant is scoped to a subtree (architecture §4 names)."""

    ADMINISTRATOR = "administrator"
    BUREAU = "bureau"
    TOWN = "town"
    RESIDENTS_COMMITTEE = "residents_committee"
    OWNERS_COMMITTEE = "owners_committee"
    MANAGEMENT_COMMITTEE = "management_committee"
    BUILDING_STEWARD = "building_steward"
    GRID_OFFICER = "grid_officer"
    HOTLINE = "hotline"
    HANDLER = "handler"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """Everything staff can be allowed to do; residents' rights come from their bindings instead."""

    ORGANISATION_READ = "organisation.read"
    ORGANISATION_WRITE = "organisation.write"
    REGISTRY_READ = "registry.read"
    REGISTRY_IMPORT = "registry.import"
    REGISTRY_PERSONAL = "registry.personal"
    INVITE_ISSUE = "invite.issue"
    BINDING_READ = "binding.read"
    BINDING_DECIDE = "binding.decide"
    STAFF_READ = "staff.read"
    STAFF_WRITE = "staff.write"
    BALLOT_READ = "ballot.read"
    BALLOT_PREPARE = "ballot.prepare"
    BALLOT_OPEN = "ballot.open"
    BALLOT_STOP = "ballot.stop"
    BALLOT_PUBLISH = "ballot.publish"
    BALLOT_REVIEW = "ballot.review"
    PARTICIPATION_READ = "participation.read"
    PAPER_ENTER = "paper.enter"
    PAPER_CONFIRM = "paper.confirm"
    PROXY_REGISTER = "proxy.register"
    ROLL_AMEND = "roll.amend"
    ROLL_AMEND_CONFIRM = "roll.amend_confirm"
    OBJECTION_READ = "objection.read"
    OBJECTION_REPLY = "objection.reply"
    NOTICE_PUBLISH = "notice.publish"
    POLICY_READ = "policy.read"
    POLICY_WRITE = "policy.write"
    PROJECT_READ = "project.read"
    PROJECT_WRITE = "project.write"
    GATE_DECIDE = "gate.decide"
    RECTIFICATION_READ = "rectification.read"
    RECTIFICATION_WRITE = "rectification.write"
    RECTIFICATION_VERIFY = "rectification.verify"
    SURVEY_READ = "survey.read"
    SURVEY_PREPARE = "survey.prepare"
    SURVEY_OPEN = "survey.open"
    SURVEY_ENTER = "survey.enter"
    SURVEY_ENTRIES = "survey.entries"
    SURVEY_TEXTS = "survey.texts"
    AUDIT_READ = "audit.read"
    MEDIA_UPLOAD = "media.upload"
    MEDIA_REVIEW = "media.review"
    RECORD_PUBLIC = "record.public"
    RECORD_AUDIT = "record.audit"
    # One dwelling's choice on a lawful written demand: two people, every look logged (domain §7).
    CHOICE_DISCLOSE = "choice.disclose"
    COMPLAINT_REGISTER = "complaint.register"
    COMPLAINT_READ = "complaint.read"
    COMPLAINT_TRIAGE = "complaint.triage"
    # Not the committee's: what residents report is often about its own work.
    COMPLAINT_DECLINE = "complaint.decline"
    COMPLAINT_DISPATCH = "complaint.dispatch"
    COMPLAINT_HANDLE = "complaint.handle"
    COMPLAINT_MEDIATE = "complaint.mediate"
    COMPLAINT_SUPERVISE = "complaint.supervise"
    COMPLAINT_FOLLOW_UP = "complaint.follow_up"
    # Who reported is asked for by itself and logged; confidential reporters by a second permission.
    COMPLAINT_REPORTER = "complaint.reporter"
    COMPLAINT_CONFIDENTIAL = "complaint.confidential"
    # Accusations of staff and units (检举控告): never the accused, never those who handle.
    COMPLAINT_RESTRICTED = "complaint.restricted"
    PARTY_WRITE = "party.write"
    API_KEY_WRITE = "api_key.write"


_READ = frozenset(
    {
        Permission.ORGANISATION_READ,
        Permission.REGISTRY_READ,
        Permission.BALLOT_READ,
        Permission.POLICY_READ,
        Permission.PROJECT_READ,
        Permission.SURVEY_READ,
        Permission.RECORD_PUBLIC,
        Permission.RECTIFICATION_READ,
    }
)
_KEEPS_REGISTER = frozenset({Permission.RECTIFICATION_WRITE, Permission.RECTIFICATION_VERIFY})
_RUNS_SURVEYS = frozenset(
    {
        Permission.SURVEY_PREPARE,
        Permission.SURVEY_OPEN,
        Permission.SURVEY_ENTRIES,
        Permission.SURVEY_TEXTS,
    }
)
_RUNS_BALLOTS = _READ | {
    Permission.PARTICIPATION_READ,
    Permission.BALLOT_PREPARE,
    Permission.BALLOT_OPEN,
    Permission.BALLOT_STOP,
    Permission.BALLOT_PUBLISH,
    Permission.BALLOT_REVIEW,
    Permission.PAPER_ENTER,
    Permission.PAPER_CONFIRM,
    Permission.PROXY_REGISTER,
    Permission.ROLL_AMEND,
    Permission.ROLL_AMEND_CONFIRM,
    Permission.OBJECTION_READ,
    Permission.OBJECTION_REPLY,
    Permission.NOTICE_PUBLISH,
}

_RUNS_HOTLINE = frozenset(
    {
        Permission.COMPLAINT_REGISTER,
        Permission.COMPLAINT_READ,
        Permission.COMPLAINT_TRIAGE,
        Permission.COMPLAINT_DECLINE,
        Permission.COMPLAINT_DISPATCH,
        Permission.COMPLAINT_MEDIATE,
        Permission.COMPLAINT_FOLLOW_UP,
        Permission.COMPLAINT_REPORTER,
    }
)

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    # The administrator keeps the house running and sees no ballot paper and no choice.
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.ORGANISATION_READ,
            Permission.ORGANISATION_WRITE,
            Permission.REGISTRY_READ,
            Permission.STAFF_READ,
            Permission.STAFF_WRITE,
            Permission.POLICY_READ,
            Permission.BALLOT_READ,
            Permission.PROJECT_READ,
            Permission.SURVEY_READ,
            Permission.API_KEY_WRITE,
        }
    ),
    Role.BUREAU: _READ
    | _KEEPS_REGISTER
    | _RUNS_SURVEYS
    | {
        Permission.ORGANISATION_WRITE,
        Permission.STAFF_READ,
        Permission.STAFF_WRITE,
        Permission.POLICY_WRITE,
        Permission.PROJECT_WRITE,
        Permission.GATE_DECIDE,
        Permission.OBJECTION_READ,
        Permission.PARTICIPATION_READ,
        Permission.MEDIA_UPLOAD,
        # Evidence against a committee's people is looked at further off.
        Permission.MEDIA_REVIEW,
        Permission.COMPLAINT_REGISTER,
        Permission.COMPLAINT_READ,
        Permission.COMPLAINT_TRIAGE,
        Permission.COMPLAINT_DECLINE,
        Permission.COMPLAINT_SUPERVISE,
        # Whoever alone may see a restricted case must be able to bring it to its end.
        Permission.COMPLAINT_RESTRICTED,
        Permission.COMPLAINT_DISPATCH,
        Permission.COMPLAINT_HANDLE,
        Permission.COMPLAINT_FOLLOW_UP,
        Permission.PARTY_WRITE,
        Permission.API_KEY_WRITE,
    },
    Role.TOWN: _READ
    | _KEEPS_REGISTER
    | _RUNS_HOTLINE
    | _RUNS_SURVEYS
    | {
        Permission.STAFF_READ,
        Permission.STAFF_WRITE,
        Permission.PROJECT_WRITE,
        Permission.REGISTRY_IMPORT,
        Permission.BALLOT_STOP,
        Permission.CHOICE_DISCLOSE,
        Permission.NOTICE_PUBLISH,
        Permission.PARTICIPATION_READ,
        Permission.OBJECTION_READ,
        Permission.OBJECTION_REPLY,
        Permission.MEDIA_UPLOAD,
        Permission.MEDIA_REVIEW,
        Permission.COMPLAINT_SUPERVISE,
        Permission.PARTY_WRITE,
    },
    Role.RESIDENTS_COMMITTEE: _RUNS_BALLOTS
    | _KEEPS_REGISTER
    | _RUNS_SURVEYS
    | {
        Permission.SURVEY_ENTER,
        Permission.REGISTRY_IMPORT,
        Permission.REGISTRY_PERSONAL,
        Permission.INVITE_ISSUE,
        Permission.BINDING_READ,
        Permission.BINDING_DECIDE,
        Permission.PROJECT_WRITE,
        Permission.MEDIA_UPLOAD,
        Permission.MEDIA_REVIEW,
        Permission.COMPLAINT_REGISTER,
        Permission.COMPLAINT_READ,
        Permission.COMPLAINT_TRIAGE,
        Permission.COMPLAINT_HANDLE,
        Permission.COMPLAINT_MEDIATE,
    },
    Role.OWNERS_COMMITTEE: _READ
    | {Permission.BALLOT_PREPARE, Permission.OBJECTION_READ, Permission.MEDIA_UPLOAD},
    Role.MANAGEMENT_COMMITTEE: _READ
    | {Permission.BALLOT_PREPARE, Permission.OBJECTION_READ, Permission.MEDIA_UPLOAD},
    Role.BUILDING_STEWARD: frozenset(
        {
            Permission.BALLOT_READ,
            Permission.PARTICIPATION_READ,
            Permission.PAPER_ENTER,
            Permission.REGISTRY_READ,
            Permission.MEDIA_UPLOAD,
            Permission.COMPLAINT_REGISTER,
            Permission.SURVEY_READ,
            Permission.SURVEY_ENTER,
        }
    ),
    Role.GRID_OFFICER: frozenset(
        {
            Permission.BALLOT_READ,
            Permission.PARTICIPATION_READ,
            Permission.PAPER_ENTER,
            Permission.PAPER_CONFIRM,
            Permission.REGISTRY_READ,
            Permission.INVITE_ISSUE,
            Permission.MEDIA_UPLOAD,
            Permission.COMPLAINT_REGISTER,
            Permission.SURVEY_READ,
            Permission.SURVEY_ENTER,
        }
    ),
    Role.HOTLINE: _RUNS_HOTLINE
    | {
        Permission.REGISTRY_READ,
        Permission.BALLOT_READ,
        Permission.MEDIA_UPLOAD,
        Permission.COMPLAINT_CONFIDENTIAL,
    },
    # Reads the register; works on the items whose responsible person they are.
    Role.HANDLER: frozenset(
        {
            Permission.REGISTRY_READ,
            Permission.MEDIA_UPLOAD,
            Permission.RECTIFICATION_READ,
            Permission.COMPLAINT_HANDLE,
        }
    ),
    Role.AUDITOR: _READ
    | {
        Permission.AUDIT_READ,
        Permission.RECORD_AUDIT,
        Permission.CHOICE_DISCLOSE,
        Permission.SURVEY_ENTRIES,
        Permission.SURVEY_TEXTS,
        Permission.PARTICIPATION_READ,
        Permission.OBJECTION_READ,
        Permission.COMPLAINT_READ,
        Permission.COMPLAINT_RESTRICTED,
    },
}
