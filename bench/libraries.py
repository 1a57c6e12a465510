"""Libraries whose sources a kernel is built together with, so that they are instrumented as well."""

from typing import NamedTuple

import debian_source


class Library(NamedTuple):
    package: str  # Debian's source package
    include: str  # the folder in it whose headers the kernel includes
    folders: list  # in that one, of the sources
    flags: list


LIBRARIES = {
    "zlib": Library("zlib", ".", ["."], ["-DHAVE_UNISTD_H", "-D_LARGEFILE64_SOURCE=1"]),
    # no detector sees what assembly accesses, so all builds do without
    "zstd": Library("libzstd", "lib", ["common", "compress", "decompress"],
                    ["-DZSTD_MULTITHREAD", "-DZSTD_DISABLE_ASM"]),
}


def files_and_flags(kernel, folder):
    """What a kernel's compiler command needs for its library, kept under `folder`; nothing if it has none."""
    library = LIBRARIES.get(kernel)
    if not library:
        return []
    tree = debian_source.fetch(library.package, folder) / library.include
    files = sorted(str(file) for sub in library.folders for file in (tree / sub).glob("*.c"))
    return [*files, f"-I{tree}", *library.flags]
