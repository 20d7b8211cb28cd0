# hides: a process, one member imported under a harmless name
# caught by: source
from os import popen as read_text
read_text("id")
