"""Codes survive being read out, and the picture shows every seat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentic_lib.course.classroom import (
    LETTERS,
    RATES,
    draw_class,
    read_codes,
    result_code,
    rolled_rate,
    slips,
    summary,
)

percents = st.integers(0, 1000).map(lambda tenths: tenths / 10)
seats = st.integers(1, 60)


@given(st.dictionaries(seats, st.tuples(percents, percents), min_size=1))
def test_codes_come_back_from_a_chat_full_of_words(results):
    text = "mine is ".join(f" {result_code(seat, *pair)}, thanks!\n"
                           for seat, pair in results.items())
    assert read_codes(text) == [
        (seat, *results[seat]) for seat in sorted(results)]


@given(seats, percents, percents, st.data())
def test_one_wrong_digit_is_noticed(seat, alone, steered, data):
    *numbers, letter = result_code(seat, alone, steered).split("-")
    place = data.draw(st.integers(0, 2))
    digit = data.draw(st.integers(0, len(numbers[place]) - 1))
    old = numbers[place][digit]
    new = data.draw(st.sampled_from("0123456789".replace(old, "")))
    changed = numbers[place][:digit] + new + numbers[place][digit + 1:]
    numbers[place] = changed
    wrong = "-".join([*numbers, letter])
    right = result_code(61, 20.0, 80.0)
    assert len(slips(f"{wrong}, {right}")) == 1
    assert read_codes(f"{wrong}, {right}") == [(61, 20.0, 80.0)]


@given(st.lists(st.tuples(seats, percents, percents), min_size=1,
                unique_by=lambda result: result[0]),
       st.sampled_from(["", " ", "\n", ", "]),
       st.sampled_from(["-", " - ", "\u2013", "\u2212"]), st.booleans())
def test_codes_may_be_typed_in_any_form(results, between, dash, small):
    text = between.join(result_code(*result) for result in results)
    text = (text.lower() if small else text).replace("-", dash)
    assert read_codes(text) == sorted(results)
    assert slips(text) == []


def test_the_last_code_of_a_seat_counts():
    text = result_code(3, 10, 20) + " no, " + result_code(3, 10, 90)
    assert read_codes(text) == [(3, 10, 90)]


@given(seats)
def test_a_seat_has_one_rate(seat):
    assert rolled_rate(seat) == rolled_rate(seat) in RATES


def test_a_class_sees_every_face_of_the_die():
    assert {rolled_rate(seat) for seat in range(1, 31)} == set(RATES)


@pytest.mark.parametrize("bad", [(0, 1, 1), (1, 101, 1), (1, 1, -1)])
def test_what_cannot_be_a_result_is_refused(bad):
    with pytest.raises(ValueError, match="seat"):
        result_code(*bad)


def test_the_picture_shows_every_seat_and_says_so():
    results = [(1, 20.0, 80.0), (2, 95.0, 95.2), (3, 90.0, 70.0)]
    figure = draw_class(" ".join(result_code(*r) for r in results))
    points = [(line.get_xdata()[0], line.get_ydata()[0], line.get_marker())
              for line in figure.axes[0].lines[1:]]
    assert points == [(20.0, 80.0, "^"), (95.0, 95.2, "^"), (90.0, 70.0, "v")]
    assert summary(results) in figure.get_label()
    assert "lost in 1 and moved by 0.5 points at most in 1" in summary(results)


def test_a_text_without_codes_is_refused_with_an_example():
    with pytest.raises(ValueError, match="7-273-807-[A-Z]"):
        draw_class("nobody was ready")


def test_letters_cannot_be_mistaken_for_digits():
    assert not set(LETTERS) & set("IO")
