// RUN: clang -O0 -S -emit-llvm | MEMORY
// RUN: clang -O2 -S -emit-llvm | MEMORY
// Copies: short ones of known length stay inline behind two checks, others are the detector's.
struct small {
  long words[3];
};
struct large {
  long words[100];
};
void take(void *);

// MEMORY-LABEL: define {{.*}} @copy_small(
// MEMORY: call preserve_allcc void @__gw_read_range(ptr {{.*}}, i64 24)
// MEMORY: call preserve_allcc void @__gw_write_range(ptr {{.*}}, i64 24)
// MEMORY: call void @llvm.memcpy
void copy_small(struct small *to, struct small *from) { *to = *from; }

// MEMORY-LABEL: define {{.*}} @copy_large(
// MEMORY: call ptr @__gw_memcpy(ptr {{.*}}, ptr {{.*}}, i64 800)
// MEMORY-NOT: @llvm.memcpy
// MEMORY: ret void
void copy_large(struct large *to, struct large *from) { *to = *from; }

// MEMORY-LABEL: define {{.*}} @move(
// MEMORY: call ptr @__gw_memmove(
void move(char *to, char *from, unsigned long n) { __builtin_memmove(to, from, n); }

// MEMORY-LABEL: define {{.*}} @set(
// MEMORY: call ptr @__gw_memset(ptr {{.*}}, i32 {{.*}}, i64
void set(char *to, char c, unsigned long n) { __builtin_memset(to, c, n); }

// Only the side that others can see.
// MEMORY-LABEL: define {{.*}} @one_side(
// MEMORY: call preserve_allcc void @__gw_check_read_range(ptr {{.*}}, i64 {{.*}})
// MEMORY-NOT: __gw_write
// MEMORY: ret i8
char one_side(char *from, unsigned long n) {
  char local[256];
  __builtin_memcpy(local, from, n);
  return local[n - 1];
}
