"""What the runner says when the machine does not let it go on: one line that names the trouble and its cure."""


class RunnerError(Exception):
    """Something on this machine is in the way; a person can remove it, and the message says how."""

    def __init__(self, trouble: str, cure: str) -> None:
        """Keep both halves, so that callers may show them apart."""
        super().__init__(f"{trouble} -> {cure}")
        self.trouble = trouble
        self.cure = cure
