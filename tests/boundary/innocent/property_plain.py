# looks like: a property
import os


class Place:
    """A place."""

    @property
    def system(self) -> str:
        """Its name."""
        return os.name


print(Place().system)
