/* clang-format off */
/* Findings as files and on the pipe to `godwit symbolize`: one JSON object per line (UTF-8, no line breaks inside).
 *
 * The detector writes *raw* findings: frames have a module and an offset.  `godwit symbolize` and `godwit report` fill
 * in function, file, line and column, names and the fingerprint; both forms have the same members, so a reader takes
 * either.
 *
 *   schema       "godwit-finding-1"
 *   kind         "GW1001" ... (findings.inc)
 *   message      one line, for kinds other than GW1001
 *   text         what else is to be printed as it is (a goroutine dump); optional
 *   pid, count   the process; how often it was seen
 *   program      path of the executable
 *   seed         of the controlled scheduler; null without it
 *   fingerprint  16 hex digits; absent in a raw finding
 *   variable     {"name": "acct.balance", "name_source": "heap type" | "global" | "local" | "none"}; absent in a raw one
 *   modules      {path: build id in hex, ...} of the modules that frames name
 *   accesses     [the later, the earlier]; for GW1002 and GW1005 one for each side of the circle; for other kinds one
 *                entry or none. Each:
 *     op         "read" "write" "atomic read" "atomic write" "free" "alloc" "call" "wait" "lock"
 *     reason     of a wait: in Go's words; waited_ns: for how long, some milliseconds coarse; alike: numbers of
 *                goroutines that are leaked at the same place (the first ones of `count`), this one among them
 *     size       bytes; address "0x..."
 *     goroutine  {"id": 7, "name": "teller" or null, "thread": true for a pthread, "main": true for the first}
 *     locks      [{"address": "0x...", "mode": "write"|"read", "stack": [frame, ...]}, ...] held at the access;
 *                also "module" and "offset" if it is a global
 *     wanted     of a "lock" (GW1002): what is about to be taken, as in locks. Each side holds locks[0] and wants what
 *                the next one holds, the last what the first does
 *     stack      [frame, ...] innermost first; frame: {"module": "/path", "offset": "0x...", ...}.  Offsets are
 *                relative to the module's load bias (the addresses that its symbol table has) and point at the return
 *                address less one, but for frame 0 of a fatal signal.  After symbolising also
 *                "function" "file" "line" "column", and "inlined": true for the frames inlined into the next one.
 *     created_at [frame, ...] where its goroutine or thread was created; empty for the first
 *     created_by {"id": ..., "name": ...} or null
 *   memory       {"kind": "heap", "size", "offset", "address", "goroutine": {...}, "stack": [...]}
 *              | {"kind": "freed heap", ... likewise}
 *              | {"kind": "global", "module", "offset"}            offset as in a frame, of the accessed byte
 *              | {"kind": "stack", "goroutine": {...}, "frame": {frame}, "frame_offset": N}   N: address - frame pointer
 *              | {"kind": "thread-local", "goroutine": {...}} | {"kind": "unknown"}
 *
 * Pipe: the process writes a raw finding as one line to the child's standard input; the child answers with one line
 * that holds a decimal number, and then that many bytes: the finding rendered in the format that was asked for on its
 * command line (`godwit symbolize --format text|json --style ... --color ... --strip-path-prefix ...`), to be written
 * to the log as they are; or `suppressed I` and a newline if suppression number I hides it.  Two other lines are
 * answered likewise, with text for standard error:
 *   {"suppressions": [{"file": name, "text": its bytes}, ...]}   first of all; numbered through, from 0
 *   {"suppression_hits": [n, ...], "print": true}                at the end; `print` if they are to be listed
 * End of file on standard input ends the child.
 *
 * Addresses: `godwit symbolize --addresses` reads blocks of lines "OFFSET BUILD-ID PATH", each block ended by an empty
 * line.  OFFSET is hex, as in a frame; BUILD-ID is hex, or "-" if unknown.  The answer to a block is a line with a
 * decimal number, and then that many bytes: for each address a line "N START" (how many functions are inlined into one
 * another there, 0 if nothing is known; offset, in hex, at which the outer one begins, 0 if unknown) and N lines
 * "LINE FUNCTION\tFILE", innermost first; LINE is 0, FUNCTION or FILE empty, where unknown.
 *
 * Timelines: `godwit symbolize --timeline go|chrome` reads a decimal number, a newline and that many bytes (a raw
 * timeline, trace_format.h), and answers likewise.
 */
#ifndef GODWIT_REPORT_FORMAT_H
#define GODWIT_REPORT_FORMAT_H

#define GW_FINDING_SCHEMA "godwit-finding-1"

/* Names of variables, written by the pass into a section that is not loaded, and read by the symboliser: records of
 * NUL-terminated strings, "FILE\0LINE:COLUMN\0OP\0NAME\0SOURCE\0", OP one of "r" "w" "a" (atomic), SOURCE one of
 * "local" "global" "heap type" (the type and field through which memory is accessed).  FILE is as in the debug line
 * table (directory/name when the name is relative).  Two records with one key and different names cancel each other. */
#define GW_NAMES_SECTION ".gw_names"

#endif
