"""The compiled kernel, if there is one on this machine. Everything in it has a NumPy reference that it agrees with."""

import ctypes
import math
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: From the one that every processor has to the fastest.
INSTRUCTION_SETS: Final = ("baseline", "avx2", "avx512")

#: Lanes of a tile; the same number stands in kernel/kernel.h.
LANES: Final = 16


class Kernel:
    """The functions of the compiled kernel for one instruction set."""

    def __init__(self, library: ctypes.CDLL, instruction_set: str) -> None:
        self.instruction_set = instruction_set
        self._library = library

    def function(self, name: str, *argument_types: Any, result_type: Any = None) -> Any:
        """The C function `name` for this instruction set. ctypes lets go of the interpreter while it runs."""
        found = getattr(self._library, f"{name}_{self.instruction_set}")
        found.argtypes = argument_types
        found.restype = result_type
        return found


def available() -> tuple[str, ...]:
    """The instruction sets of the kernel that this processor can run; empty where nothing was compiled."""
    library = _library()
    if library is None:
        return ()
    best = library.best_instruction_set().decode()
    return INSTRUCTION_SETS[: INSTRUCTION_SETS.index(best) + 1]


@cache
def load(instruction_set: str | None = None) -> Kernel | None:
    """The kernel for an instruction set (default: the fastest here), or None where nothing was compiled.

    Raises
    ------
    ValueError : this machine has no kernel for that instruction set.
    """
    usable = available()
    if instruction_set is None:
        instruction_set = usable[-1] if usable else None
    elif instruction_set not in usable:
        raise ValueError(f"there is no kernel for {instruction_set} here, only for {usable}")
    library = _library()
    return None if library is None or instruction_set is None else Kernel(library, instruction_set)


def source_sha256() -> str | None:
    """Hash of the C sources that the library was compiled from."""
    library = _library()
    return None if library is None else library.source_sha256().decode()


def address(array: Any) -> int:
    """Where the numbers of an array stand; twice as quick as `array.ctypes.data`."""
    where: int = array.__array_interface__["data"][0]
    return where


def aligned(shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Room for numbers that begins where a line of memory does: wide instructions cross from line to line elsewhere."""
    n_numbers = math.prod(shape)
    space = np.empty(n_numbers + LANES, np.float32)
    skip = -address(space) // space.itemsize % LANES
    return space[skip : skip + n_numbers].reshape(shape)


@cache
def _library() -> ctypes.CDLL | None:
    for path in sorted(Path(__file__).parent.glob("_kernel.*")):
        if path.suffix in {".so", ".dll"}:
            try:
                library = ctypes.CDLL(str(path))
            except OSError:  # compiled for another kind of machine
                return None
            library.best_instruction_set.restype = ctypes.c_char_p
            library.source_sha256.restype = ctypes.c_char_p
            return library
    return None
