"""Pure signal kernel: orientation, posture, muscle, movement, repetitions, cues. Live and batch are the same code.

Every stage is parameters, state and update: (state, block) -> (state, result). However a stream is cut, the result is
the same; states can be saved and go on elsewhere. `signal` holds what stages take, `compiled` the fast kernel.
"""
