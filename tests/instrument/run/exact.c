/* Instrumented: accesses of every size and alignment. */
typedef char char1;
typedef short short2;
typedef int int4;
typedef long long8;
typedef short packed2 __attribute__((aligned(1)));
typedef int packed4 __attribute__((aligned(1)));
typedef long packed8 __attribute__((aligned(1)));
typedef int packed4_2 __attribute__((aligned(2)));
typedef long packed8_4 __attribute__((aligned(4)));
typedef int int4_8 __attribute__((aligned(8)));
typedef short short2_4 __attribute__((aligned(4)));
typedef long vector16 __attribute__((vector_size(16)));
typedef long vector16_1 __attribute__((vector_size(16), aligned(1)));
typedef long vector16_8 __attribute__((vector_size(16), aligned(8)));
typedef long vector32_8 __attribute__((vector_size(32), aligned(8)));
typedef long vector64_8 __attribute__((vector_size(64), aligned(8)));
typedef float floats32 __attribute__((vector_size(32), aligned(4)));
typedef struct {
  int word[3];
} words12;
typedef struct {
  long word[3];
} words24;
struct words7 {
  int word[7];
};
typedef struct words7 words28 __attribute__((aligned(8)));
typedef struct {
  vector16 word[4];
} words64;

/* The other side of each copy; the test looks at `p` only. */
union exact_spare {
  char1 char1_;
  short2 short2_;
  int4 int4_;
  long8 long8_;
  packed2 packed2_;
  packed4 packed4_;
  packed8 packed8_;
  packed4_2 packed4_2_;
  packed8_4 packed8_4_;
  int4_8 int4_8_;
  short2_4 short2_4_;
  vector16 vector16_;
  vector16_1 vector16_1_;
  vector16_8 vector16_8_;
  vector32_8 vector32_8_;
  vector64_8 vector64_8_;
  floats32 floats32_;
  words12 words12_;
  words24 words24_;
  words28 words28_;
  words64 words64_;
};
extern union exact_spare exact_spare;

#define ACCESS(T)            \
  void read_##T(void *p);    \
  void write_##T(void *p);   \
  void read_##T(void *p) {   \
    volatile T *from = p;    \
    T keep = *from;          \
    exact_spare.T##_ = keep; \
  }                          \
  void write_##T(void *p) { *(volatile T *)p = exact_spare.T##_; }
ACCESS(char1)
ACCESS(short2)
ACCESS(int4)
ACCESS(long8)
ACCESS(packed2)
ACCESS(packed4)
ACCESS(packed8)
ACCESS(packed4_2)
ACCESS(packed8_4)
ACCESS(int4_8)
ACCESS(short2_4)
ACCESS(vector16)
ACCESS(vector16_1)
ACCESS(vector16_8)

#define COPY(T)                                          \
  void read_##T(void *p);                                \
  void write_##T(void *p);                               \
  void read_##T(void *p) { exact_spare.T##_ = *(T *)p; } \
  void write_##T(void *p) { *(T *)p = exact_spare.T##_; }
COPY(vector32_8)
COPY(vector64_8)
COPY(floats32)
COPY(words12)
COPY(words24)
COPY(words28)
COPY(words64)
