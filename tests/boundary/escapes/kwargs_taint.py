# hides: a process, by named arguments of a mapping
# caught by: source
import os
def go(**tools):
    tools["shell"].system("id")
go(shell=os)
