# looks like: the forbidden words in a docstring
"""Never import subprocess, os.system or socket; eval and exec are out; DELETE FROM x WHERE y = 1."""
X = 1
