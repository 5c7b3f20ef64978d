"""A second counter, written only from domain.md §2-3 and the issue's text: slow, plain, with fractions.

It shares no code with ``backend.tally``: its own table of rules, its own idea of everything.
"""

from fractions import Fraction as F

VOTING = ("for", "against", "abstain")
ANSWERS = ("very_satisfied", "satisfied", "basically", "dissatisfied", "very_dissatisfied")
QUORUM = [("area", "participating", "roll", F(2, 3), ">="), ("heads", "participating", "roll", F(2, 3), ">=")]
GENERAL = [(b, "for", "participating", F(1, 2), ">") for b in ("area", "heads")]
SPECIAL = [(b, "for", "participating", F(3, 4), ">=") for b in ("area", "heads")]
TAKE_PART = ("households", "participating", "roll", F(75, 100), ">=")
OF_PARTICIPANTS = ("households", "for", "participating", F(75, 100), ">=")
OF_ROLL = ("households", "for", "roll", F(75, 100), ">=")
RULES = {
    "cn-civil-code/general": [QUORUM + GENERAL],
    "cn-civil-code/special": [QUORUM + SPECIAL],
    "gansu-2022/plan": [[("households", "for", "roll", F(70, 100), ">=")]],
    "gansu-2022/satisfaction": [
        [
            ("households", "covered", "roll", F(75, 100), ">="),
            ("households", "satisfied", "covered", F(80, 100), ">="),
        ]
    ],
    # one list of tests per reading of the text
    "gansu-2022/inclusion": [[TAKE_PART, OF_PARTICIPANTS], [TAKE_PART, OF_ROLL]],
    "gansu-2022/inclusion consent=participating": [[TAKE_PART, OF_PARTICIPANTS]],
    "gansu-2022/inclusion consent=roll": [[TAKE_PART, OF_ROLL]],
}


def weigh(basis, rows):
    """rows: (entry, owner, square metres, household) that are meant."""
    if basis == "area":
        return sum((F(metres) for _, _, metres, _ in rows), F(0))
    if basis == "households":
        return F(len([1 for row in rows if row[3]]))
    raise AssertionError(basis)


def heads(roll, votes, kind):
    """Distinct owners of whom ``kind`` is true, asked one owner at a time."""
    found = 0
    for owner in {row[1] for row in roll}:
        said = [votes[entry] for entry, holder, _, _ in roll if holder == owner and entry in votes]
        taking_part = [choice for choice in said if choice in VOTING]
        if kind == "roll":
            found += 1
        elif kind == "no row":
            found += not said
        elif kind == "participating":
            found += len(taking_part) > 0
        elif kind == "for":
            found += len(taking_part) > 0 and set(taking_part) == {"for"}
    return F(found)


def amount(roll, votes, basis, kind):
    if basis == "heads":
        return heads(roll, votes, kind)
    wanted = {
        "roll": lambda entry: True,
        "no row": lambda entry: entry not in votes,
        "participating": lambda entry: votes.get(entry) in VOTING,
        "for": lambda entry: votes.get(entry) == "for",
        "covered": lambda entry: votes.get(entry) in ANSWERS,
        "satisfied": lambda entry: votes.get(entry) in ANSWERS[:2],
    }[kind]
    return weigh(basis, [row for row in roll if wanted(row[0])])


def holds(numerator, denominator, threshold, op):
    if denominator == 0:
        return False
    share = numerator / denominator
    return share > threshold if op == ">" else share >= threshold


def least_units(numerator, denominator, kind, threshold, op, unit):
    """Try one unit after the other (rolls in the tests are small)."""
    for units in range(1, 20_000):
        more = units * unit
        below = denominator + more if kind == "participating" else denominator
        if holds(numerator + more, below, threshold, op):
            return more
    return None


def count(rule, roll, votes):
    """Return (outcome, list of test tuples) for roll rows (entry, owner, 'm2', bool) and {entry: choice}."""
    listed, per_reading = [], []
    for tests in RULES[rule]:
        passes = []
        for basis, above, below, threshold, op in tests:
            numerator, denominator = amount(roll, votes, basis, above), amount(roll, votes, basis, below)
            passed = holds(numerator, denominator, threshold, op)
            unit = F(1, 100) if basis == "area" else F(1)
            lacking = None if passed else least_units(numerator, denominator, below, threshold, op, unit)
            unvoted = amount(roll, votes, basis, "no row")
            reachable = passed or (lacking is not None and lacking <= unvoted)
            row = (basis, above, below, numerator, denominator, threshold, op, passed, lacking, reachable)
            passes.append(passed)
            if row not in listed:
                listed.append(row)
        per_reading.append(all(passes))
    if any(row[4] == 0 for row in listed) or len(set(per_reading)) > 1:
        return "undecidable", listed
    return ("passed" if per_reading[0] else "failed"), listed
