"""Long work tells how far it is: plain lines in a pipe, bars on a terminal, nothing where nobody watches."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dsim.progress import watched_by, working
from dsim.report.bars import Bars
from dsim.report.forecast import about, left
from dsim.report.lines import Lines
from dsim.report.progress import shown


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_what_is_learned_is_told_before_it_begins(stream: io.StringIO, clock: Clock) -> None:
    with watched_by(Lines(stream, clock)), working("learning a phone", seconds=7.0, once=True):
        assert stream.getvalue() == "Learning a phone: about 7 s, once, and kept for the next time\n"
        clock.now += 8
    assert stream.getvalue().splitlines()[1:] == ["  learning a phone: done in 8 s"]


def test_where_the_cache_cannot_be_written_nothing_is_promised_for_the_next_time(
    stream: io.StringIO, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("a file")  # stops root, too
    monkeypatch.setenv("DSIM_CACHE", str(tmp_path / "cache"))
    with watched_by(Lines(stream, clock)), working("learning a phone", seconds=7.0, once=True):
        pass
    assert stream.getvalue().startswith(
        "Learning a phone: about 7 s, each time, for the cache cannot be written; let $DSIM_CACHE name a folder that can\n"
    )


def test_what_takes_no_time_says_nothing(stream: io.StringIO, clock: Clock) -> None:
    with watched_by(Lines(stream, clock)), working("reading", seconds=0.2):
        pass
    assert stream.getvalue() == ""


def test_a_hundred_steps_make_a_line_every_fifth_with_a_forecast(stream: io.StringIO, clock: Clock) -> None:
    with watched_by(Lines(stream, clock)), working("sweeping", total=100, unit="mixes") as work:
        for number in range(1, 101):
            clock.now += 0.5
            work.step(number, "best 80 %")
    first, *lines, last = stream.getvalue().splitlines()
    assert first == "Sweeping: 100 mixes"
    assert last == "  sweeping: done in 50 s"
    assert lines[0].startswith("  sweeping: 20%; 20 of 100 mixes; about 4")
    assert lines[0].endswith("left; best 80 %")
    assert len(lines) == 4, "at 20, 40, 60 and 80 percent; the end has a line of its own"


def test_slow_steps_make_a_line_every_half_minute(stream: io.StringIO, clock: Clock) -> None:
    with watched_by(Lines(stream, clock)), working("measuring", total=1000, unit="networks") as work:
        for number in range(1, 11):
            clock.now += 15
            work.step(number)
    assert len(stream.getvalue().splitlines()) == 1 + 5 + 1


def test_work_without_an_end_counts_its_steps(stream: io.StringIO, clock: Clock) -> None:
    with watched_by(Lines(stream, clock)), working("walking", unit="nodes") as work:
        clock.now += 40
        work.step(7)
    assert "  walking: 7 nodes" in stream.getvalue().splitlines()


def test_inner_work_is_silent_but_for_what_is_learned(stream: io.StringIO, clock: Clock) -> None:
    with watched_by(Lines(stream, clock)), working("comparing", total=2, unit="steps"):
        with working("searching", total=300, unit="mixes") as work:
            clock.now += 1
            work.step(299)
        with working("learning a phone", seconds=7.0, once=True):
            pass
    assert [line.split(":")[0] for line in stream.getvalue().splitlines()] == [
        "Comparing",
        "Learning a phone",
    ]


def test_an_error_leaves_no_line_that_says_done(stream: io.StringIO, clock: Clock) -> None:
    def fail() -> None:
        with watched_by(Lines(stream, clock)), working("learning", seconds=9.0):
            clock.now += 5
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert "done" not in stream.getvalue()


def test_a_reader_that_went_away_does_not_stop_the_work(clock: Clock) -> None:
    closed = io.StringIO()
    closed.close()
    with watched_by(Lines(closed, clock)), working("learning", seconds=9.0) as work:
        work.step()


def test_nobody_need_watch() -> None:
    with working("learning", total=3) as work:
        work.step()
        work.step()
    assert work.done == 2


def test_work_that_goes_on_forecasts_from_its_own_pace() -> None:
    # 50 of 100 were done before; 10 more took 20 s, so the last 40 take 80 s
    assert left(20.0, 10, 60, 100) == "about 80 s left"
    assert left(20.0, 10, 100, 100) == ""
    assert left(0.1, 10, 60, 100) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (59, "59 s"), (150, "2 min"), (3500, "58 min"), (9000, "2.5 h")]
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert about(seconds) == words


def test_a_terminal_gets_bars_that_go_away_and_a_line_that_stays() -> None:
    out = Terminal()
    with shown(out), working("learning a phone", total=4, seconds=5.0, once=True) as work:
        work.step(1, "first [half]")
        with working("searching", total=300, unit="mixes") as inner:
            inner.step(10)
            with working("deeper", total=3) as deepest:
                deepest.step()
    text = out.getvalue()
    assert "Learning a phone: about 5 s, once, and kept for the next time" in text
    assert "searching" in text
    assert "deeper" not in text


def test_bars_begin_anew_after_all_work_is_over() -> None:
    out = Terminal()
    bars = Bars(out)
    with watched_by(bars):
        for what in ("first", "second"):
            with working(what, total=2) as work:
                work.step()
    assert "first" in out.getvalue()
    assert "second" in out.getvalue()
