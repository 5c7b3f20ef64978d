"""``gongjue tally`` on good files: the exact object, the table, encodings, parameters, empty files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import IO

import pytest

from tests.rules.tally.command import ROLL, ROLL_HEAD, VOTES, VOTES_HEAD, Command

SPECIAL = "cn-civil-code/special"


def test_the_object_is_exactly_the_agreed_one(command: Command) -> None:
    code, answer = command.json(SPECIAL)
    assert code == 0
    assert answer == {
        "rule": SPECIAL,
        "profile": {
            "title": "中华人民共和国民法典",
            "clause": "民法典第二百七十八条第一款第（六）至（八）项，第二款",
            "status": "law",
        },
        "parameters": {"abstain": "participates", "invalid": "absent", "divided_owner": "for_nothing"},
        "roll": {"heads": "2", "households": "2", "area": "200.00"},
        "motions": [
            {
                "motion": "m1",
                "outcome": "failed",
                "tests": [
                    comparison("area", "participating", "roll", "200.00", "200.00", "2/3"),
                    comparison("heads", "participating", "roll", "2", "2", "2/3"),
                    comparison("area", "for", "participating", "140.50", "200.00", "3/4", "38.00"),
                    comparison("heads", "for", "participating", "1", "2", "3/4", "2"),
                ],
            }
        ],
    }


def comparison(
    basis: str,
    above: str,
    below: str,
    numerator: str,
    denominator: str,
    threshold: str,
    shortfall: str | None = None,
) -> dict[str, object]:
    return {
        "basis": basis,
        "numerator_kind": above,
        "denominator_kind": below,
        "numerator": numerator,
        "denominator": denominator,
        "threshold": threshold,
        "op": ">=",
        "passed": shortfall is None,
        "shortfall": shortfall,
        "reachable": shortfall is None,
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_make_no_difference(command: Command, encoding: str, newline: str) -> None:
    files = [text.replace("\n", newline).encode(encoding) for text in (ROLL, VOTES.replace("m1", "改造方案"))]
    code, answer = command.json(SPECIAL, *files)
    assert (code, answer["roll"]["heads"], answer["motions"][0]["motion"]) == (0, "2", "改造方案")


def test_motions_are_those_of_the_votes_and_row_order_is_irrelevant(command: Command) -> None:
    head, *rows = (VOTES + "a1,m0,for\n").splitlines()
    first = command.json(SPECIAL)[1]["motions"]
    both = command.json(SPECIAL, ROLL, "\n".join([head, *reversed(rows)]))[1]["motions"]
    assert [motion["motion"] for motion in both] == ["m0", "m1"]
    assert both[1:] == first


@pytest.mark.parametrize(
    ("roll", "votes", "motions"),
    [
        (ROLL_HEAD, VOTES_HEAD, 0),
        (ROLL, VOTES_HEAD, 0),
        (ROLL_HEAD.strip(), VOTES_HEAD.strip(), 0),
        (ROLL, VOTES, 1),
    ],
)
def test_header_only_files_count(command: Command, roll: str, votes: str, motions: int) -> None:
    code, answer = command.json(SPECIAL, roll, votes)
    assert (code, len(answer["motions"])) == (0, motions)
    assert command.text(SPECIAL, roll, votes)[0] == 0


def test_quoted_fields_other_columns_and_their_order_are_read(command: Command) -> None:
    roll = 'note,household,entry,owner,exclusive_area\n"x, ""y""\n2",1,"楼1,101",o,80\n\n'
    votes = 'choice,entry,motion\nfor,"楼1,101",m1\n'
    assert command.json("gansu-2022/plan", roll, votes)[1]["motions"][0]["outcome"] == "passed"


def test_consent_unset_lists_both_readings_and_set_only_one(command: Command) -> None:
    roll = ROLL_HEAD + "".join(f"e{i},o{i},80,1\n" for i in range(100))
    votes = VOTES_HEAD + "".join(f"e{i},m1,{'for' if i < 57 else 'against'}\n" for i in range(75))
    rule = "gansu-2022/inclusion"
    open_answer = command.json(rule, roll, votes)[1]
    assert open_answer["parameters"]["consent"] is None
    assert (open_answer["motions"][0]["outcome"], len(open_answer["motions"][0]["tests"])) == (
        "undecidable",
        3,
    )
    for reading, outcome in (("participating", "passed"), ("roll", "failed")):
        motion = command.json(rule, roll, votes, "--set", f"consent={reading}")[1]["motions"][0]
        assert (motion["outcome"], len(motion["tests"])) == (outcome, 2)
        assert motion["tests"][1]["denominator_kind"] == reading


def test_a_local_number_without_a_value_has_no_threshold(command: Command) -> None:
    motion = command.json("ningxia-2021")[1]["motions"][0]
    assert motion["outcome"] == "undecidable"
    assert {test["threshold"] for test in motion["tests"]} == {None}
    settings = ["--set", "participation_share=75%", "--set", "consent_share=0.50", "--set", "consent=roll"]
    answer = command.json("ningxia-2021", ROLL, VOTES, *settings)[1]
    assert answer["parameters"]["participation_share"] == "3/4"
    assert [test["threshold"] for test in answer["motions"][0]["tests"]] == ["3/4", "1/2"]


def test_satisfaction_uses_its_own_scale_and_shows_the_wider_reading_beside(command: Command) -> None:
    votes = VOTES_HEAD + "a1,总体,very_satisfied\na2,总体,basically\na3,总体,unknown\n"
    motion = command.json("gansu-2022/satisfaction", ROLL, votes)[1]["motions"][0]
    assert [test["numerator"] for test in motion["tests"]] == ["2", "1"]
    assert [(test["numerator"], test["numerator_kind"]) for test in motion["beside"]] == [
        ("2", "satisfied_wide")
    ]
    assert command.json("gansu-2022/satisfaction", ROLL, VOTES)[0] == 2


def test_the_plan_of_gansu_has_one_test_and_the_share_of_participants_beside(command: Command) -> None:
    motion = command.json("gansu-2022/plan")[1]["motions"][0]
    assert [(test["numerator_kind"], test["denominator_kind"]) for test in motion["tests"]] == [
        ("for", "roll")
    ]
    assert [test["denominator_kind"] for test in motion["beside"]] == ["participating"]


def test_the_table_is_chinese_and_says_what_is_left_to_the_locality(command: Command) -> None:
    code, out = command.text("gansu-2022/inclusion", ROLL, VOTES)
    assert code == 0
    for text in (
        "规则：gansu-2022/inclusion",
        "同意率的分母（consent）：未确定【需当地确定】",
        "事项 m1：通过",
    ):
        assert text in out
    assert "参与/名册  2     2" in out
    failed = command.text("gansu-2022/inclusion", ROLL, VOTES.replace(",for", ",against"))[1]
    assert "后果：自2022年起" in failed
    assert "选票文件中没有任何事项" in command.text(SPECIAL, ROLL, VOTES_HEAD)[1]
    unset = command.text("litong-2026", ROLL, VOTES)[1]
    assert re.search(r"未确定 +- +- +-$", unset, re.MULTILINE), unset
    assert not re.search(r"未确定 +否", unset)


@pytest.mark.parametrize(
    "rule",
    ["gansu-2022/property-management", "cn-50-2021/property-management", "heilongjiang-2021/inclusion"],
)
def test_evidence_only_rules_exit_2_and_name_the_evidence(command: Command, rule: str) -> None:
    code, answer = command.json(rule)
    assert code == 2
    reason = answer["errors"][0]["reason"]
    assert "not decided by counting" in reason
    assert "物业" in reason
    assert "not decided by counting" in command.errors


@pytest.mark.parametrize(
    "settings",
    [
        ["turnout=1/2"],
        ["abstain"],
        ["abstain=maybe"],
        ["abstain=absent", "abstain=absent"],
        ["=x"],
        ["consent=roll"],
    ],
)
def test_wrong_parameters_are_refused(command: Command, settings: list[str]) -> None:
    arguments = [word for setting in settings for word in ("--set", setting)]
    code, answer = command.json(SPECIAL, ROLL, VOTES, *arguments)
    assert (code, len(answer["errors"])) == (2, 1)


def test_an_unknown_rule_is_answered_with_the_known_ones(command: Command) -> None:
    code, answer = command.json("cn-civil-code/../special")
    assert code == 2
    assert "cn-civil-code/special" in answer["errors"][0]["reason"]


@pytest.mark.parametrize(("target", "expected"), [("/dev/null", 0), ("/dev/full", 2)])
def test_output_that_cannot_be_written_is_no_traceback(command: Command, target: str, expected: int) -> None:
    files = command.write("roll.csv", ROLL), command.write("votes.csv", VOTES)
    with open(target, "w") as out:
        done = run_alone(files, out)
    assert done.returncode == expected
    assert "Traceback" not in done.stderr


def test_a_terminal_without_chinese_gets_escapes(command: Command) -> None:
    files = command.write("roll.csv", ROLL), command.write("votes.csv", VOTES)
    done = run_alone(files, subprocess.PIPE, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("\\u89c4\\u5219")


def run_alone(
    files: tuple[str, str], out: IO[str] | int, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in its own interpreter, with a standard output of its own."""
    program = (
        "import argparse, sys\n"
        "from backend.commands.tally import add_parser\n"
        "parser = argparse.ArgumentParser()\n"
        "add_parser(parser.add_subparsers())\n"
        "args = parser.parse_args()\n"
        "sys.exit(args.run(args))\n"
    )
    arguments = ["tally", "--rule", SPECIAL, "--roll", files[0], "--votes", files[1]]
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        check=False,
    )
