# hides: objects that run when read, by the class
# caught by: source
from pickle import Unpickler
