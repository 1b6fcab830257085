"""The first signal requests a stop, the second interrupts, and afterwards all is as it was."""

import signal
import threading

import pytest

from shareornot.studies.interruption import polite_interruption

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def send(number: int) -> None:
    """To this very thread, so that the handler has run when this returns."""
    signal.raise_signal(number)


@pytest.fixture(autouse=True)
def _handlers_come_back():
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    assert [signal.getsignal(number) for number in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_only_requests_a_stop(number):
    with polite_interruption() as asked:
        assert not asked()
        send(number)
        assert asked()
    with polite_interruption() as asked:
        assert not asked()


@pytest.mark.parametrize("number", SIGNALS)
def test_the_second_signal_interrupts(number):
    with polite_interruption() as asked:
        send(signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            send(number)


def test_handlers_come_back_after_an_error():
    before = signal.getsignal(signal.SIGINT)

    def work():
        with polite_interruption():
            assert signal.getsignal(signal.SIGINT) != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert signal.getsignal(signal.SIGINT) == before


def test_outside_the_main_thread_nothing_is_requested():
    answers = []

    def work():
        with polite_interruption() as asked:
            answers.append(asked())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert answers == [False]
