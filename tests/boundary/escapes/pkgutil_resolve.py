# hides: a member by text
# caught by: source
import pkgutil
pkgutil.resolve_name("os:system")("id")
