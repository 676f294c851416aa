"""Several processes that answer at one port: each answers for all, and none is left when they are told to stop, or when one is killed."""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
from argon2.profiles import CHEAPEST

from app.demo.people import PASSWORD, admit
from app.settings import Settings
from app.web.serving import bound
from app.web.side_by_side import ENDED
from store.errors import Fault
from tests.app.at_the_desk import Desk
from tests.app.cli.test_processes import Running, around, port_of, waits_for
from tests.app.web.at_the_door import COORDINATOR, at_the_door
from tests.builders import Clock
from tests.conftest import free_port

SOON = httpx.Timeout(0.5)
slow = pytest.mark.slow


@slow
def test_whoever_signed_in_by_one_process_is_known_to_each_of_them(desk: Desk) -> None:
    with at_the_door(desk.folder, Clock()) as door:
        admit(door.office.daybook, CHEAPEST)
    with answering(desk) as web, httpx.Client(base_url=address(web), headers={"connection": "close"}) as browser:
        assert browser.post("/sign-in", data={"person": COORDINATOR, "password": PASSWORD}).status_code == 303
        for one in together(web):
            with held_up(together(web) - {one}):
                assert COORDINATOR in browser.get("/profile").text
        assert web.stops() == 0
        waits_for(lambda: not answers(web))
    assert not re.search(r"\[(warning|error|critical)|Traceback", web.complaints)


@slow
def test_all_stop_in_peace_though_each_of_them_is_told_at_once_as_by_a_terminal(desk: Desk) -> None:
    with answering(desk, processes=3) as web:
        every = together(web)
        for one in every:
            os.kill(one, signal.SIGINT)
        assert web.process.wait(timeout=60) == 0
        assert not alive(every)
    assert not re.search(r"\[(warning|error|critical)|Traceback", web.complaints)


@slow
def test_nobody_answers_any_more_once_the_first_was_killed(desk: Desk) -> None:
    with answering(desk) as web:
        every = together(web)
        web.process.kill()
        web.process.wait()
        waits_for(lambda: not alive(every))
        assert not answers(web)
        bound(settings_of(web)).close()


@slow
def test_where_another_one_is_killed_all_stop_and_it_is_said_why(desk: Desk) -> None:
    with answering(desk) as web:
        every = together(web)
        [other] = every - {web.process.pid}
        os.kill(other, signal.SIGKILL)
        assert web.process.wait(timeout=60) == 3
        waits_for(lambda: not alive(every))
        assert ENDED in " ".join(web.complaints.split())


def test_a_port_that_is_taken_is_no_place_to_answer_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Fault, match=f"Something answers at port {port} of this machine already"):
            bound(Settings(web_port=port))


def test_of_two_that_begin_at_once_one_has_the_port_though_neither_has_answered() -> None:
    settings = Settings(web_host="127.0.0.2", web_port=free_port())  # Where nobody looks first whether something answers.
    with bound(settings), pytest.raises(Fault, match=r"cannot be answered at 127\.0\.0\.2, port \d+: Address already in use"):
        bound(settings)


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_nor_is_another_machine(host: str) -> None:
    with pytest.raises(Fault, match=rf"Browsers cannot be answered at {re.escape(host)}, port \d+: .*DAYBOOK_WEB_HOST"):
        bound(Settings(web_host=host, web_port=free_port()))


def test_by_the_name_of_this_machine_it_is_found_where_it_always_was() -> None:
    with bound(Settings(web_host="localhost", web_port=free_port())) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("passed_on", [False, True])
def test_a_small_answer_is_not_held_back_until_more_is_to_be_sent(passed_on: bool) -> None:  # noqa: FBT001 - pytest names it.
    async def held_back(listener: socket.socket) -> bool:
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        async def answers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            answered.set_result(not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(answers, sock=listener):
            _, asks = await asyncio.open_connection(*listener.getsockname())
            asks.close()
            return await answered

    with bound(Settings(web_port=free_port())) as listener, socket.socket(fileno=os.dup(listener.fileno())) as same:
        assert not asyncio.run(held_back(same if passed_on else listener))


@contextmanager
def answering(desk: Desk, *, processes: int = 2) -> Iterator[Running]:
    """So many processes of the desk, each of which has answered."""
    folder = desk.folder.parent
    web = Running(folder, ("web",), around(folder, "127.0.0.1:9") | {"DAYBOOK_WEB_PROCESSES": str(processes)})
    try:
        waits_for(lambda: len(together(web)) == processes and answers(web), web)
        for one in together(web):
            waits_for(partial(answers_alone, web, one), web)
        yield web
    finally:
        web.process.kill()
        web.process.wait()


def together(web: Running) -> set[int]:
    """The first process, and those that it started."""
    first = web.process.pid
    return {first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())}


def alive(processes: Iterable[int]) -> list[int]:
    """Which of them run; whoever ended and was not waited for is not alive."""
    return [one for one in processes if state_of(one) not in {"gone", "Z"}]


def state_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].partition(" ")[0]
    except OSError:
        return "gone"


@contextmanager
def held_up(processes: Iterable[int]) -> Iterator[None]:
    """Meanwhile they come to nothing."""
    for one in processes:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in processes:
            os.kill(one, signal.SIGCONT)


def settings_of(web: Running) -> Settings:
    return Settings(web_port=port_of(web.folder, "web"))


def address(web: Running) -> str:
    return settings_of(web).public_address


def answers(web: Running) -> bool:
    try:
        return httpx.get(f"{address(web)}/sign-in", timeout=SOON).status_code in {200, 303}
    except httpx.HTTPError:
        return False


def answers_alone(web: Running, one: int) -> bool:
    with held_up(together(web) - {one}):
        return answers(web)
