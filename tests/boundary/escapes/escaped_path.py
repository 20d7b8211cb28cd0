# hides: a way round Python, its path spelled by escapes
# caught by: source
open("/pr\x6fc/self/mem", "wb")
