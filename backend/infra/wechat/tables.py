"""The WeChat access token that all processes share, and what WeChat has told us already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime


class WeChatToken(SQLModel, table=True):
    """One app's stable token, encrypted; ``expires_at`` in epoch seconds."""

    __tablename__ = "wechat_token"

    app_id: str = Field(primary_key=True)
    token_ciphertext: str
    expires_at: int = Field(sa_type=BigInteger)


class WeChatArrival(SQLModel, table=True):
    """A message or event that came in; ``key`` is the same for every repetition and names nobody."""

    __tablename__ = "wechat_arrival"
    __table_args__ = (Index("wechat_arrival_at", "at"),)

    key: str = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
