"""What a resident can agree to, one by one, and take back."""

from __future__ import annotations

from enum import StrEnum

NOTICE_VERSION = "2"


class Purpose(StrEnum):
    """The privacy notice itself and the purposes that need a separate consent (个保法 14, 23)."""

    PRIVACY_NOTICE = "privacy_notice"
    PHONE = "phone"
    PASS_ON = "pass_on"  # noqa: S105 - a purpose
    PUBLISH_NAME = "publish_name"


TEXTS = {
    Purpose.PRIVACY_NOTICE: "已阅读并同意隐私告知",
    Purpose.PHONE: "读取我的微信手机号，只用来与名册核对身份",
    Purpose.PASS_ON: "为处理我提出的事项，把我的联系方式提供给承办单位",
    Purpose.PUBLISH_NAME: "在公示中写出我的姓名（默认只写隐去部分的房号）",
}
