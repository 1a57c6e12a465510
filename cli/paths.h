/* Names of source files as debug information has them, made whole. */
#ifndef GW_CLI_PATHS_H
#define GW_CLI_PATHS_H
#include <elfutils/libdw.h>

/* `file` as libdw gave it for a unit, behind the unit's working directory if it's relative (libdw joins a file to its
 * folder, but not the folder to the working directory).  NULL gives NULL.  Lives until the end. */
const char *whole_path(Dwarf_Die *unit, const char *file);

#endif
