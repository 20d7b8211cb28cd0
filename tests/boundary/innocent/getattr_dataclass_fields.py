# looks like: getattr over the fields of a dataclass
from dataclasses import dataclass, fields
@dataclass
class Event:
    a: int
def values(event):
    return [getattr(event, f.name) for f in fields(event)]
