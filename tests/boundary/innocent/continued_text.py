# looks like: a word on two lines, but the line that goes on divides none
TEXT = """\
A text that begins on its second line.
"""
