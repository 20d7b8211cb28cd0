# hides: objects that run when read, from a file
# caught by: source
import shelve
