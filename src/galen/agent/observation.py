"""From what a program did to what the agent is shown: bounded, with a visible mark where text was cut."""

from __future__ import annotations

from galen.types import ExecResult, Limit, Observation

ERROR_LINES = 6
HIDDEN = "what it printed is not shown"
RAN, FAILED = f"it ran; {HIDDEN}", f"Error: it failed; {HIDDEN}"
WRONG = "wrong. Only the first submission counts, but you may go on."
_KILLED = {
    Limit.MEMORY: "out of memory",
    Limit.CPU: "too much CPU time",
    Limit.PROCESSES: "too many processes",
    Limit.FILE_SIZE: "a file grew over the limit",
}


def clip(text: str, limit: int) -> tuple[str, int]:
    """`text` within `limit` characters, its head and tail kept, and how many characters were cut."""
    if len(text) <= limit:
        return text, 0
    head = limit * 2 // 3
    cut = len(text) - limit
    return f"{text[:head]}\n… {cut} characters cut …\n{text[len(text) - (limit - head) :]}", cut


def observe(result: ExecResult, limit: int) -> Observation:
    """Output first; then, if the program failed, why: the last lines of its error, or the limit that it hit."""
    parts = [result.stdout.strip("\n")] if result.stdout.strip() else []
    if result.timed_out:
        parts.append(f"timed out after {result.seconds:.0f} s")
    elif result.exit_code is None:
        parts.append(
            "killed: " + (next((_KILLED[hit] for hit in result.limits if hit in _KILLED), f"signal {result.signal}"))
        )
    elif result.exit_code:
        parts.append(error_tail(result.stderr) or f"exit code {result.exit_code}")
    if result.state_lost:
        parts.append("(the session ended, its variables are gone)")
    text, cut = clip("\n".join(parts) or "(no output)", limit)
    return Observation(text=text, ok=result.ok, cut_chars=cut)


def outcome(result: ExecResult) -> Observation:
    """Whether a program ran, and nothing that it wrote: an error's text and type are the program's own words too."""
    return Observation(text=RAN if result.ok else FAILED, ok=result.ok)


def error_tail(stderr: str) -> str:
    """The end of an error text: the frames of the agent's own code and the message."""
    lines = [line for line in stderr.strip().splitlines() if set(line.strip()) - set("^~")]
    return "\n".join(lines[-ERROR_LINES:])
