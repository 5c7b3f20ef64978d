"""The days after the start, counted from the play's first day (1 December 2025). Pure."""

from __future__ import annotations

from datetime import date

from backend.rehearsal.moments import Moment, time_of_day

WORKS_BEGIN = Moment(100, time_of_day(9))
# 28 April (twice), 6, 11 and 15 May 2026: around the holiday of 1 to 5 May, for which Saturday 9 May is worked.
HOTLINE = (
    Moment(148, time_of_day(9)),
    Moment(148, time_of_day(17)),
    Moment(156, time_of_day(10)),
    Moment(161, time_of_day(9)),
    Moment(165, time_of_day(9)),
)
ACCEPTED = Moment(179, time_of_day(9))
ACCEPTED_ON = date(2026, 5, 29)
SURVEY_OPENS = Moment(179, time_of_day(17))
PHONES_ANSWER = Moment(180, time_of_day(19))
DOORS_ANSWER = Moment(184, time_of_day(10))
# The midnight at which the survey ends, and the morning after it.
SURVEY_CLOSES = 186
JUDGED = Moment(186, time_of_day(9))
MOMENTS = (WORKS_BEGIN, *HOTLINE, ACCEPTED, SURVEY_OPENS, PHONES_ANSWER, DOORS_ANSWER, JUDGED)
