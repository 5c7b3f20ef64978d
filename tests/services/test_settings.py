"""Settings: what a start refuses, and where a simulator's address leads."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from backend.infra.settings import SettingsError, load_settings

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TOKEN = "Ab3Cd5Ef7Gh9Ij1Kl"
AES_KEY = "Zy8Xw6Vu4Ts2Rq0Po9Nm7Lk5Ji3Hg1Fe8Dc6Ba4Zz2Y"
NEEDED = {
    "GONGJUE_FIELD_KEYS": f"k1:{KEY}",
    "GONGJUE_INDEX_KEY": KEY,
    "GONGJUE_WECHAT_APP_SECRET": "0123456789abcdef",
    "GONGJUE_DATABASE_URL": "sqlite:///var/real.db",
}
CALLBACK = {
    "GONGJUE_WECHAT_MINI_CALLBACK_TOKEN": TOKEN,
    "GONGJUE_WECHAT_MINI_CALLBACK_AES_KEY": AES_KEY,
}
TENCENT = {
    "GONGJUE_SMS_TRANSPORT": "tencent",
    "GONGJUE_SMS_SECRET_ID": "id",
    "GONGJUE_SMS_SECRET_KEY": "key-of-the-provider",
    "GONGJUE_SMS_APP_ID": "1400000000",
    "GONGJUE_SMS_SIGN": "某某社区",
}


def test_production_without_an_official_account_and_text_messages_starts() -> None:
    settings = load_settings(NEEDED)
    assert settings.wechat_official_app_id == settings.callback_token_mini == ""
    assert settings.sms.transport == "none"


def test_the_demo_needs_no_setting_and_reaches_its_simulator_only() -> None:
    base = "http://127.0.0.1:8900"
    settings = load_settings({"GONGJUE_MODE": "demo", "GONGJUE_WECHAT_API_BASE": base})
    assert settings.wechat_robot_base == settings.wechat_open_base == base
    assert settings.sms.transport == "file"
    assert len(settings.callback_aes_key_mini) == len(settings.callback_aes_key_official) == 43


def test_all_is_taken_as_given() -> None:
    official = {
        "GONGJUE_WECHAT_OFFICIAL_APP_ID": "wx0000000000000002",
        "GONGJUE_WECHAT_OFFICIAL_SECRET": "fedcba9876543210",
    }
    settings = load_settings({**NEEDED, **CALLBACK, **TENCENT, **official, "GONGJUE_WECHAT_STATE": "trial"})
    assert (settings.callback_token_mini, settings.callback_aes_key_mini) == (TOKEN, AES_KEY)
    assert (settings.wechat_official_app_id, settings.wechat_state) == ("wx0000000000000002", "trial")
    assert (settings.sms.transport, settings.sms.sign) == ("tencent", "某某社区")
    assert "key-of-the-provider" not in repr(settings) + repr(settings.sms)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"GONGJUE_WECHAT_APP_SECRET": "demo-secret-0000000000000000000"}, "GONGJUE_WECHAT_APP_SECRET"),
        ({"GONGJUE_WECHAT_APP_SECRET": "aaaaaaaaaaaaaaaaaaaaaaaa"}, "GONGJUE_WECHAT_APP_SECRET"),
        ({"GONGJUE_DATABASE_URL": ""}, "GONGJUE_DATABASE_URL"),
        ({"GONGJUE_DATABASE_URL": "mysql://x"}, "GONGJUE_DATABASE_URL"),
        ({"GONGJUE_FIELD_KEYS": ""}, "GONGJUE_FIELD_KEYS"),
        ({"GONGJUE_WECHAT_OFFICIAL_APP_ID": "wx2"}, "GONGJUE_WECHAT_OFFICIAL_SECRET"),
        ({"GONGJUE_WECHAT_OFFICIAL_SECRET": "fedcba9876543210"}, "GONGJUE_WECHAT_OFFICIAL_APP_ID"),
        (
            {**CALLBACK, "GONGJUE_WECHAT_MINI_CALLBACK_TOKEN": ""},
            "GONGJUE_WECHAT_MINI_CALLBACK_TOKEN",
        ),
        (
            {**CALLBACK, "GONGJUE_WECHAT_MINI_CALLBACK_TOKEN": "has-a-dash-in-its-middle"},
            "GONGJUE_WECHAT_MINI_CALLBACK_TOKEN",
        ),
        (
            {**CALLBACK, "GONGJUE_WECHAT_MINI_CALLBACK_AES_KEY": AES_KEY[:-1]},
            "GONGJUE_WECHAT_MINI_CALLBACK_AES_KEY",
        ),
        ({"GONGJUE_WECHAT_API_BASE": "http://wechat.example"}, "GONGJUE_WECHAT_API_BASE"),
        ({"GONGJUE_WECHAT_ROBOT_BASE": "https://wechat.example/path"}, "GONGJUE_WECHAT_ROBOT_BASE"),
        ({"GONGJUE_WECHAT_STATE": "beta"}, "GONGJUE_WECHAT_STATE"),
        ({"GONGJUE_SMS_TRANSPORT": "pigeon"}, "GONGJUE_SMS_TRANSPORT"),
        ({"GONGJUE_SMS_TRANSPORT": "file"}, "GONGJUE_SMS_TRANSPORT"),
        ({**TENCENT, "GONGJUE_SMS_SIGN": ""}, "GONGJUE_SMS_SIGN"),
    ],
)
def test_production_refuses_and_names_the_setting_in_chinese(given: Mapping[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named) as refused:
        load_settings({**NEEDED, **given})
    assert any("一" <= sign <= "鿿" for sign in str(refused.value))


def test_the_demos_callback_secrets_are_refused_in_production() -> None:
    demo = load_settings({"GONGJUE_MODE": "demo"})
    public = {
        "GONGJUE_WECHAT_OFFICIAL_CALLBACK_TOKEN": demo.callback_token_official,
        "GONGJUE_WECHAT_OFFICIAL_CALLBACK_AES_KEY": demo.callback_aes_key_official,
    }
    with pytest.raises(SettingsError, match="公开的演示值"):
        load_settings({**NEEDED, **public})
