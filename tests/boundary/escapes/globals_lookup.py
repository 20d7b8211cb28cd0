# hides: a global by a name that is made up
# caught by: source
import os
def act(text):
    return globals()[text.strip()]
