"""Goroutines in gdb, in a live process and in a core file.

    info goroutines            all goroutines, where they stand
    goroutine N [COMMAND]      runs a gdb command on goroutine N (bt by default): goroutine 7 info locals
    goroutine all [COMMAND]    the same on each

Places in godwit's structures are read from the table gw__debug of the program (runtime/debug.c), so that no debug
information of the library is needed.  A suspended goroutine is shown by unwinding from the selected thread straight into
it; no register of the process is changed.  That takes gdb 12 or newer.
"""

import struct

import gdb
import gdb.unwinder

# What ctx_switch leaves at a suspended goroutine's stack pointer (runtime/ctx_x86_64.S).
SAVED = ("control", "r15", "r14", "r13", "r12", "rbx", "rbp", "rip")
LIMIT = 1 << 24  # goroutines; beyond that something is damaged


class Memory:
    """The inferior's memory, and the table in it."""

    def __init__(self):
        try:
            at = int(gdb.parse_and_eval("(unsigned long)&gw__debug"))
        except gdb.error:
            raise gdb.GdbError("this program has no goroutines of godwit's (no symbol gw__debug)") from None
        words = struct.unpack("<8s10Q", self.bytes(at, 88))
        if words[0] != b"gwdebug1":
            raise gdb.GdbError(f"gw__debug is of another version: {words[0]!r}")
        fields, fields_n, statuses, statuses_n, reasons, reasons_n, self.sched, stacks, begin, end = words[1:]
        self.offset = {}
        for i in range(fields_n):
            name, offset = self.words(fields + 16 * i, 2)
            self.offset[self.text(name)] = offset
        self.statuses = [self.text(p) for p in self.words(statuses, statuses_n)]
        self.reasons = [self.text(p) for p in self.words(reasons, reasons_n)]
        self.stacks = self.words(stacks, 8)
        self.code = (begin, end)

    def bytes(self, at, n):
        return gdb.selected_inferior().read_memory(at, n).tobytes()

    def words(self, at, n):
        return struct.unpack(f"<{n}Q", self.bytes(at, 8 * n))

    def word(self, at):
        return self.words(at, 1)[0]

    def number(self, at, size):
        return int.from_bytes(self.bytes(at, size), "little")

    def text(self, at, most=200):
        out = b""
        while at and len(out) < most and b"\0" not in out:
            try:
                out += self.bytes(at + len(out), 16)
            except gdb.MemoryError:
                out += self.bytes(at + len(out), 1)
        return out.split(b"\0")[0].decode(errors="replace")

    def ours(self, pc):
        return self.code[0] <= pc < self.code[1]


class Goroutine:
    def __init__(self, memory, at):
        def field(name, size=8):
            return memory.number(at + memory.offset["g." + name], size)

        self.memory, self.at = memory, at
        self.id, self.parent = field("id"), field("parent")
        self.status = field("status", 4)
        self.reason = field("reason", 4)
        self.sp, self.m = field("sp"), field("m")
        self.lo, self.hi = field("lo"), field("hi")
        self.foreign = field("thread", 1) != 0
        tag = field("tag")
        self.name = memory.text(tag + memory.offset["g_tag.name"], 48) if tag else ""

    @property
    def state(self):
        name = self.memory.statuses[self.status] if self.status < len(self.memory.statuses) else "?"
        waits = name == "waiting" and self.reason < len(self.memory.reasons)
        return self.memory.reasons[self.reason] or name if waits else name

    def registers(self):
        """Those of a suspended one; None while it runs."""
        if self.foreign or not self.sp or self.memory.statuses[self.status] in ("running", "syscall", "dead"):
            return None
        saved = dict(zip(SAVED, self.memory.words(self.sp, len(SAVED))))
        del saved["control"]
        saved["rsp"] = self.sp + 8 * len(SAVED)
        return saved

    def thread(self):
        """The thread that it is on: the one whose stack pointer lies in its stack.  None if there is none."""
        found = None
        for thread in gdb.selected_inferior().threads():
            with Selected(thread):
                sp = int(gdb.selected_frame().read_register("rsp")) & ((1 << 64) - 1)
            if self.lo and self.lo <= sp < self.hi:
                return thread
            if not self.lo and self.sp and 0 <= self.sp - sp < 1 << 23:  # main's, or a foreign thread's own stack
                found = thread
        return found

    def pcs(self):
        """Return addresses by frame pointers, innermost first."""
        saved = self.registers()
        if not saved:
            return
        yield saved["rip"]
        fp = saved["rbp"]
        while fp and self.sp <= fp < (self.hi or fp + 1):
            try:
                above, pc = self.memory.words(fp, 2)
            except gdb.MemoryError:
                return
            if not pc:
                return
            yield pc
            if above <= fp:
                return
            fp = above

    def where(self):
        """The innermost place that isn't the library's."""
        thread = None if self.registers() else self.thread()
        if thread:
            with Selected(thread):
                frame = gdb.newest_frame()
                while frame and self.memory.ours(frame.pc()):
                    frame = frame.older()
                pc = frame.pc() if frame else 0
        else:
            pc = next((pc - 1 for pc in self.pcs() if not self.memory.ours(pc - 1)), 0)
        return place(pc) if pc else "?"


def place(pc):
    """FUNCTION (FILE:LINE), as much as is known."""
    block = gdb.block_for_pc(pc)
    while block and not block.function:
        block = block.superblock
    sal = gdb.find_pc_line(pc)
    if block:
        name = block.function.print_name
    else:
        said = gdb.execute(f"info symbol {pc:#x}", to_string=True)
        name = "?" if said.startswith("No symbol") else said.split(" in section")[0].split(" + ")[0]
    return f"{name} ({sal.symtab.filename}:{sal.line})" if sal.symtab else f"{name} ({pc:#x})"


class Selected:
    """A thread, selected for a while."""

    def __init__(self, thread):
        self.wanted = thread

    def __enter__(self):
        self.before = gdb.selected_thread()
        self.wanted.switch()

    def __exit__(self, *unused):
        if self.before and self.before.is_valid():
            self.before.switch()


def goroutines():
    """All of them, by number."""
    memory = Memory()
    found = []

    def add(at):
        g = Goroutine(memory, at)
        if memory.statuses[g.status if g.status < len(memory.statuses) else 0] != "dead":
            found.append(g)

    at = memory.word(memory.sched + memory.offset["sched.thread_gs"])
    while at and len(found) < LIMIT:
        add(at)
        at = memory.word(at + memory.offset["g.thread_next"])
    head, slot_at, next_off, base_off, used_off, room, colors, color = memory.stacks
    slab, slot = memory.word(head), memory.word(slot_at)
    while slab and len(found) < LIMIT:
        base = memory.word(slab + base_off)
        for i in range(memory.number(slab + used_off, 4)):
            add(base + (i + 1) * slot - room - i % colors * color)
        slab = memory.word(slab + next_off)
    main_g = {g.id: g for g in found}
    return [main_g[i] for i in sorted(main_g) if i]


class Bridge(gdb.unwinder.Unwinder):
    """While `registers` is set, the caller of the selected thread's innermost frame is a suspended goroutine.  That frame
    is known by its registers: functions inlined into it stand before it."""

    def __init__(self):
        super().__init__("godwit-goroutine")
        self.registers = self.innermost = None

    def __call__(self, pending):
        if self.registers is None or (int(pending.read_register("rsp")), int(pending.read_register("rip"))) != self.innermost:
            return None

        class Id:
            sp = gdb.Value(self.registers["rsp"] - 16)  # below its caller, or gdb takes the stack for damaged
            pc = pending.read_register("rip")

        info = pending.create_unwind_info(Id)
        word = gdb.lookup_type("unsigned long")
        for name, value in self.registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(word))
        return info


bridge = Bridge()
gdb.unwinder.register_unwinder(None, bridge, replace=True)


def run_on(g, command):
    registers = g.registers()
    if registers is None:
        thread = g.thread()
        if not thread:
            raise gdb.GdbError(f"goroutine {g.id} runs, and its thread isn't found")
        with Selected(thread):
            gdb.execute(command)
        return
    selected = gdb.selected_frame()
    newest = gdb.newest_frame()
    bridge.innermost = (int(newest.read_register("rsp")), int(newest.read_register("rip")))
    bridge.registers = registers
    gdb.invalidate_cached_frames()
    try:
        frame, skip = gdb.newest_frame(), 1
        while frame.type() == gdb.INLINE_FRAME:
            frame, skip = frame.older(), skip + 1
        frame.older().select()
        if command.split()[0] in ("bt", "backtrace", "where"):
            show_backtrace(command, skip)
        else:
            gdb.execute(command)
    finally:
        bridge.registers = None
        gdb.invalidate_cached_frames()
        gdb.selected_thread().switch()
        if selected.is_valid():
            selected.select()


def show_backtrace(command, skip):
    """Without the thread's own frames, from which the unwinding starts."""
    shown = False
    for line in gdb.execute(command, to_string=True).splitlines():
        number, space, rest = line.partition(" ")
        if number[:1] == "#" and number[1:].isdigit():
            shown = int(number[1:]) >= skip
            line = f"{'#' + str(int(number[1:]) - skip):<{len(number)}}{space}{rest}"
        if shown:
            print(line)


class InfoGoroutines(gdb.Command):
    """info goroutines: all goroutines of the program, what they wait for, and where."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        for g in goroutines():
            name = f' "{g.name}"' if g.name else ""
            print(f"{'*' if g.state == 'running' else ' '} {g.id}{name} [{g.state}] {g.where()}")


class GoroutineCommand(gdb.Command):
    """goroutine N [COMMAND]: runs COMMAND (bt) on goroutine N, or on each for "all"."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        which, _, command = argument.strip().partition(" ")
        everyone = goroutines()
        if which != "all":
            if not which.isdigit():
                raise gdb.GdbError("usage: goroutine N [COMMAND], or goroutine all [COMMAND]")
            everyone = [g for g in everyone if g.id == int(which)]
            if not everyone:
                raise gdb.GdbError(f"there is no goroutine {which}")
        for g in everyone:
            if which == "all":
                print(f"\ngoroutine {g.id} [{g.state}]:")
            run_on(g, command or "bt")


InfoGoroutines()
GoroutineCommand()
