"""The calling half: chooses a server for each call, finds the call of each answer, and decides what
becomes of the calls of a server that is gone. The table of docs/guide/calls.md, "What happens if",
is this file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..messages import Message
from ..peers import Peer
from ..selectors import Selector
from . import wire
from ._answers import busy_error, call_error
from ._outgoing import FULL, GONE
from ._pending import Callee, Owner, PendingCall
from .errors import (
    CallError,
    ClientClosedError,
    InvalidCallError,
    NoServerError,
    ServerGoneError,
    UnknownMethodError,
)
from .wire import Answer

if TYPE_CHECKING:
    from .session import Session

_MAX_ATTEMPTS = 255
# Conditions whose matches are remembered.
_MAX_KNOWN = 256


class Caller:
    """The calls of one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._callees: dict[int, Callee] = {}
        # Calls that wait for a server to come.
        self._waiting: dict[PendingCall, None] = {}
        # Calls whose server has no room in its queue.
        self._held: dict[int, dict[PendingCall, None]] = {}
        self._followers: dict[object, Callable[[], None]] = {}
        # The members that match; valid until members change.
        self._known: dict[Selector, list[Peer]] = {}
        self._turn = 0
        self._closed = False

    def start(self, call: PendingCall) -> None:
        """Begins a call."""
        if self._closed or call.request.owner.closed:
            call.fail(_closed(call))
            return
        call.arm()
        self._place(call)

    def follow(self, look: Callable[[], None]) -> Callable[[], None]:
        """Calls `look` after each change of members. Returns a function that ends this."""
        key = object()
        self._followers[key] = look
        return lambda: self._followers.pop(key, None) and None

    def candidates(self, selector: Selector) -> list[Peer]:
        """The servers that a call could go to."""
        known = self._known.get(selector)
        if known is None:
            if self._session.closed:
                return []
            known = self._session.matching(selector)
            # An empty answer is not kept: a server may have joined before this process hears of it.
            if known:
                if len(self._known) >= _MAX_KNOWN:
                    self._known.clear()
                self._known[selector] = known
        return known

    # From the session.

    def answered(self, message: Message) -> None:
        """A frame that answers a call."""
        callee = self._callees.get(message.sender.id)
        call = callee.pending.get(message.reply_to or 0) if callee is not None else None
        if call is None:
            # Late, or never asked for: a result after its deadline, for example.
            message.close()
            return
        # A program that knows nothing of this layer answers with a type of its own.
        answer = message.type_bytes == wire.ANSWER_TYPE
        kind = wire.kind_of(message.format) if answer else Answer.RESULT
        if kind == Answer.BUSY:
            message.close()
            self._refused(call, busy_error(call.request.member, message))
        elif kind == Answer.ERROR:
            error = call_error(call.request.member, message)
            # Not executed, and another server may be newer, or another relay know one.
            if isinstance(error, UnknownMethodError | NoServerError):
                self._refused(call, error)
            else:
                call.fail(error)
        elif kind == Answer.CREDIT:
            message.close()
            if call.input is not None:
                call.input.credited(message)
        else:
            call.receive(kind, message)

    def emitted(self, message: Message) -> None:
        """A signal or a new value."""
        message.close()
        callee = self._callees.get(message.sender.id)
        if callee is not None:
            for each in list(callee.subscribed.get(message.type_bytes, ())):
                each.emitted(message)

    def undelivered(self, peer: int, message_id: int) -> None:
        """This frame was surely not taken."""
        callee = self._callees.get(peer)
        call = callee.pending.get(message_id) if callee is not None else None
        if call is not None:
            self._refused(call, None)

    def gone(self, peer: int, cause: BaseException | None = None) -> None:
        """A peer is gone: all that it was sent and that was not reported as undelivered, it had.
        `cause` says why, if that is known."""
        self._release_held(peer)
        callee = self._callees.pop(peer, None)
        if callee is None:
            return
        for call in list(callee.pending.values()):
            if call.request.idempotent and call.only == 0 and call.can_restart:
                self.again(call)
            else:
                call.gone(cause)

    def members_changed(self) -> None:
        """Servers came, left or have other labels."""
        self.forget_candidates()
        waiting, self._waiting = self._waiting, {}
        for call in waiting:
            if not call.settled:
                self._place(call)
        for look in list(self._followers.values()):
            look()

    def forget_candidates(self) -> None:
        """What matches has to be looked up again."""
        self._known.clear()

    def cancel_of(self, owner: Owner) -> None:
        """A client is closed: cancels its calls."""
        owner.closed = True
        for call in list(self._all()):
            if call.request.owner is owner:
                call.cancel(_closed(call))

    def close(self) -> None:
        """No call can be made any more; those under way are cancelled."""
        self._closed = True
        for call in list(self._all()):
            call.cancel(_closed(call))

    def _all(self) -> Iterator[PendingCall]:
        yield from self._waiting
        for held in self._held.values():
            yield from held
        for callee in self._callees.values():
            yield from callee.pending.values()

    # For the calls.

    def release(self, call: PendingCall) -> None:
        """The call is over."""
        if call.callee is not None:
            call.callee.pending.pop(call.id, None)
        elif call in self._waiting:
            del self._waiting[call]
        else:
            for held in self._held.values():
                held.pop(call, None)

    def send_cancel(self, call: PendingCall) -> None:
        """Tells the server that nobody waits any more."""
        if call.callee is not None and not self._session.closed:
            format = wire.format_of(Answer.CANCEL, flags=wire.FROM_CALLER)
            self._session.answer(call.callee.peer, call.id, format)

    def grant(self, call: PendingCall, items: int, bytes_: int) -> None:
        """Gives the server credit."""
        if call.callee is not None and not call.settled and not self._session.closed:
            format = wire.format_of(Answer.CREDIT, flags=wire.FROM_CALLER)
            metadata = wire.write_metadata(credit_items=items, credit_bytes=bytes_)
            self._session.answer(call.callee.peer, call.id, format, metadata=metadata)

    def again(self, call: PendingCall) -> None:
        """Sends a call to another server."""
        callee = call.callee
        if callee is not None:
            callee.pending.pop(call.id, None)
            call.avoid(callee.peer)
            call.displaced(callee)
        call.callee = None
        call.id = 0
        call.attempt += 1
        if self._closed:
            call.fail(_closed(call))
        elif (call.attempt > _MAX_ATTEMPTS and not call.patient) or not call.can_restart:
            call.fail(_refusal(call))
        else:
            self._place(call)

    # The server surely did not execute the call.
    def _refused(self, call: PendingCall, refusal: CallError | None) -> None:
        if refusal is not None:
            call.refusal = refusal
        self.again(call)

    # Choosing.

    def _place(self, call: PendingCall) -> None:
        while True:
            peers = self.candidates(call.request.selector)
            peer = self._choose(call, peers)
            known = self._known.pop(call.request.selector, None) if peer is None else None
            if known is not None:
                # Servers may have joined before this process has heard of it.
                peers = self.candidates(call.request.selector)
                peer = self._choose(call, peers)
            if peer is None:
                exhausted = call.only != 0 or bool(peers)
                if exhausted and not (call.patient and call.refusal is None):
                    call.fail(_refusal(call))
                elif call.only:
                    error = ServerGoneError(f"the server left before it had {call.request.member}")
                    error.executed = "no"
                    call.fail(error)
                else:
                    self._waiting[call] = None
                return
            if self._post(call, peer) != GONE:
                return
            self.forget_candidates()
            call.avoid(peer)

    def _choose(self, call: PendingCall, peers: list[Peer]) -> int | None:
        tried = call.tried or ()
        if call.only:
            return None if call.only in tried else call.only
        sticky = call.request.sticky
        stays = sticky is not None and sticky.peer not in tried
        if sticky is not None and stays and any(each.id == sticky.peer for each in peers):
            return sticky.peer
        if len(peers) == 1:
            return None if peers[0].id in tried else peers[0].id
        best: int | None = None
        least = 1 << 62
        # Ties go round-robin.
        self._turn += 1
        count = len(peers)
        for at in range(count):
            peer = peers[(self._turn + at) % count].id
            if peer in tried:
                continue
            callee = self._callees.get(peer)
            load = len(callee.pending) if callee is not None else 0
            if load < least:
                best, least = peer, load
        return best

    def _post(self, call: PendingCall, peer: int) -> int:
        request = call.request
        format = wire.format_of(request.kind, request.codec, wire.EXPECTS_ANSWER)
        metadata = b""
        trace = request.trace
        if request.deadline is not None or call.attempt or call.credit[0] or trace is not None:
            left = None if request.deadline is None else request.deadline - self._loop.time()
            attempt = min(call.attempt, _MAX_ATTEMPTS)
            metadata = wire.write_metadata(left, *call.credit, attempt, trace)
        type_bytes = request.member.type_bytes
        try:
            number = self._session.post(
                peer, type_bytes, format, request.payload, metadata, request.attachments
            )
        except Exception as error:  # Too large, or a region that was released.
            refusal = InvalidCallError(f"{request.member} cannot be sent: {error}")
            refusal.__cause__ = error
            call.fail(refusal)
            return 0
        if number == GONE:
            return GONE
        call.last_peer = peer
        if request.sticky is not None:
            request.sticky.peer = peer
        if number == FULL:
            self._hold(call, peer)
            return FULL
        callee = self._callees.get(peer)
        if callee is None:
            callee = self._callees[peer] = Callee(peer)
        call.callee = callee
        call.id = number
        callee.pending[number] = call
        if call.input is not None:
            call.input.sent()
        call.placed(callee)
        return number

    # Its queue is full: the call waits for room, in order. Nothing was sent, so the death of the
    # server changes nothing.
    def _hold(self, call: PendingCall, peer: int) -> None:
        held = self._held.get(peer)
        if held is not None:
            held[call] = None
            return
        self._held[peer] = {call: None}
        waiting = self._session.spawn(self._session.when_room(peer))
        waiting.add_done_callback(lambda _: self._release_held(peer))

    def _release_held(self, peer: int) -> None:
        for call in self._held.pop(peer, {}):
            if not call.settled:
                self._place(call)


def _refusal(call: PendingCall) -> CallError:
    return call.refusal or NoServerError(f"no server took {call.request.member}")


def _closed(call: PendingCall) -> ClientClosedError:
    error = ClientClosedError(f"{call.request.member}: the client is closed")
    error.executed = "no" if call.callee is None else "maybe"
    return error
