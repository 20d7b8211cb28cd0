# hides: an array file with pickles
# caught by: source
import numpy as np
np.load("x.npy", allow_pickle=True)
