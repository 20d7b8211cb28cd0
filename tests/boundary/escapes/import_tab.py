# hides: a connection, imported with tabs
# caught by: source
import	requests
