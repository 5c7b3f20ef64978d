"""A paper: one choice per motion, all at once; kept as one letter per motion in order of position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.kernel.errors import FieldError, Unprocessable

LETTERS: Mapping[str, str] = {"for": "f", "against": "a", "abstain": "b", "invalid": "i"}
CHOICES: Mapping[str, str] = {letter: choice for choice, letter in LETTERS.items()}
ONLINE_CHOICES = ("for", "against", "abstain")


def encode_online(motion_ids: Sequence[str], choices: Mapping[str, str], max_choices: int | None) -> str:
    """Return the letters of an online paper; every motion must be answered, and by no more than k ticks.

    ``max_choices`` (k) makes it an election: an unticked candidate is ``abstain``, ``against`` is not on the paper.
    Raises Unprocessable naming the motions (domain §3: an online vote is all motions at once).
    """
    problems = [
        FieldError(f"choices.{motion}", "不是本次表决的事项。")
        for motion in choices
        if motion not in motion_ids
    ]
    given = {motion: choices.get(motion, "abstain" if max_choices else "") for motion in motion_ids}
    allowed = ("for", "abstain") if max_choices else ONLINE_CHOICES
    for motion, choice in given.items():
        if choice not in allowed:
            reason = "请选择同意、反对或弃权。" if not max_choices else "请勾选或留空。"
            problems.append(FieldError(f"choices.{motion}", reason))
    if problems:
        raise Unprocessable("incomplete_paper", "每个事项都要作出选择后才能提交。", problems)
    if max_choices is not None and sum(choice == "for" for choice in given.values()) > max_choices:
        raise Unprocessable("too_many_ticks", f"最多选 {max_choices} 人，请减少后再提交。")
    return "".join(LETTERS[given[motion]] for motion in motion_ids)


def encode_sheet(motion_ids: Sequence[str], marks: Mapping[str, str], max_choices: int | None) -> str:
    """Return the letters of a paper sheet as its reader marked it.

    More than k ticks make the whole sheet invalid; blank candidates are ``abstain`` (domain §3).
    """
    unknown = [
        FieldError(f"choices.{motion}", "不是本次表决的事项。")
        for motion in marks
        if motion not in motion_ids
    ]
    missing = [
        FieldError(f"choices.{motion}", "请录入这一项（同意、反对、弃权或无效）。")
        for motion in motion_ids
        if marks.get(motion, "abstain" if max_choices else "") not in LETTERS
    ]
    if unknown or missing:
        raise Unprocessable("incomplete_paper", "纸质票的每个事项都要录入。", [*unknown, *missing])
    given = [marks.get(motion, "abstain") for motion in motion_ids]
    if max_choices is not None and given.count("for") > max_choices:
        return LETTERS["invalid"] * len(motion_ids)
    return "".join(LETTERS[choice] for choice in given)


def decode(motion_ids: Sequence[str], letters: str) -> dict[str, str]:
    """Return motion → choice from the stored letters."""
    return {motion: CHOICES[letter] for motion, letter in zip(motion_ids, letters, strict=True)}
