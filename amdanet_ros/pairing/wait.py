"""How long the first messages of both queues wait for a nearer one."""


class Wait:
    """The present wait, if there is one. All times are integer nanoseconds.

    Attributes:
        longest: limit of a wait.
        deadline: when the present one ends; None where nothing waits.
    """

    __slots__ = ("_heads", "_until", "deadline", "longest")

    def __init__(self) -> None:
        self.longest = 0
        self.reset()

    def reset(self) -> None:
        """Forget the present wait."""
        self.deadline: int | None = None
        self._heads: tuple[int, int, int] | None = None
        self._until = 0

    def goes_on(self, heads: tuple[int, int, int], due: int, now: int) -> bool:
        """Begin or continue a wait; return whether it is not over yet.

        Args:
            heads: lap and keys of the messages that wait; other ones begin a new wait.
            due: when the message that they wait for counts as lost.
            now: present time.
        """
        if self._heads != heads:
            self._heads = heads
            self._until = now + self.longest
        elif now + self.longest < self._until:  # the clock was set back
            self._until = now + self.longest
        deadline = due if due < self._until else self._until
        self.deadline = deadline if now < deadline else None
        return now < deadline
