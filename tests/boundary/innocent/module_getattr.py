# looks like: late imports by a table of names
def __getattr__(name):
    if name == "Advisor":
        from arf_core.advisor import Advisor
        return Advisor
    raise AttributeError(name)
