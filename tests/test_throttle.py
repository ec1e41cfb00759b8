import pytest
from convrec.app.serving import throttle as module
from convrec.app.serving.throttle import Throttle
from convrec.tools.errors import TooManyError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_an_owner_has_so_many_requests_a_minute_and_others_have_their_own(clock: Clock) -> None:
    throttle = Throttle(3, 1, clock=clock)
    for _ in range(3):
        throttle.count("ada")
    with pytest.raises(TooManyError) as caught:
        throttle.count("ada")
    assert 1 <= caught.value.seconds <= 120
    throttle.count("bob")


def test_after_the_time_that_is_told_an_owner_may_go_on(clock: Clock) -> None:
    throttle = Throttle(3, 1, clock=clock)
    for _ in range(3):
        throttle.count("ada")
    with pytest.raises(TooManyError) as caught:
        throttle.count("ada")
    clock.now += caught.value.seconds
    throttle.count("ada")


def test_wrong_keys_are_counted_by_address_and_a_whole_ipv6_network_is_one(clock: Clock) -> None:
    refused: list[str] = []
    throttle = Throttle(100, 1, tries=2, refused=refused.append, clock=clock)
    throttle.count_wrong("2001:db8::1")
    throttle.count_wrong("2001:db8::2")
    with pytest.raises(TooManyError):
        throttle.count_wrong("2001:db8:0:0:ffff::1")
    throttle.count_wrong("2001:db8:0:1::1")
    throttle.count_wrong("10.0.0.1")
    throttle.count_wrong("::ffff:10.0.0.1")
    with pytest.raises(TooManyError):
        throttle.count_wrong("10.0.0.1")
    throttle.count_wrong("")
    assert refused == ["tries", "tries"]


def test_however_many_call_what_is_remembered_of_them_is_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    throttle = Throttle(100, 1, tries=3, clock=clock)
    strangers = 0
    for number in range(40):
        try:
            throttle.count_wrong(f"10.0.0.{number}")
        except TooManyError:
            strangers += 1
    assert strangers == 40 - 5 - 3
    clock.now += 61
    for number in range(5):
        throttle.count_wrong(f"10.1.0.{number}")


def test_after_a_burst_requests_come_back_one_by_one(clock: Clock) -> None:
    throttle = Throttle(60, 1, clock=clock)
    for _ in range(60):
        throttle.count("ada")
    for _ in range(5):
        with pytest.raises(TooManyError) as caught:
            throttle.count("ada")
        assert caught.value.seconds == 1
        clock.now += 1
        throttle.count("ada")


async def test_an_owner_has_so_many_turns_at_once() -> None:
    refused: list[str] = []
    throttle = Throttle(100, 2, refused=refused.append)
    async with throttle.turn("ada"), throttle.turn("ada"):
        with pytest.raises(TooManyError):
            async with throttle.turn("ada"):
                pass
        async with throttle.turn("bob"):
            pass
    async with throttle.turn("ada"):
        pass
    assert refused == ["turns"]


async def test_a_turn_that_fails_is_no_longer_held() -> None:
    throttle = Throttle(100, 1)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            async with throttle.turn("ada"):
                raise RuntimeError
    assert not throttle._turns
