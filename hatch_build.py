"""Build hook: compile the sensing kernel where there is a C compiler. Without one the NumPy reference runs, slower.

    python hatch_build.py        compile it again, in place

One plain shared library, loaded with ctypes: it needs a compiler and no Python headers. Standard library only, but
for the hook's own base class.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
KERNEL = ROOT / "src" / "upperback" / "sensing" / "kernel"
LIBRARY = ROOT / "src" / "upperback" / "sensing" / ("_kernel.dll" if os.name == "nt" else "_kernel.so")

ONCE = "choose.c"  # compiled for the oldest processor; every other file once per instruction set

# Nothing is fused: every compiler and every instruction set gives the same bits.
FLAGS = (
    "-std=c11",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wall",
)
INSTRUCTION_SETS = {
    "baseline": (),
    "avx2": ("-mavx2", "-mfma"),
    "avx512": ("-mavx512f", "-mavx512dq", "-mavx512vl", "-mfma", "-mprefer-vector-width=512"),
}


def compiler() -> str | None:
    """The C compiler to use: `CC`, or the one that is there."""
    for name in (os.environ.get("CC"), "cc", "gcc", "clang"):
        if name and shutil.which(name):
            return name
    return None


def source_sha256() -> str:
    """One hash over everything the library is made from."""
    found = hashlib.sha256(repr((FLAGS, INSTRUCTION_SETS)).encode())
    for path in sorted(KERNEL.glob("*.[ch]")):
        found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def compile_kernel() -> str | None:
    """Compile the library in place. Returns what went wrong in one sentence, or None."""
    cc = compiler()
    if cc is None:
        return "there is no C compiler"
    is_x86 = platform.machine().lower() in {"x86_64", "amd64"}
    with tempfile.TemporaryDirectory() as folder:
        objects, running = [], []
        for source in sorted(KERNEL.glob("*.c")):
            for isa, flags in INSTRUCTION_SETS.items() if source.name != ONCE else [("baseline", ())]:
                if flags and not is_x86:
                    continue
                target = Path(folder) / f"{source.stem}-{isa}.o"
                command = [
                    cc,
                    *FLAGS,
                    *flags,
                    f"-DUB_ISA={isa}",
                    f'-DUB_SOURCE_SHA256="{source_sha256()}"',
                    "-c",
                    str(source),
                    "-o",
                    str(target),
                ]
                running.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
                objects.append(str(target))
        said = [process.communicate()[1] for process in running]
        if any(process.returncode for process in running):
            return f"the C compiler {cc} failed: {''.join(said)[:2000].strip()}"
        fresh = Path(folder) / LIBRARY.name
        link = subprocess.run(
            [cc, "-shared", *objects, "-o", str(fresh), "-lm"], capture_output=True, text=True, check=False
        )
        if link.returncode:
            return f"the C linker failed: {link.stderr[:2000].strip()}"
        LIBRARY.unlink(missing_ok=True)  # a running program keeps the old one
        staged = LIBRARY.with_suffix(".new")
        shutil.copyfile(fresh, staged)
        staged.replace(LIBRARY)
    return None


class KernelHook(BuildHookInterface):  # type: ignore[type-arg, misc, unused-ignore]
    """Compiles before a wheel or an editable install is made."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say that the wheel is for this kind of machine if that worked."""
        if self.target_name != "wheel":
            return
        LIBRARY.unlink(missing_ok=True)  # an old library must never stand in for one that does not compile
        if trouble := compile_kernel():
            self.app.display_warning(f"upperback: the sensing kernel is not compiled ({trouble}); NumPy stands in.")
            return
        if version != "editable":
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


if __name__ == "__main__":
    sys.exit(compile_kernel())
