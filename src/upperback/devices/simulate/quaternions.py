"""Rotations of many samples at once: unit quaternions with the four parts in the first axis, `(4, ...)`.

`q` turns vectors of the moving frame into the fixed one: `v_fixed = rotated(q, v_moving)`.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

IDENTITY: Array = np.array([1.0, 0.0, 0.0, 0.0])


def product(a: Array, b: Array) -> Array:
    """First `b`, then `a`."""
    w, x, y, z = a
    p, q, r, s = b
    return np.stack(
        np.broadcast_arrays(
            w * p - x * q - y * r - z * s,
            w * q + x * p + y * s - z * r,
            w * r - x * s + y * p + z * q,
            w * s + x * r - y * q + z * p,
        )
    )


def conjugate(q: Array) -> Array:
    """The way back."""
    return np.stack([q[0], -q[1], -q[2], -q[3]])


def rotated(q: Array, v: Array) -> Array:
    """`v` of the moving frame, seen from the fixed frame."""
    w, x, y, z = q
    a, b, c = v
    # v + 2 w (u x v) + 2 u x (u x v)
    i, j, k = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return np.stack(
        np.broadcast_arrays(a + w * i + y * k - z * j, b + w * j + z * i - x * k, c + w * k + x * j - y * i)
    )


def carried(q: Array, place: Array) -> Array:
    """`rotated` for one fixed place (3,): only the axes along which it lies are turned."""
    w, x, y, z = q
    ahead, left, up = 2 * place
    total = np.zeros((3, *w.shape))
    total += place.reshape(3, *(1 for _ in w.shape))
    if ahead:
        total += ahead * np.stack([-(y * y + z * z), x * y + w * z, x * z - w * y])
    if left:
        total += left * np.stack([x * y - w * z, -(x * x + z * z), y * z + w * x])
    if up:
        total += up * np.stack([x * z + w * y, y * z - w * x, -(x * x + y * y)])
    return total


def upwards(q: Array) -> Array:
    """The fixed frame's z axis, seen from the moving frame."""
    w, x, y, z = q
    return np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)])


def exponential(rotation_vector: Array) -> Array:
    """The turn about the vector's direction by its length in radians."""
    angle = np.sqrt((rotation_vector**2).sum(axis=0))
    share = 0.5 * np.sinc(angle / (2 * np.pi))
    return np.concatenate([np.cos(angle / 2)[None], rotation_vector * share])


def logarithm(q: Array) -> Array:
    """The rotation vector of the shorter way."""
    q = q * np.where(q[0] < 0, -1.0, 1.0)
    length = np.sqrt((q[1:] ** 2).sum(axis=0))
    angle = 2 * np.arctan2(length, q[0])
    return q[1:] * np.where(length > 1e-12, angle / np.maximum(length, 1e-12), 2.0)


def small(rotation_vector: Array) -> Array:
    """Nearly `exponential` for a few degrees, and exactly a rotation, without sine and cosine."""
    half = rotation_vector / 2
    scale = 1 / np.sqrt(1 + (half**2).sum(axis=0))
    return np.concatenate([scale[None], half * scale])


def matrix(q: Array) -> Array:
    """(3, 3) of one quaternion: its columns are the moving axes in the fixed frame."""
    return rotated(q[:, None], np.eye(3))


def from_matrix(m: Array) -> Array:
    """The quaternion of one rotation matrix."""
    # The largest of the four parts is found first, so that nothing is divided by a number near nought.
    trace = m[0, 0] + m[1, 1] + m[2, 2]
    squares = np.array([trace, m[0, 0], m[1, 1], m[2, 2]])
    largest = int(squares.argmax())
    q = np.empty(4)
    if largest == 0:
        q[:] = 1 + trace, m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    else:
        i = largest - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        q[0] = m[k, j] - m[j, k]
        q[1 + i] = 1 + m[i, i] - m[j, j] - m[k, k]
        q[1 + j] = m[j, i] + m[i, j]
        q[1 + k] = m[k, i] + m[i, k]
    q /= np.linalg.norm(q)
    return q if q[0] >= 0 else -q


def turn(axis: int, angle_rad: float) -> Array:
    """One turn about the x (0), y (1) or z (2) axis."""
    q = np.zeros(4)
    q[0], q[1 + axis] = np.cos(angle_rad / 2), np.sin(angle_rad / 2)
    return q


def chain(*turns: Array) -> Array:
    """The product of several rotations, from left to right in their own axes."""
    q = IDENTITY
    for each in turns:
        q = product(q, each)
    return q
