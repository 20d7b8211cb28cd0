# looks like: a frozen dataclass that fills a computed field
from dataclasses import dataclass, field
@dataclass(frozen=True)
class Value:
    a: int
    b: int = field(init=False)
    def __post_init__(self):
        object.__setattr__(self, "b", self.a + 1)
