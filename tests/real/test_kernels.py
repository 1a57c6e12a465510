"""The benchmark's kernels have no race and check their results: each is silent under the detector, at a small size."""

import godwit_testing as gt
import libraries
import pytest

KERNELS = gt.REPO / "bench" / "tsan" / "kernels"
SIZES = {"matmul": 120, "stencil": 60, "fft": 11, "sha256": 300, "lz": 1_000_000, "quicksort": 100_000,
         "hashtable": 60_000, "rwtable": 40_000, "trees": 30_000, "queue": 4_000, "ring": 40_000, "churn": 60_000,
         "zlib": 6, "zstd": 1}


def test_every_kernel_is_here():
    assert sorted(SIZES) == sorted(p.stem for p in KERNELS.glob("*.c"))


@pytest.mark.parametrize("opt", ["-O0", "-O2", "-O3"])
@pytest.mark.parametrize("name", SIZES)
def test_silent(programs, name, opt):
    library = libraries.files_and_flags(name, gt.BUILD / "sources")
    flags = [opt, *(["-w"] if library else []), *library, "-lm"]
    plain = gt.run(programs(KERNELS / f"{name}.c", *flags, race=False), SIZES[name], 4)
    raced = gt.run(programs(KERNELS / f"{name}.c", *flags), SIZES[name], 4)
    assert plain.status == 0 and plain.stdout.startswith(f"{name} "), str(plain)
    assert raced == plain, str(raced)
