"""The vertical in the sensor frame, from specific force and (where there is a gyroscope) angular velocity."""

from upperback.sensing.orientation.base import OrientationParams, TiltParams, orient_coefficients, tilt_coefficients

__all__ = ["OrientationParams", "TiltParams", "orient_coefficients", "tilt_coefficients"]
