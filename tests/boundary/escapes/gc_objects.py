# hides: every object there is
# caught by: source
import gc
gc.get_objects()
