# -*- coding: latin-1 -*-
# hides: a process, in a file of another encoding
# caught by: source
name = 'Zürich'
import subprocess
