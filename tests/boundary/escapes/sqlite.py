# hides: a database
# caught by: source
import sqlite3
