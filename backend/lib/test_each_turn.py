"""One turn of the loop, one call of the work."""

import asyncio

from lib.each_turn import EachTurn


def test_the_items_of_one_turn_are_worked_on_together_and_in_order():
    worked: list[list[int]] = []
    collected = EachTurn(worked.append)

    async def put(*numbers: int) -> None:
        for number in numbers:
            collected.put(number)

    async def two_turns() -> None:
        await asyncio.gather(put(1, 2), put(3))
        await put(4)
        await asyncio.sleep(0)

    asyncio.run(two_turns())
    assert worked == [[1, 2, 3], [4]]


def test_items_that_the_work_itself_adds_belong_to_the_next_turn():
    worked: list[list[int]] = []

    def work(numbers: list[int]) -> None:
        worked.append(numbers)
        if numbers[0] < 3:
            collected.put(numbers[0] + 1)

    collected = EachTurn(work)

    async def begin() -> None:
        collected.put(1)
        while len(worked) < 3:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(begin(), 5))
    assert worked == [[1], [2], [3]]
