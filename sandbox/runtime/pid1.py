"""PID 1 of a sandbox: a fresh child an action, or a cell in a session; then everything else is killed.

What the agent's code writes is spliced from its pipes to the channel and never enters this process's memory. Status,
limits and identities come from the kernel. When the channel closes this process leaves, and the kernel ends the rest.

The child of the next action is forked when all of the last one is dead, while the agent thinks: it waits where no code
of the agent runs. A session is such code, so beside one nothing waits.
"""

import contextlib
import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

import child
import pump
import session
import watch
import wire

LOOK_S = 0.025  # how often the aggregate limits are looked at while an action runs
ASK_MS = 2
INTERRUPT_S = 1.0  # what a session is given to end a cell after it was interrupted
TICK_NS = 20_000_000  # the kernel stamps files by a clock that goes in ticks, of ten milliseconds at most


class Session:
    """The supervisor's side of one session."""

    def __init__(self, pid: int, control: socket.socket, out: int, err: int) -> None:
        self.pid, self.control, self.out, self.err = pid, control, out, err

    def forget(self) -> None:
        self.control.close()
        os.close(self.out)
        os.close(self.err)


class Fresh(NamedTuple):
    """A process forked from this one that waits for a verb and its body; the ends kept here of its pipes."""

    pid: int
    body: int
    out: int
    err: int


class Action:
    """What is known of the action that runs: `pid` does it, and `code` is its status once it is over."""

    def __init__(self, pid: int, cell: Session | None, deadline: float, cpu: dict[int, float]) -> None:
        self.pid, self.cell, self.deadline = pid, cell, deadline
        self.cpu, self.oom_kills = cpu, watch.oom_kills()  # of the sessions, before it began
        self.refused_forks = watch.refused_forks()
        self.dead_cpu, self.cgroup_cpu = watch.dead_cpu_seconds(), watch.cgroup_cpu_seconds()
        self.code, self.signal, self.limits, self.lost = -1, 0, 0, False
        self.over, self.interrupted = False, False


class Supervisor:
    """Serves requests from `source`, answers on `sink`. `settings`: database, folders, alone, and the limits."""

    def __init__(self, source: int, sink: int, settings: dict) -> None:
        self._source, self._sink = source, sink
        self._sessions: dict[int, Session] = {}
        self._next = 1
        self._spare: Fresh | None = None
        self._folders = {folder: os.stat(folder).st_mode & 0o7777 for folder in settings["folders"]}
        prefixes = settings.get("prefixes", [])
        self._kept = [p for p in prefixes if any(p.startswith(f + "/") for f in self._folders)]
        self._settings = {**settings, "modes": self._folders, "kept": self._kept}
        self._remember_empty()
        # Only where this process is alone has its cgroup no other members.
        self._cgroup_base = watch.cgroup_kib(settings["folders"]) if settings.get("own_cgroup") else 0
        self._null = os.open("/dev/null", os.O_RDWR)
        # No handlers at all: the agent, who is the same user, would call them as often as it likes.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def serve(self) -> None:
        """Never returns."""
        pump.write_all(self._sink, wire.CHUNK.pack(wire.READY_KIND, wire.VERSION))
        while True:
            if not self._sessions and not self._spare:
                self._spare = self._spawn()
            verb, number, length, seconds, limit = wire.REQUEST.unpack(self._read(wire.REQUEST.size))
            if verb == wire.INTERRUPT:
                continue  # what it was for is over
            start = time.monotonic()
            if verb == wire.OPEN:
                self._answer(start, self._open())
            elif verb == wire.FORK:
                self._answer(start, self._fork(number))
            elif verb == wire.CLOSE:
                self._answer(start, self._close(number))
            elif verb == wire.RESET:
                self._answer(start, self._reset())
            else:
                self._act(verb, number, length, seconds, limit, start)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = os.read(self._source, size - len(data))
            if not part:
                self._leave()
            data += part
        return data

    def _leave(self) -> NoReturn:
        """The channel closed. The kernel ends what is left behind PID 1; anywhere else that is done here."""
        self._sessions.clear()
        if not self._settings["alone"]:
            self._kill_others()
        os._exit(0)

    def _answer(self, start: float, code: int) -> None:
        self._end(code, 0, 0, False, 0, 0, time.monotonic() - start, 0.0, 0)

    def _end(self, *values) -> None:
        pump.write_all(self._sink, wire.CHUNK.pack(wire.END_KIND, wire.END.size) + wire.END.pack(*values))

    # one action

    def _act(self, verb: bytes, number: int, length: int, seconds: float, limit: int, start: float) -> None:
        if time.time_ns() < self._empty_from:
            self._empty = {}
        cell = self._sessions.get(number)
        cpu = {known.pid: watch.cpu_seconds(known.pid) for known in self._sessions.values()}
        fresh = self._handed_over(cell) if number else self._taken()
        if fresh is None:
            self._throw_away(length)
            return self._end(-1, 0, 0 if number else wire.bit("processes"), bool(number), 0, 0, 0.0, 0.0, 0)
        self._send_body(fresh.body, b"" if number else verb, length, start + seconds)
        streams = [
            pump.Stream(fresh.out, self._sink, self._null, wire.OUT_KIND, limit),
            pump.Stream(fresh.err, self._sink, self._null, wire.ERR_KIND, limit),
        ]
        action = Action(fresh.pid, cell, start + seconds, cpu)
        self._wait(action, streams)
        used, peak = self._account(action)
        self._clear_up(action, streams)
        cuts = [stream.cut for stream in streams]
        took = time.monotonic() - start
        self._end(action.code, action.signal, action.limits, action.lost, *cuts, took, used, peak)

    def _clear_up(self, action: Action, streams: list[pump.Stream]) -> None:
        """Kill what the action left, send the rest of what it wrote, and note which limits it met."""
        self._count_left(action)
        self._kill_others()
        for stream in streams:
            stream.finish()
            if not action.cell:
                os.close(stream.source)
        self._note_limits(action, streams)

    def _handed_over(self, cell: Session | None) -> Fresh | None:
        """Have a session take the next cell from a new pipe; None when it is gone."""
        if cell is None:
            return None
        body, body_write = os.pipe()
        self._signal(cell.pid, signal.SIGCONT)
        with contextlib.suppress(BrokenPipeError):
            socket.send_fds(cell.control, [session.CELL], [body])
        os.close(body)
        return Fresh(cell.pid, body_write, cell.out, cell.err)

    def _taken(self) -> Fresh | None:
        """The child that waits, or one that is made now."""
        fresh, self._spare = self._spare, None
        if fresh and os.waitpid(fresh.pid, os.WNOHANG)[0]:  # it was killed, for the memory of the machine
            self._close_ends(fresh)
            fresh = None
        return fresh or self._spawn()

    def _spawn(self) -> Fresh | None:
        """Fork a child that waits; None when the kernel allows no more processes."""
        (body, body_write), (out, out_write), (err, err_write) = os.pipe(), os.pipe(), os.pipe()
        pid = self._try_fork()
        if pid == 0:
            child.run(body, out_write, err_write, self._settings)
        for fd in (body, out_write, err_write):
            os.close(fd)
        fresh = Fresh(pid, body_write, out, err)
        if pid > 0:
            return fresh
        self._close_ends(fresh)
        return None

    def _close_ends(self, fresh: Fresh) -> None:
        for fd in fresh[1:]:
            os.close(fd)

    def _try_fork(self) -> int:
        for _ in range(2):
            try:
                return os.fork()
            except BlockingIOError:
                self._kill_others()
        return -1

    def _send_body(self, pipe: int, verb: bytes, length: int, deadline: float) -> None:
        """Move the body to its reader; what a reader that died or stopped does not take is thrown away."""
        with contextlib.suppress(BrokenPipeError):
            os.write(pipe, verb)
        ready = select.poll()
        ready.register(pipe, select.POLLOUT)
        while length:
            events = ready.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not events or events[0][1] & select.POLLERR:
                break
            with contextlib.suppress(BrokenPipeError):
                moved = os.splice(self._source, pipe, length)
                if moved == 0:
                    self._leave()
                length -= moved
        os.close(pipe)
        self._throw_away(length)

    def _throw_away(self, length: int) -> None:
        if length and not pump.discard(self._source, self._null, length):
            self._leave()

    def _wait(self, action: Action, streams: list[pump.Stream]) -> None:
        poll = select.poll()
        by_fd = {stream.source: stream for stream in streams}
        end = watch.end_of(action.pid)
        for fd in (*by_fd, self._source, *([] if end is None else [end])):
            poll.register(fd, select.POLLIN)
        if action.cell:
            poll.register(action.cell.control, select.POLLIN)
        try:
            self._watch(action, poll, by_fd, end)
        finally:
            if end is not None:
                os.close(end)

    def _watch(self, action: Action, poll: select.poll, by_fd: dict[int, pump.Stream], end: int | None) -> None:
        """Move output and look at the limits until the action is over. `end` becomes readable with its end; without
        one (gVisor) its end is asked for every other millisecond."""
        look_at = time.monotonic() + LOOK_S
        while not action.over:
            now = time.monotonic()
            if now >= action.deadline:
                self._late(action)
                continue
            if now >= look_at:
                self._look(action)
                look_at = time.monotonic() + LOOK_S
                continue
            left = (min(action.deadline, look_at) - now) * 1000 + 1
            events = poll.poll(left if end is not None else min(left, ASK_MS))
            if end is None:
                self._reap(action)
            for fd, event in events:
                if fd in by_fd:
                    if not (event & select.POLLIN and by_fd[fd].move()):
                        poll.unregister(fd)
                elif fd == self._source:
                    self._interrupted(action)
                elif fd == end:
                    self._reap(action)
                elif not action.over:
                    self._cell_spoke(action)

    def _interrupted(self, action: Action) -> None:
        """The owner left, or wants the cell to stop."""
        verb = wire.REQUEST.unpack(self._read(wire.REQUEST.size))[0]
        if verb != wire.INTERRUPT:
            self._leave()
        self._signal(action.pid, signal.SIGINT)

    def _late(self, action: Action) -> None:
        action.limits |= wire.bit("wall")
        if action.cell and not action.interrupted:
            action.interrupted = True
            action.deadline = time.monotonic() + INTERRUPT_S
            self._signal(action.pid, signal.SIGINT)
        else:
            self._kill(action)

    def _kill(self, action: Action) -> None:
        self._signal(action.pid, signal.SIGKILL)
        action.deadline = float("inf")

    def _signal(self, pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def _look(self, action: Action) -> None:
        """Collect orphans, and kill the action if the sandbox as a whole is over a limit."""
        self._reap(action)
        if action.over:
            return
        settings = self._settings
        pids = watch.processes(settings["alone"])
        over = None
        if watch.refused_forks() > action.refused_forks or sum(map(watch.threads, pids)) > settings["max_processes"]:
            over = "processes"
        elif self._memory_kib(pids) > settings["memory_mb"] * 1024:
            over = "memory"
        elif settings["cpu_s"] and self._cpu(pids, action) > settings["cpu_s"]:
            over = "cpu"
        if over:
            action.limits |= wire.bit(over)
            self._kill(action)

    def _count_left(self, action: Action) -> None:
        """A burst of processes can be over before it is looked at; what it left is still here."""
        if not self._settings["alone"] or action.limits:
            return
        if sum(map(watch.threads, watch.processes(alone=True))) > self._settings["max_processes"]:
            action.limits |= wire.bit("processes")

    def _memory_kib(self, pids: list[int]) -> int:
        own = watch.memory_kib(pids, self._settings["memory_mb"] * 1024, self._settings["alone"])
        if not self._cgroup_base:
            return own
        return max(own, watch.cgroup_kib(self._settings["folders"]) - self._cgroup_base)

    def _cpu(self, pids: list[int], action: Action) -> float:
        """CPU seconds since the action began, of those who live and of those who were collected."""
        dead = watch.dead_cpu_seconds() - action.dead_cpu
        if self._cgroup_base:
            return watch.cgroup_cpu_seconds() - action.cgroup_cpu
        return (
            sum(map(watch.cpu_seconds, pids)) + sum(map(watch.cpu_of_collected, pids)) + dead - sum(action.cpu.values())
        )

    def _reap(self, action: Action) -> None:
        """Collect who ended; `action` is over when its process did (left for `_account`)."""
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None:
                return
            if found.si_pid == action.pid:
                action.over = True
                return
            os.waitpid(found.si_pid, 0)
            self._forget(found.si_pid)

    def _cell_spoke(self, action: Action) -> None:
        assert action.cell
        said, pid = session.hear(action.cell.control)
        if not said:
            self._kill(action)
            os.waitid(os.P_PID, action.pid, os.WEXITED | os.WNOWAIT)
            action.over = True
        elif pid == action.pid:
            action.code, action.over = said[0], True

    def _account(self, action: Action) -> tuple[float, int]:
        """CPU seconds and peak KiB of the action; sets its status where its process ended."""
        if action.cell and action.code >= 0:
            return watch.cpu_seconds(action.pid) - action.cpu[action.pid], watch.resident_kib(action.pid)
        _, status, usage = os.wait4(action.pid, 0)
        action.code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
        action.signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if action.cell:
            action.lost = True
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss

    def _note_limits(self, action: Action, streams: list[pump.Stream]) -> None:
        if any(stream.cut for stream in streams):
            action.limits |= wire.bit("output")
        if action.signal == signal.SIGXFSZ:
            action.limits |= wire.bit("file_size")
        if watch.oom_kills() > action.oom_kills:
            action.limits |= wire.bit("memory")
        if watch.refused_forks() > action.refused_forks:
            action.limits |= wire.bit("processes")
        if self._settings["alone"] and (full := watch.full(self._settings["folders"])):
            action.limits |= wire.bit(full)
        if action.lost:
            self._forget(action.pid)

    # what outlives an action, and what must not

    def _forget(self, pid: int) -> None:
        for number, known in list(self._sessions.items()):
            if known.pid == pid:
                self._sessions.pop(number).forget()

    def _kill_others(self) -> None:
        """Kill all but the sessions, which stand still until their next cell. Everything is stopped first: nothing can
        fork away from the list."""
        if self._spare:
            self._close_ends(self._spare)
            self._spare = None
        spared = {known.pid for known in self._sessions.values()}
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(-1, signal.SIGSTOP if spared else signal.SIGKILL)
        killed = [pid for pid in watch.processes(self._settings["alone"]) if pid not in spared] if spared else []
        for pid in killed:
            self._signal(pid, signal.SIGKILL)
        for pid in killed:
            watch.wait_for_end(pid)
        self._reap_dead(os.WNOHANG if spared else 0)

    def _reap_dead(self, flags: int) -> None:
        """Collect everything that ended, orphans included; a session that ended is forgotten."""
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | flags)
            except ChildProcessError:
                return
            if found is None:
                return
            self._forget(found.si_pid)

    def _open(self) -> int:
        mine, out, err, theirs = self._ends()
        pid = self._try_fork()
        if pid == 0:
            try:
                session.live(theirs[0], theirs[1], theirs[2], self._settings)
            finally:
                os._exit(1)
        return self._admit(mine, out, err, theirs)

    def _ends(self) -> tuple[socket.socket, int, int, list[int]]:
        """A new session's control, output and errors: the ends kept here, and the three that are the session's."""
        mine, control = session.channel_pair()
        (out, out_write), (err, err_write) = os.pipe(), os.pipe()
        return mine, out, err, [control.detach(), out_write, err_write]

    def _admit(self, mine: socket.socket, out: int, err: int, theirs: list[int]) -> int:
        """The number of the session that says hello on `mine`; 0 when none does. Its ends are closed here."""
        for fd in theirs:
            os.close(fd)
        ready, _, _ = select.select([mine], [], [], 10)
        said, pid = session.hear(mine) if ready else (b"", 0)
        if said != session.HELLO:
            Session(0, mine, out, err).forget()
            self._kill_others()
            return 0
        self._sessions[self._next] = Session(pid, mine, out, err)
        self._next += 1
        self._kill_others()
        return self._next - 1

    def _fork(self, number: int) -> int:
        if number not in self._sessions:
            return 0
        mine, out, err, theirs = self._ends()
        self._signal(self._sessions[number].pid, signal.SIGCONT)
        with contextlib.suppress(BrokenPipeError):
            socket.send_fds(self._sessions[number].control, [session.SNAPSHOT], theirs)
        return self._admit(mine, out, err, theirs)

    def _close(self, number: int) -> int:
        known = self._sessions.pop(number, None)
        if known is None:
            return 1
        self._signal(known.pid, signal.SIGKILL)
        known.forget()
        self._kill_others()
        return 0

    def _reset(self) -> int:
        """Back to the state of a new sandbox; not 0 when something is left."""
        if self._sessions:
            for known in self._sessions.values():
                known.forget()
            self._sessions.clear()
            self._kill_others()
        if self._still_empty():
            return 0
        fresh = self._taken()
        if fresh is None:
            return 1
        self._send_body(fresh.body, wire.WIPE, 0, 0.0)
        left = os.waitstatus_to_exitcode(os.waitpid(fresh.pid, 0)[1])
        os.close(fresh.out)
        os.close(fresh.err)
        self._empty = {}
        if not left:
            self._remember_empty()
        return left

    def _remember_empty(self) -> None:
        """Note when the folders, empty now, were last changed; what is done in the same tick would not show."""
        way = {str(parent) for path in self._kept for parent in Path(path).parents if len(parent.parts) > 1}
        self._empty = {folder: os.stat(folder).st_ctime_ns for folder in {*self._folders, *way}}
        self._empty_from = time.time_ns() + TICK_NS

    def _still_empty(self) -> bool:
        """Whether nothing was made in the folders or changed of them: their ctime is the kernel's, not the agent's."""
        return bool(self._empty) and all(os.stat(folder).st_ctime_ns == at for folder, at in self._empty.items())
