"""A phone whose motion sensors are moved by who holds the browser: it lies, is put on, stands, and bends."""

import math
import random
import time
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import CDPSession, Page

G_MPS2: Final = 9.81
SENSORS: Final = ("accelerometer", "linear-acceleration", "gyroscope")


@dataclass
class Phone:
    """The sensors of the browser, by its own protocol."""

    page: Page
    devtools: CDPSession

    @classmethod
    def of(cls, page: Page) -> "Phone":
        devtools = page.context.new_cdp_session(page)
        for kind in SENSORS:
            devtools.send(
                "Emulation.setSensorOverrideEnabled",
                {
                    "enabled": True,
                    "type": kind,
                    "metadata": {"available": True, "minimumFrequency": 1, "maximumFrequency": 60},
                },
            )
        phone = cls(page, devtools)
        phone.reads((0.0, 0.0, G_MPS2))
        return phone

    def reads(self, acc: tuple[float, float, float], turn_radps: float = 0.0) -> float:
        """Sets what the sensors read from now on, with a sensor's noise; returns when the new turning began."""
        noise = [random.gauss(0, 0.02) for _ in acc]
        self._set("accelerometer", (acc[0] + noise[0], acc[1] + noise[1], acc[2] + noise[2]))
        self._set("linear-acceleration", (0.0, 0.0, 0.0))
        self._set("gyroscope", (turn_radps, 0.0, 0.0))
        return time.monotonic()

    def _set(self, kind: str, xyz: tuple[float, float, float]) -> None:
        reading = {"xyz": {"x": xyz[0], "y": xyz[1], "z": xyz[2]}}
        self.devtools.send("Emulation.setSensorOverrideReadings", {"type": kind, "reading": reading})

    def leans(self, degrees: float, turn_dps: float = 0.0) -> float:
        """Worn on the chest, top up, screen outwards; bent forward by so much and turning so fast."""
        angle = math.radians(degrees)
        acc = (0.0, G_MPS2 * math.cos(angle), -G_MPS2 * math.sin(angle))
        return self.reads(acc, math.radians(turn_dps))  # x points to the wearer's left

    def bends(self, start_deg: float, end_deg: float, seconds: float) -> None:
        """From one to the other. The trunk is where its turning has brought it, however late this machine is."""
        speed_dps = (end_deg - start_deg) / seconds
        at_deg, since = start_deg, self.leans(start_deg, speed_dps)
        while abs(end_deg - at_deg) > 0.3:
            self.page.wait_for_timeout(15)
            at_deg += speed_dps * (time.monotonic() - since)
            left_deg = end_deg - at_deg
            speed_dps = math.copysign(min(abs(speed_dps), max(2.0, 4 * abs(left_deg))), left_deg)
            since = self.leans(at_deg, speed_dps)
        self.leans(end_deg)


def part(page: Page, name: str) -> Any:
    return page.locator(f"[data-part={name}]")
