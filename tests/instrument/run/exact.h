/* One function for each kind of plain access: EXACT(name, bytes, alignment that the compiler knows, op). */
#define EXACT_SIZED(n, align, T)  \
  EXACT(read_##T, n, align, read) \
  EXACT(write_##T, n, align, write)
EXACT_SIZED(1, 1, char1)
EXACT_SIZED(2, 2, short2)
EXACT_SIZED(4, 4, int4)
EXACT_SIZED(8, 8, long8)
EXACT_SIZED(2, 1, packed2)
EXACT_SIZED(4, 1, packed4)
EXACT_SIZED(8, 1, packed8)
EXACT_SIZED(4, 2, packed4_2)
EXACT_SIZED(8, 4, packed8_4)
EXACT_SIZED(4, 8, int4_8)
EXACT_SIZED(2, 4, short2_4)
EXACT_SIZED(16, 16, vector16)
EXACT_SIZED(16, 1, vector16_1)
EXACT_SIZED(16, 8, vector16_8)
EXACT_SIZED(32, 8, vector32_8)
EXACT_SIZED(64, 8, vector64_8)
EXACT_SIZED(32, 4, floats32)
EXACT_SIZED(12, 4, words12)
EXACT_SIZED(24, 8, words24)
EXACT_SIZED(28, 8, words28)
EXACT_SIZED(64, 16, words64)
#undef EXACT_SIZED
#undef EXACT
