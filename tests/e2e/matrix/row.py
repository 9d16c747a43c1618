"""A case of the matrix: harness/cases.py's, and what only the matrix needs."""

from dataclasses import dataclass, field

from harness.cases import Case


@dataclass
class Row(Case):
    """`origin` may also be a name of stacks.STACKS.

    fresh     a midspan of its own: the history of the client counts
    first     extra arguments of a good fetch by the same client before the one that breaks; None:
              there is none
    clock     offset of the client's clock, in the words of faketime: "+400d"
    machine   offset of the clock of midspan's machine, in the same words
    trust     what the client trusts: "bridge", "root" (of the test's origins) or "stranger"
    target    where the client is sent, when not to the origin: "HOST:PORT"
    upstream  options of a second midspan between this one and the origin (--via); None: none
    authority fault of midspan's own authority; None: a good one
    bridged   `midspan bridge` in front of the origin instead of a proxy
    masked    the connection works, and the cause stands in the masking report; no leg, no party
    experiment  with --experiment: the client fetches again until its verdict is proven; before that,
              with a `trust` of its own, it refuses a second name
    guess       with `experiment`: the cause of the first verdict, where the experiments find another
    env       more of the client's environment; {FOLDER} in a value is the matrix's own
    shows     what a row of the proof must say, changed or outcome
    scripted  the peer that breaks it is a script of the test's, not software as it comes
    """

    fresh: bool = False
    first: tuple = None
    clock: str = None
    machine: str = None
    trust: str = None
    target: str = None
    upstream: tuple = None
    authority: str = None
    bridged: bool = False
    masked: bool = False
    shows: str = None
    scripted: bool = False
    experiment: bool = False
    guess: str = None
    env: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.title}: {self.client} to {self.origin}"


def stack_of(case):
    """The peer on the broken leg: its stack is the one that the cause was seen with."""
    return case.client if case.leg == "client" else case.origin
