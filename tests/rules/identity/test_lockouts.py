"""Who is locked by whose wrong tries."""

from __future__ import annotations

import pytest

from backend.identity.rules.lockouts import Limit, is_locked, network_of

PAIR, ACCOUNT, ADDRESS = (
    Limit("pair", 5),
    Limit("account", 20, is_shared=True),
    Limit("address", 100, is_shared=True),
)
LIMITS = (PAIR, ACCOUNT, ADDRESS)


@pytest.mark.parametrize(
    ("failures", "stranger", "known"),
    [
        ({}, False, False),
        ({"pair": 4, "account": 19, "address": 99}, False, False),
        ({"pair": 5}, True, True),
        ({"account": 20}, True, False),
        ({"address": 100}, True, False),
        ({"account": 500, "address": 500, "pair": 4}, True, False),
        ({"somebody else": 500}, False, False),
    ],
)
def test_what_strangers_share_does_not_lock_where_one_is_known(
    failures: dict[str, int], stranger: bool, known: bool
) -> None:
    assert is_locked(failures, LIMITS) is stranger
    assert is_locked(failures, LIMITS, is_known=True) is known


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("None", "None"),
    ],
)
def test_of_ipv6_a_household_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
