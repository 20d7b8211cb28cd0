# hides: objects that run when read
# caught by: source
import pickle
pickle.loads(b"")
