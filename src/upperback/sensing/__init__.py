"""Pure signal kernel: orientation, posture, muscle, movement, repetitions, cues. Empty so far."""
