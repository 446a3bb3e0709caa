"""What the library says can be read, silenced and redirected."""

import logging
import subprocess
import sys

import agentic_lib
from agentic_lib.messages import say, warn, warn_once


def test_messages_reach_standard_output(capsys):
    say("A message.")
    warn("A warning.")
    shown = capsys.readouterr()
    assert shown.out == "A message.\nA warning.\n" and shown.err == ""


def test_one_switch_silences_all(capsys):
    agentic_lib.silence()
    try:
        say("A message.")
        warn("A warning.")
    finally:
        agentic_lib.silence(False)
    assert capsys.readouterr().out == ""
    say("Again.")
    assert capsys.readouterr().out == "Again.\n"


def test_the_environment_silences_too():
    code = ("import os; os.environ['AGENTIC_LIB_QUIET'] = '1'\n"
            "from agentic_lib.messages import warn; warn('no')")
    shown = subprocess.run([sys.executable, "-c", code], text=True,
                           capture_output=True, check=True)
    assert shown.stdout == shown.stderr == ""


def test_a_cause_is_told_once(capsys):
    told = set()
    for _ in range(3):
        warn_once(told, "cause", "Once.")
    assert capsys.readouterr().out == "Once.\n"


def test_a_program_can_take_the_messages_over(capsys):
    log, kept = logging.getLogger("agentic_lib"), []
    handler = logging.Handler()
    handler.emit = lambda record: kept.append(record.getMessage())
    log.addHandler(handler)
    try:
        say("For the log.")
    finally:
        log.removeHandler(handler)
    assert kept == ["For the log."]
