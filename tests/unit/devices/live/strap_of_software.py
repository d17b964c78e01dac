"""A Polar H10 made of software, and a Bluetooth made of software that bleak speaks through.

The strap is a device of bumble with the measurement service of the H10: a control point that is written and indicates,
data that are notified. Radio, link and attribute protocol between it and bleak are bumble's.
"""

import asyncio
import struct
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bumble.att import Attribute, AttributeValue
from bumble.controller import Controller
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device, Peer
from bumble.gatt import Characteristic, Service
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

from upperback.devices.live.bluetooth import Radio
from upperback.devices.live.polar import CONTROL, DATA, SERVICE, AccelerationFrame
from upperback.devices.simulate import load_scenario, simulate
from upperback.sensing.signal import G_MPS2

STRAP_ADDRESS = "F1:F1:F1:F1:F1:F1"
BEGINS_NS = 599_616_000_000_000_000
SAMPLES = 36


@dataclass
class Behaviour:
    """What this strap does.

    Attributes
    ----------
    seconds : of a simulated wearer that it has felt; then it is silent
    drops_after : frames after which it loses the connection, the first time
    already : it was left running by somebody
    refuses : the code that it answers a start with
    """

    name: str = "Polar H10 8C1F2E3A"
    scenario: str = "exercise-session"
    seconds: float = 60.0
    drops_after: int | None = None
    already: bool = False
    refuses: int | None = None
    written: list[bytes] = field(default_factory=list)
    connections: int = 0


def frames(about: Behaviour, rate_hz: int) -> Iterator[bytes]:
    """What a chest sensor of the simulated wearer reads, in thousandths of g, 36 samples at a time."""
    rows: list[Any] = []
    for chunk, _ in simulate(load_scenario(about.scenario, []), 1, block_samples=50):
        if chunk.start_s >= about.seconds:
            break
        rows.append(chunk.acc_mps2)
    acc_mg = np.rint(np.concatenate(rows) / G_MPS2 * 1000).astype(np.int32)
    for at in range(0, len(acc_mg) - SAMPLES + 1, SAMPLES):
        last_ns = BEGINS_NS + round((at + SAMPLES - 1) / rate_hz * 1e9)
        yield AccelerationFrame(last_ns=last_ns, acc_mg=acc_mg[at : at + SAMPLES]).write()


class World:
    """One link with a strap and a computer on it. There is one for each event loop."""

    of: "ClassVar[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, World]]" = weakref.WeakKeyDictionary()

    def __init__(self, about: Behaviour) -> None:
        self.about = about
        self.link = LocalLink()
        self.strap, self.computer = self._device("F1"), self._device("F0")
        self.control: Characteristic[bytes] = Characteristic(
            UUID(CONTROL),
            Characteristic.Properties.WRITE | Characteristic.Properties.INDICATE,
            Attribute.Permissions.WRITEABLE,
            AttributeValue(write=self._asked),
        )
        self.data: Characteristic[bytes] = Characteristic(
            UUID(DATA), Characteristic.Properties.NOTIFY, Attribute.Permissions.READABLE, b""
        )
        self.strap.add_service(Service(UUID(SERVICE), [self.control, self.data]))
        self.left = frames(about, 50)
        self.sending: asyncio.Task[None] | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.running = about.already

    @classmethod
    async def here(cls, about: Behaviour) -> "World":
        loop = asyncio.get_running_loop()
        if loop not in cls.of:
            cls.of[loop] = world = cls(about)
            for device in (world.strap, world.computer):
                await device.power_on()
            named = AdvertisingData([(AdvertisingData.COMPLETE_LOCAL_NAME, about.name.encode())])
            await world.strap.start_advertising(auto_restart=True, advertising_data=bytes(named))
        return cls.of[loop]

    def _device(self, name: str) -> Device:
        address = ":".join([name] * 6)
        controller = Controller(name, link=self.link, public_address=address)
        return Device(address=Address(address), host=Host(controller, AsyncPipeSink(controller)))

    def _asked(self, connection: Connection, command: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(connection, bytes(command)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(self, connection: Connection, command: bytes) -> None:
        self.about.written.append(command)
        code, status = command[0], 0
        if code == 2:
            status = 6 if self.running else self.about.refuses or 0
            self.running = status in {0, 6}
        elif code == 3:
            self.running = False
        await self.strap.indicate_subscriber(connection, self.control, struct.pack("<BBBBB", 0xF0, code, 2, status, 0))
        if self.sending is not None:
            self.sending.cancel()
        if code == 2 and status == 0:
            self.sending = asyncio.get_running_loop().create_task(self._send(connection))

    async def _send(self, connection: Connection) -> None:
        for sent, frame in enumerate(self.left, start=1):
            await self.strap.notify_subscriber(connection, self.data, frame)
            await asyncio.sleep(0)
            if sent == self.about.drops_after:
                self.about.drops_after, self.running = None, False
                await connection.disconnect()
                return


def software_radio(about: Behaviour) -> Radio:
    """A radio on which there is this strap, and nothing else."""

    class Scanner(BaseBleakScanner):  # type: ignore[misc]  # optional, so of no type
        def __init__(self, detection_callback: Any, service_uuids: Any, scanning_mode: Any, **_: Any) -> None:
            super().__init__(detection_callback, service_uuids)

        async def start(self) -> None:
            world = await World.here(about)
            world.computer.on(Device.EVENT_ADVERTISEMENT, self._seen)
            await world.computer.start_scanning()

        async def stop(self) -> None:
            world = await World.here(about)
            world.computer.remove_listener(Device.EVENT_ADVERTISEMENT, self._seen)
            await world.computer.stop_scanning()

        def _seen(self, found: Any) -> None:
            name = found.data.get(AdvertisingData.COMPLETE_LOCAL_NAME)
            said = AdvertisementData(name, {}, {}, [], None, -50, ())
            address = str(found.address)
            device = self.create_or_update_device(address, address, name, found.address, said)
            self.call_detection_callbacks(device, said)

    class Client(BaseBleakClient):  # type: ignore[misc]
        def __init__(self, device: Any, **more: Any) -> None:
            super().__init__(device, **more)
            self._to = device.details
            self._connection: Connection | None = None

        @property
        def name(self) -> str:
            return about.name

        @property
        def mtu_size(self) -> int:
            return 247

        async def connect(self, pair: bool, **_: Any) -> None:
            world = await World.here(about)
            about.connections += 1
            self._connection = connection = await world.computer.connect(self._to)
            connection.on(Connection.EVENT_DISCONNECTION, self._lost)
            peer = Peer(connection)
            await peer.request_mtu(247)
            await peer.discover_services()
            await peer.discover_characteristics()
            self._peer = peer
            self.services = BleakGATTServiceCollection()
            for one in peer.services:
                service = BleakGATTService(one, one.handle, str(one.uuid.to_hex_str("-")).lower())
                self.services.add_service(service)
                for found in one.characteristics:
                    flags = [flag.name.lower() for flag in Characteristic.Properties if flag in found.properties]
                    uuid = str(found.uuid.to_hex_str("-")).lower()
                    self.services.add_characteristic(
                        BleakGATTCharacteristic(found, found.handle, uuid, flags, lambda: 244, service)
                    )

        def _lost(self, *_: Any) -> None:
            self._connection = None
            if self._disconnected_callback is not None:
                self._disconnected_callback()

        async def disconnect(self) -> None:
            if self._connection is not None:
                await self._connection.disconnect()

        @property
        def is_connected(self) -> bool:
            return self._connection is not None

        async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:
            if self._connection is None:
                raise BleakError("not connected")
            await characteristic.obj.write_value(bytes(data), with_response=response)

        async def start_notify(self, characteristic: BleakGATTCharacteristic, callback: Any, **_: Any) -> None:
            if self._connection is None:
                raise BleakError("not connected")
            prefers = "notify" in characteristic.properties
            await characteristic.obj.subscribe(lambda data: callback(bytearray(data)), prefer_notify=prefers)

        async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
            await characteristic.obj.unsubscribe()

        async def pair(self, *_: Any, **__: Any) -> None:
            raise NotImplementedError

        async def unpair(self) -> None:
            raise NotImplementedError

        async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **_: Any) -> bytearray:
            raise NotImplementedError

        async def read_gatt_descriptor(self, descriptor: Any, **_: Any) -> bytearray:
            raise NotImplementedError

        async def write_gatt_descriptor(self, descriptor: Any, data: Any) -> None:
            raise NotImplementedError

    return Radio(scanner=Scanner, client=Client)
