"""Who trains the same network on the same rows: one file per peer, each one function, `start`.

`start(problem, shuffle)` prepares everything that is not training and returns a function that trains for a
number of epochs and returns the mean loss of each. All peers: softmax cross-entropy, ReLU, Adam with its
paper's constants, float32; rows in a new random order every epoch, or in their own order without `shuffle`.
"""
