# hides: a process, by a dotted attrgetter on a harmless module
# caught by: source
import operator
import pathlib
operator.attrgetter("os.system")(pathlib)("id")
