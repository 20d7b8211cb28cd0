# looks like: a statement in help text
def build(parser):
    parser.add_argument("--sql", help="UPDATE x SET y = 1")
