# looks like: an array file without pickles
import numpy as np
A = np.load("x.npy", allow_pickle=False)
B = np.load("y.npy")
