"""The standard's resources as JSON has them, for the API's document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Open311Error(BaseModel):
    """One reason of a refusal."""

    code: str
    description: str


class Open311Endpoint(BaseModel):
    """One endpoint of the discovery file."""

    specification: str
    url: str
    changeset: str
    type: Literal["production", "test"]
    formats: list[str]


class Open311Discovery(BaseModel):
    """The service discovery file."""

    changeset: str
    contact: str
    key_service: str
    endpoints: list[Open311Endpoint]


class Open311Service(BaseModel):
    """A service of the list."""

    service_code: str
    service_name: str
    description: str
    metadata: bool
    type: Literal["realtime", "batch", "blackbox"]
    keywords: str
    group: str


class Open311Value(BaseModel):
    """One value of a list."""

    key: str
    name: str


class Open311Attribute(BaseModel):
    """A question of a service."""

    variable: bool
    code: str
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
    required: bool
    datatype_description: str
    order: int
    description: str
    values: list[Open311Value] = []


class Open311Definition(BaseModel):
    """A service's questions."""

    service_code: str
    attributes: list[Open311Attribute]


class Open311Request(BaseModel):
    """A service request; what is not told is null."""

    service_request_id: str
    status: Literal["open", "closed"]
    status_notes: str
    service_name: str
    service_code: str
    description: None
    agency_responsible: str | None
    service_notice: None
    requested_datetime: _Moment
    updated_datetime: _Moment
    expected_datetime: _Moment | None
    address: str | None
    address_id: str | None
    zipcode: None
    lat: float | None
    long: float | None
    media_url: None


class Open311Update(BaseModel):
    """One thing that happened to a request."""

    update_id: str
    service_request_id: str
    status: Literal["open", "closed"]
    updated_datetime: _Moment
    description: str
    media_url: None


class Open311Filed(BaseModel):
    """The number of a request just filed."""

    service_request_id: str
    service_notice: str
    account_id: None


class Open311Token(BaseModel):
    """The request of a token; this endpoint gives no tokens."""

    service_request_id: str
    token: str


class Open311Form(BaseModel):
    """What is posted; answers to a service's questions are named ``attribute[CODE]``."""

    model_config = ConfigDict(extra="allow")

    api_key: str
    service_code: str
    jurisdiction_id: str | None = None
    lat: str | None = None
    long: str | None = None
    address_string: str | None = None
    address_id: str | None = None
    email: str | None = None
    device_id: str | None = None
    account_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    description: Annotated[str, Field(max_length=4000)] | None = None
    media_url: str | None = None
