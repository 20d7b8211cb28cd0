# looks like: writing a pickle
import pickle
BYTES = pickle.dumps({})
