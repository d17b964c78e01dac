"""The orientation stage in NumPy: slow and plain. The compiled kernel has to agree with it, and it stands in for it.

Each step works on all lanes at once; a lane is a row of the arrays here, (n_lanes, 3) and the like. States are the rows
of `LanesState`, so a state can move between this and the kernel.
"""

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.sensing.orientation._compiled import Pieces, Span
from upperback.sensing.orientation.base import Bad, Design, Floats, Rows, SmoothRows, TiltRows

Mask: TypeAlias = npt.NDArray[np.bool_]

N_X = 9
GRAVITY, VELOCITY, BIAS = slice(0, 3), slice(3, 6), slice(6, 9)
_LOWER = np.tril_indices(N_X)


@dataclass(slots=True)
class Sums:
    """What adds up over the samples of a stretch, lane by lane."""

    turn: Floats
    """(n_lanes, 3, 3), matrices from the sensor to the still frame"""
    force: Floats
    """(n_lanes, 3), specific force in the still frame"""
    gyr: Floats
    """(n_lanes, 3)"""
    gyr2: Floats
    """(n_lanes,), squared length of the angular velocity; `acc2` of the specific force"""
    acc2: Floats
    time: Floats
    """(n_lanes,), samples, the missing ones too"""
    lost: Floats
    """(n_lanes,), samples that are missing"""


@dataclass(slots=True)
class Estimate:
    """What the Kalman filter believes, lane by lane.

    `x` (n_lanes, 9): gravity and velocity in the still frame, bias in the sensor frame; `p` its covariance;
    `rest` nodes at rest so far, with the means of angular velocity and specific force when the rest began.
    """

    x: Floats
    p: Floats
    rest: Floats
    rest_gyr: Floats
    rest_acc: Floats
    started: Floats


@dataclass(slots=True)
class Node:
    """What the smoother needs of a node: prediction, transition and what was believed after measuring."""

    x_predicted: Floats
    p_predicted: Floats
    transition: Floats
    x: Floats
    p: Floats
    starts: Mask
    full: Mask


class ReferenceLive:
    """A live filter over lanes, with gyroscope or without; the plain twin of `LiveLanes`."""

    def __init__(self, design: Design, n_lanes: int, *, has_gyroscope: bool, dtype: npt.DTypeLike = np.float32) -> None:
        self._c = design.named
        self._has_gyroscope = has_gyroscope
        self._rows = np.zeros((n_lanes, (Rows if has_gyroscope else TiltRows).ALL), dtype)

    def update(self, acc: Floats, gyr: Floats | None, bad: npt.NDArray[np.uint8] | None) -> Floats:
        """One block: (n_time, 3, n_lanes) and (n_time, n_lanes)."""
        up = np.empty(acc.shape, self._rows.dtype)
        if bad is None:
            bad = np.zeros((len(acc), acc.shape[2]), np.uint8)
        with np.errstate(all="ignore"):  # lanes without a sample are worked on too, and then put back
            for t in range(len(acc)):
                a = acc[t].T.astype(self._rows.dtype)
                if gyr is None:
                    low, good = _low_pass(self._rows, a, bad[t], self._c)
                    up[t] = np.where(good[:, None], _unit(low), np.nan).T
                else:
                    g = gyr[t].T.astype(self._rows.dtype)
                    up[t] = _live_sample(self._rows, g, a, bad[t], self._c).T
        return up

    def rows(self) -> Floats:
        """The state, (n_lanes, rows)."""
        return self._rows.copy()

    def ages_and_gaps(self) -> tuple[Floats, Floats]:
        """Copies of these rows of the state; they are the first two with gyroscope and without."""
        return self._rows[:, Rows.AGE].copy(), self._rows[:, Rows.GAP].copy()

    def put_rows(self, rows: Floats, lanes: npt.NDArray[np.intp] | slice) -> None:
        """Put the state of some lanes."""
        self._rows[lanes] = rows


class ReferenceWindows:
    """The smoother over windows, with gyroscope or without; the plain twin of `Windows`, for any number of lanes."""

    def __init__(self, design: Design, n_lanes: int, *, has_gyroscope: bool, dtype: npt.DTypeLike = np.float32) -> None:
        self._c = design.named
        self.state = np.zeros((n_lanes, (SmoothRows if has_gyroscope else TiltRows).ALL), dtype)

    def work_out(
        self, acc: Floats, gyr: Floats | None, bad: npt.NDArray[np.uint8], up: Floats | None, n_keep: int
    ) -> None:
        """One window; `up` for the first `n_keep` samples, or None for a warm-up."""
        with np.errstate(all="ignore"):
            a = np.moveaxis(acc, 1, 2).astype(self.state.dtype)
            if gyr is None:
                result = _tilt_window(self.state, a, bad, n_keep, self._c, warm_up=up is None)
            else:
                g = np.moveaxis(gyr, 1, 2).astype(self.state.dtype)
                result = _window(self.state, g, a, bad, n_keep, self._c, warm_up=up is None)
        if up is not None:
            up[:n_keep] = np.moveaxis(result, 2, 1)


class ReferenceTiles:
    """Rows of a recording as lanes, and back; the plain twin of `Tiles`."""

    def pack(self, signal: Pieces, span: Span, tile: Floats) -> None:
        """`signal` (n_samples, 3) into `tile` (n_time, 3, n_lanes)."""
        tile[:] = 0
        for lane, rows, of_signal in span.lanes():
            tile[rows, :, lane] = signal.part(of_signal.start, of_signal.stop)

    def pack_bad(self, bad: npt.NDArray[np.uint8] | None, span: Span, tile: npt.NDArray[np.uint8]) -> None:
        """`bad` (n_samples,) into `tile` (n_time, n_lanes); idle where a lane has nothing."""
        tile[:] = Bad.IDLE
        for lane, rows, of_signal in span.lanes():
            tile[rows, lane] = Bad.NOT if bad is None else bad[of_signal]

    def unpack(self, tile: Floats, span: Span, signal: Floats) -> None:
        """`tile` into `signal`, for the rows of the span."""
        for lane, rows, of_signal in span.lanes():
            signal[of_signal] = tile[rows, :, lane]


# ------------------------------------------------------------------------------- with gyroscope, live


def _live_sample(rows: Floats, g: Floats, a: Floats, bad: npt.NDArray[np.uint8], c: dict[str, float]) -> Floats:
    """One sample for every lane; changes `rows`, returns up (n_lanes, 3)."""
    good = _usable(g, a, bad, c)
    begins = good & (rows[:, Rows.AGE] == 0)
    missing = ~good & (bad != Bad.IDLE) & (rows[:, Rows.AGE] > 0)

    s = rows.copy()
    s[begins, Rows.TURN] = [1, 0, 0, 0]
    s[begins, Rows.LAST] = (g - s[:, Rows.BIAS])[begins]
    s[begins, Rows.LAST_ACC] = a[begins]
    rate = g - s[:, Rows.BIAS]
    s[:, Rows.TURN] = _turn(s[:, Rows.TURN], s[:, Rows.LAST], rate, _since(s[:, Rows.GAP], c))
    turn = _matrix(s[:, Rows.TURN])
    s[:, Rows.NOW] = _add(s[:, Rows.NOW], turn, g, a, s[:, Rows.LAST_ACC], c)
    s[:, Rows.UP] += s[:, Rows.UP_STEP]
    opens = s[:, Rows.RUNS] == 0  # before the first node the mean specific force so far is the best there is
    s[opens, Rows.UP] = _direction(_sums(s[:, Rows.NOW]).force)[opens]
    up = _turned_back(turn, s[:, Rows.UP], rate, c["gyr_delay_s"])
    s[:, Rows.LAST] = rate
    s[:, Rows.LAST_ACC] = a
    s[:, Rows.AGE] += 1
    s[:, Rows.GAP] = 0
    rows[good] = s[good]

    _count_missing(rows, missing, c)
    _reach_events(rows, good | missing, c)
    return np.where(good[:, None], up, np.nan)


def _count_missing(rows: Floats, missing: Mask, c: dict[str, float]) -> None:
    """Missing samples are time without news; too many end what was going on."""
    rows[:, Rows.GAP] += missing
    now = _sums(rows[:, Rows.NOW])
    now.lost += missing
    now.time += missing
    ends = missing & (rows[:, Rows.GAP] >= c["gap_max"])
    if ends.any():
        _work_out(rows, c)
        for row in (Rows.AGE, Rows.GAP, Rows.RUNS):
            rows[ends, row] = 0
        rows[ends, Rows.UP_STEP] = 0
        rows[ends, Rows.NOW] = 0
        rows[ends, Rows.ESTIMATED.stop - 1] = 0  # not started


def _reach_events(rows: Floats, passes: Mask, c: dict[str, float]) -> None:
    """What follows from where the lanes are between nodes, where time passes."""
    gone, lost = rows[:, Rows.NOW][:, 17], rows[:, Rows.NOW][:, 18]
    due = passes & (rows[:, Rows.RUNS] > 0) & (gone == c["apply"])
    node = passes & (gone >= c["node"]) & (gone > lost)
    if (due & (rows[:, Rows.WAITS] > 0)).any():
        _work_out(rows, c)
    if due.any():  # the direction that the last node found is the goal for the next stretch
        aims = due & ((rows[:, Rows.GOAL] ** 2).sum(axis=1) > 0.5)
        step = (rows[:, Rows.GOAL] - rows[:, Rows.UP]) * c["node_share"]
        rows[aims, Rows.UP_STEP] = step[aims]
    if node.any():
        bias = rows[:, Rows.ESTIMATED][:, BIAS]
        rows[node, Rows.THEN] = rows[node, Rows.NOW]
        rows[node, Rows.BIAS_THEN] = rows[node, Rows.BIAS]
        rows[node, Rows.LAST] += (rows[:, Rows.BIAS] - bias)[node]
        rows[node, Rows.BIAS] = bias[node]
        rows[node, Rows.NOW] = 0
        rows[node, Rows.WAITS] = 1
        rows[node, Rows.RUNS] = 1
    rows[:, Rows.CALM] = (rows[:, Rows.RUNS] > 0) & (rows[:, Rows.GAP] == 0)


def _work_out(rows: Floats, c: dict[str, float]) -> None:
    """Work out the nodes that wait."""
    estimate = _estimate_of(rows[:, Rows.ESTIMATED])
    _take_on(estimate, _sums(rows[:, Rows.THEN]), rows[:, Rows.BIAS_THEN], c)
    waits = rows[:, Rows.WAITS] > 0
    rows[waits, Rows.ESTIMATED] = _rows_of(estimate)[waits]
    rows[waits, Rows.GOAL] = _direction(estimate.x[:, GRAVITY])[waits]
    rows[:, Rows.WAITS] = 0


# ---------------------------------------------------------------------- with gyroscope and hindsight


def _window(
    rows: Floats,
    gyr: Floats,
    acc: Floats,
    bad: npt.NDArray[np.uint8],
    n_keep: int,
    c: dict[str, float],
    *,
    warm_up: bool,
) -> Floats:
    """A window (n_time, n_lanes, 3): forward, backward (Rauch, Tung and Striebel), then drawn from node to node."""
    n_time, n_node = len(acc), round(c["node"])
    s, kept = rows.copy(), rows.copy()
    turns, nodes = [], []
    for t in range(n_time):
        _window_sample(s, gyr[t], acc[t], bad[t], c)
        turns.append(_matrix(s[:, SmoothRows.TURN]))
        if (t + 1) % n_node == 0 or t + 1 == n_time:
            nodes.append(_window_node(s, c))
        if t + 1 == n_keep:
            kept = s.copy()
    kept[:, SmoothRows.DIRECTION] = rows[:, SmoothRows.DIRECTION]
    up = np.full((n_keep, *acc.shape[1:]), np.nan, rows.dtype)
    if not warm_up:
        directions = _directions_with_hindsight(nodes)
        start = rows[:, SmoothRows.DIRECTION]
        for t in range(n_keep):
            k = t // n_node
            n_stretch = min(n_node, n_keep - k * n_node)
            known = ~nodes[k].starts & ((start**2).sum(axis=1) > 0)
            origin = np.where(known[:, None], start, directions[k])
            direction = origin + (directions[k] - origin) * ((t % n_node + 1) / n_stretch)
            there = _turned_back(turns[t], direction, gyr[t], c["gyr_delay_s"])
            up[t] = np.where(_usable(gyr[t], acc[t], bad[t], c)[:, None], there, np.nan)
            if (t + 1) % n_node == 0 or t + 1 == n_keep:
                start = directions[k]
        kept[:, SmoothRows.DIRECTION] = start
    rows[:] = kept
    return up


def _window_sample(s: Floats, g: Floats, a: Floats, bad: npt.NDArray[np.uint8], c: dict[str, float]) -> None:
    good = _usable(g, a, bad, c)
    begins = good & (s[:, SmoothRows.SEEN] == 0)
    fresh = good & ~s[:, SmoothRows.TURN].any(axis=1)
    missing = ~good & (bad != Bad.IDLE) & (s[:, SmoothRows.SEEN] > 0)
    new = s.copy()
    new[fresh, SmoothRows.TURN] = [1, 0, 0, 0]
    new[begins, SmoothRows.LAST] = g[begins]
    new[begins, SmoothRows.LAST_ACC] = a[begins]
    since_s = _since(new[:, SmoothRows.GAP], c)
    new[:, SmoothRows.TURN] = _turn(new[:, SmoothRows.TURN], new[:, SmoothRows.LAST], g, since_s)
    turn = _matrix(new[:, SmoothRows.TURN])
    new[:, SmoothRows.NOW] = _add(new[:, SmoothRows.NOW], turn, g, a, new[:, SmoothRows.LAST_ACC], c)
    new[:, SmoothRows.LAST] = g
    new[:, SmoothRows.LAST_ACC] = a
    new[:, SmoothRows.SEEN] = 1
    new[:, SmoothRows.GAP] = 0
    s[good] = new[good]
    s[:, SmoothRows.GAP] += missing
    now = _sums(s[:, SmoothRows.NOW])
    now.lost += missing
    now.time += missing
    ends = missing & (s[:, SmoothRows.GAP] >= c["gap_max"])
    for row in (SmoothRows.GAP, SmoothRows.SEEN, SmoothRows.ESTIMATED.stop - 1):
        s[ends, row] = 0
    s[ends, SmoothRows.NOW] = 0


def _window_node(s: Floats, c: dict[str, float]) -> Node:
    now = _sums(s[:, SmoothRows.NOW])
    full = now.time > now.lost
    estimate = _estimate_of(s[:, SmoothRows.ESTIMATED])
    node = _take_on(estimate, now, np.zeros_like(now.gyr), c)
    node.full = full
    s[full, SmoothRows.ESTIMATED] = _rows_of(estimate)[full]
    s[full, SmoothRows.NOW] = 0
    return node


def _directions_with_hindsight(nodes: list[Node]) -> list[Floats]:
    """Unit vectors of gravity at each node, given all of them."""
    last = nodes[-1]
    x, directions = last.x.copy(), [np.zeros_like(last.x[:, GRAVITY])]
    later: Node | None = None  # the next node that has samples, lane by lane
    for node in reversed(nodes):
        if later is None:
            x = node.x.copy()
            later = _copy(node)
        else:
            p_predicted = np.where(later.full[:, None, None], later.p_predicted, np.eye(N_X, dtype=x.dtype))
            before = node.p.copy()
            before[later.starts, : BIAS.start] = 0  # gravity at a start owes nothing to what was before
            gain = np.linalg.solve(p_predicted, later.transition @ before).swapaxes(1, 2)
            with_hindsight = node.x + (gain @ (x - later.x_predicted)[:, :, None])[:, :, 0]
            with_hindsight[~later.full] = node.x[~later.full]
            x = np.where(node.full[:, None], with_hindsight, x)
            for name in (field.name for field in fields(Node)):
                getattr(later, name)[node.full] = getattr(node, name)[node.full]
        found = _direction(x[:, GRAVITY])
        directions.append(np.where(node.full[:, None], found, directions[-1]))
    return directions[:0:-1]


def _copy(node: Node) -> Node:
    return Node(*(np.array(getattr(node, field.name)) for field in fields(Node)))


# ------------------------------------------------------------------------------ what both have in common


def _usable(g: Floats, a: Floats, bad: npt.NDArray[np.uint8], c: dict[str, float]) -> Mask:
    good: Mask = ((g**2).sum(axis=1) <= c["gyr_max"] ** 2) & ((a**2).sum(axis=1) <= c["acc_max"] ** 2)
    good &= bad == Bad.NOT
    return good


def _since(missing: Floats, c: dict[str, float]) -> Floats:
    """Time since the last sample: over a short gap the turn is guessed from both sides."""
    since_s: Floats = (np.minimum(missing, c["bridge"]) + 1) * c["step_s"]
    return since_s


def _turn(q: Floats, last: Floats, rate: Floats, since_s: Floats) -> Floats:
    """Turn quaternions (w, x, y, z) on by the mean of two angular velocities, with the term for a turning axis."""
    half = (last + rate) * since_s[:, None] / 4 + np.cross(last, rate) * since_s[:, None] ** 2 / 24
    angle2 = (half**2).sum(axis=1)
    sine = 1 - angle2 * (1 / 6 - angle2 * (1 / 120 - angle2 / 5040))
    cosine = 1 - angle2 * (1 / 2 - angle2 * (1 / 24 - angle2 / 720))
    v = half * sine[:, None]
    w, xyz = q[:, :1], q[:, 1:]
    turned = np.empty_like(q)
    turned[:, 0] = q[:, 0] * cosine - (xyz * v).sum(axis=1)
    turned[:, 1:] = w * v + cosine[:, None] * xyz + np.cross(xyz, v)
    return _unit(turned)


def _matrix(q: Floats) -> Floats:
    w, x, y, z = q.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows, q.dtype), 2, 0)


def _add(now: Floats, turn: Floats, g: Floats, a: Floats, last_acc: Floats, c: dict[str, float]) -> Floats:
    """The sums with one more sample."""
    added = now.copy()
    sums = _sums(added)
    force = a + (last_acc - a) * c["acc_back"]  # as late as the gyroscope
    sums.turn += turn
    sums.force += (turn @ force[:, :, None])[:, :, 0]
    sums.gyr += g
    sums.gyr2 += (g**2).sum(axis=1)
    sums.acc2 += (a**2).sum(axis=1)
    sums.time += 1
    return added


def _turned_back(turn: Floats, direction: Floats, rate: Floats, delay_s: float) -> Floats:
    """Up in the sensor frame, and to where it has got since the gyroscope felt this."""
    up = (turn.swapaxes(1, 2) @ direction[:, :, None])[:, :, 0]
    return _unit(up + np.cross(up, rate) * delay_s)


def _take_on(e: Estimate, sums: Sums, bias_used: Floats, c: dict[str, float]) -> Node:
    """Take the estimates from the last node to this one; changes `e`."""
    dtype = e.x.dtype
    count = sums.time - sums.lost
    time_s, lost_s = count * c["step_s"], sums.lost * c["step_s"]
    rests = _rests(e, sums, count, c)
    starts = e.started == 0
    fresh = e.p[:, 6, 6] == 0

    # A start: gravity is the mean specific force of the first stretch; what is known of the bias stays.
    e.x[starts, GRAVITY] = (sums.force / count[:, None])[starts]
    e.x[starts, VELOCITY] = 0
    e.p[starts, : BIAS.start] = 0
    e.p[starts, :, : BIAS.start] = 0
    for k in range(3):
        e.p[starts, k, k] = c["gravity_var"]
        e.p[starts, 3 + k, 3 + k] = (c["velocity_var"] / time_s)[starts]
        e.p[fresh, 6 + k, 6 + k] = c["bias_var"]
    e.started[:] = 1

    # Predict. What is wrong with the bias turns gravity in the still frame.
    turn_s = sums.turn * c["step_s"]
    drift = -_cross_matrix(e.x[:, GRAVITY]) @ turn_s
    moved = (drift @ (e.x[:, BIAS] - bias_used)[:, :, None])[:, :, 0]
    e.x[:, VELOCITY] += sums.force * c["step_s"] - time_s[:, None] * (e.x[:, GRAVITY] + moved / 2)
    e.x[:, GRAVITY] += moved
    transition = np.zeros_like(e.p)
    transition[:] = np.eye(N_X)
    transition[:, GRAVITY, BIAS] = drift
    transition[:, VELOCITY, GRAVITY] = -time_s[:, None, None] * np.eye(3, dtype=dtype)
    transition[:, VELOCITY, BIAS] = -time_s[:, None, None] * drift
    p = transition @ e.p @ transition.swapaxes(1, 2)
    walk = time_s * c["gravity_walk"] + lost_s**4 * c["lost_var"]
    bias_walk = time_s * (c["bias_walk"] + c["bias_walk_turn"] * sums.gyr2 / count)
    for k in range(3):
        p[:, k, k] += walk
        p[:, 3 + k, 3 + k] += walk * time_s**2 / 3
        p[:, 6 + k, 6 + k] += np.where(p[:, 6 + k, 6 + k] < c["bias_var"], bias_walk, 0)
    e.p[:] = p
    node = Node(e.x.copy(), e.p.copy(), transition, e.x, e.p, starts, count > 0)

    # Measure: nobody runs away for long; and a sensor at rest shows its bias.
    _measure(e, VELOCITY, np.zeros_like(sums.gyr), c["velocity_var"] / time_s, count > 0)
    _measure(e, BIAS, sums.gyr / count[:, None], c["rest_bias_var"] / time_s, rests)
    node.x, node.p = e.x.copy(), e.p.copy()
    e.x[:, BIAS] = np.clip(e.x[:, BIAS], -c["bias_max"], c["bias_max"])

    variances = np.diagonal(e.p, axis1=1, axis2=2)
    broken = ~((variances > 0).all(axis=1) & (variances.sum(axis=1) + np.abs(e.x).sum(axis=1) < 1e6))
    for name in ("x", "p", "rest", "rest_gyr", "rest_acc", "started"):
        getattr(e, name)[broken] = 0
    return node


def _measure(e: Estimate, which: slice, value: Floats, variance: Floats, where: Mask) -> None:
    """A measurement of three numbers of the state."""
    lanes = np.flatnonzero(where)
    if len(lanes) == 0:
        return
    p = e.p[lanes]
    innovation = (value - e.x[:, which])[lanes]
    spread = p[:, which, which] + variance[lanes, None, None] * np.eye(3, dtype=p.dtype)
    sound = np.isfinite(spread).all(axis=(1, 2))
    spread[~sound] = np.eye(3)
    gain = np.linalg.solve(spread, p[:, which]).swapaxes(1, 2)
    e.x[lanes] += (gain @ innovation[:, :, None])[:, :, 0]
    p -= gain @ p[:, which]
    e.p[lanes] = (p + p.swapaxes(1, 2)) / 2


def _rests(e: Estimate, sums: Sums, count: Floats, c: dict[str, float]) -> Mask:
    """Does the sensor rest? Small scatter in the stretch, and means that have not moved since the rest began."""
    gyr = sums.gyr / count[:, None]
    acc = (sums.turn.swapaxes(1, 2) @ sums.force[:, :, None])[:, :, 0] / count[:, None] ** 2  # at rest: the mean
    gyr2, acc2 = (gyr**2).sum(axis=1), (acc**2).sum(axis=1)
    still = (sums.gyr2 / count - gyr2 < c["rest_gyr_var"]) & (sums.acc2 / count - acc2 < c["rest_acc_var"])
    still &= (gyr2 < c["bias_max"] ** 2) & (sums.lost == 0)
    same = ((gyr - e.rest_gyr) ** 2).sum(axis=1) < c["rest_gyr_move"]
    same &= ((acc - e.rest_acc) ** 2).sum(axis=1) < c["rest_acc_move"]
    goes_on = still & same & (e.rest > 0)
    begins = still & ~goes_on
    e.rest_gyr[begins], e.rest_acc[begins] = gyr[begins], acc[begins]
    e.rest[:] = np.where(still, np.minimum(np.where(goes_on, e.rest, 0) + 1, c["rest_nodes"]), 0)
    rests: Mask = still & (e.rest >= c["rest_nodes"])
    return rests


def _cross_matrix(v: Floats) -> Floats:
    zero = np.zeros_like(v[:, 0])
    rows = [[zero, -v[:, 2], v[:, 1]], [v[:, 2], zero, -v[:, 0]], [-v[:, 1], v[:, 0], zero]]
    return np.moveaxis(np.array(rows, v.dtype), 2, 0)


def _unit(v: Floats) -> Floats:
    """Nothing has no direction: NaN."""
    unit: Floats = v / np.sqrt((v**2).sum(axis=1))[:, None]
    return unit


def _direction(v: Floats) -> Floats:
    """A direction as a unit vector; nothing stays nothing."""
    direction: Floats = v / np.sqrt(np.maximum((v**2).sum(axis=1), 1e-12))[:, None]
    return direction


def _sums(rows: Floats) -> Sums:
    """The sums in some rows of a state; changing them changes the rows."""
    numbers = rows[:, 0:9].reshape(len(rows), 3, 3), rows[:, 9:12], rows[:, 12:15], *rows.T[15:19]
    assert all(np.shares_memory(array, rows) for array in numbers) or rows.size == 0
    return Sums(*numbers)


def _estimate_of(rows: Floats) -> Estimate:
    """The estimate in some rows of a state, as a copy."""
    p = np.zeros((len(rows), N_X, N_X), rows.dtype)
    p[:, _LOWER[0], _LOWER[1]] = p[:, _LOWER[1], _LOWER[0]] = rows[:, 9:54]
    return Estimate(
        rows[:, :9].copy(), p, rows[:, 54].copy(), rows[:, 55:58].copy(), rows[:, 58:61].copy(), rows[:, 61].copy()
    )


def _rows_of(e: Estimate) -> Floats:
    lower = e.p[:, _LOWER[0], _LOWER[1]]
    numbers: tuple[npt.NDArray[Any], ...] = (
        e.x, lower, e.rest[:, None], e.rest_gyr, e.rest_acc, e.started[:, None],
    )  # fmt: skip
    return np.concatenate(numbers, axis=1)


# ------------------------------------------------------------------------------------ without gyroscope


def _low_pass(rows: Floats, x: Floats, bad: npt.NDArray[np.uint8], c: dict[str, float]) -> tuple[Floats, Mask]:
    """One sample of the low-pass for every lane; changes `rows`."""
    good = ((x**2).sum(axis=1) <= c["acc_max"] ** 2) & (bad == Bad.NOT)
    missing = ~good & (bad != Bad.IDLE) & (rows[:, TiltRows.AGE] > 0)
    begins = good & (rows[:, TiltRows.AGE] == 0)  # as if the first sample had always been there
    first = np.where(begins[:, None], (1 - c["b0"]) * x, rows[:, TiltRows.FIRST])
    second = np.where(begins[:, None], (c["b0"] - c["a2"]) * x, rows[:, TiltRows.SECOND])
    low = c["b0"] * x + first
    rows[good, TiltRows.FIRST] = (2 * c["b0"] * x - c["a1"] * low + second)[good]
    rows[good, TiltRows.SECOND] = (c["b0"] * x - c["a2"] * low)[good]
    rows[good, TiltRows.AGE] += 1
    rows[:, TiltRows.GAP] = np.where(good, 0, rows[:, TiltRows.GAP] + missing)
    ends = rows[:, TiltRows.GAP] >= c["gap_max"]
    rows[ends, TiltRows.AGE] = 0
    rows[ends, TiltRows.GAP] = 0
    return low, good


def _tilt_window(
    rows: Floats, acc: Floats, bad: npt.NDArray[np.uint8], n_keep: int, c: dict[str, float], *, warm_up: bool
) -> Floats:
    """A window (n_time, n_lanes, 3) through the low-pass, forward and then backward."""
    s, kept = rows.copy(), rows.copy()
    forward, good = np.empty_like(acc), np.empty(bad.shape, bool)
    for t in range(len(acc)):
        forward[t], good[t] = _low_pass(s, acc[t], bad[t], c)
        if t + 1 == n_keep:
            kept = s.copy()
    rows[:] = kept
    up = np.full((n_keep, *acc.shape[1:]), np.nan, rows.dtype)
    if not warm_up:
        s = np.zeros_like(rows)
        for t in reversed(range(len(acc))):
            again = np.where(good[t], Bad.NOT, np.maximum(bad[t], Bad.MISSING)).astype(np.uint8)
            low, _ = _low_pass(s, forward[t], again, c)
            if t < n_keep:
                up[t] = np.where(good[t][:, None], _unit(low), np.nan)
    return up
