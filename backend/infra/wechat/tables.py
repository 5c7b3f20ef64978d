"""The WeChat access token that all processes share."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class WeChatToken(SQLModel, table=True):
    """One app's stable token, encrypted; ``expires_at`` in epoch seconds."""

    __tablename__ = "wechat_token"

    app_id: str = Field(primary_key=True)
    token_ciphertext: str
    expires_at: int = Field(sa_type=BigInteger)
