# hides: every loaded class, asked of type
# caught by: source
type.__subclasses__(object)
