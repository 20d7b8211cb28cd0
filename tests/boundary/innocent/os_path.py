# looks like: os.path and friends
import os
import os.path as p
HERE = p.dirname(os.path.abspath(__file__))
HOME = os.environ.get("HOME", "")
