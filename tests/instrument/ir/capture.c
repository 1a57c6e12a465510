// RUN: clang -O0 -S -emit-llvm | CAPTURE
// RUN: clang -O2 -S -emit-llvm | CAPTURE
// What no other thread can reach isn't checked; an object that has escaped is, in all its fields.
void take(void *);
int any(void);
struct gw__chan;
void gw__chan_send(struct gw__chan *c, __attribute__((noescape)) const void *elem);
_Bool gw__chan_recv(struct gw__chan *c, __attribute__((noescape)) void *elem);
static const int constants[4] = {1, 2, 3, 4};
struct pair {
  int first, second;
};

// CAPTURE-LABEL: define {{.*}} @stays(
// CAPTURE-NOT: __gw_{{read|write}}
// CAPTURE: ret i32
int stays(int n) {
  int local[8];
  for (int i = 0; i < 8; i++) local[i] = any();
  return local[n & 7];
}

// CAPTURE-LABEL: define {{.*}} @escapes(
// CAPTURE: call void @take(
// CAPTURE: call preserve_allcc void @__gw_write4(
int escapes(void) {
  int local = 0;
  take(&local);
  local = any();
  take(&local);
  return 0;
}

// The address of one field goes: the other field is reachable from it.
// CAPTURE-LABEL: define {{.*}} @field(
// CAPTURE: call void @take(
// CAPTURE: call preserve_allcc void @__gw_write4(
void field(void) {
  struct pair p;
  take(&p.first);
  p.second = any();
  take(&p.first);
}

// The runtime keeps no address of what a channel's value comes from or goes to: a receive into a variable that nobody
// else knows is none of the detector's affairs, another is told to it.
// CAPTURE-LABEL: define {{.*}} @own_values(
// CAPTURE-NOT: __gw_{{read|write}}
// CAPTURE: call {{.*}} @gw__chan_recv_own(
// CAPTURE-NOT: __gw_{{read|write}}
// CAPTURE: ret i32
int own_values(struct gw__chan *c) {
  int in, out = any();
  gw__chan_send(c, &out);
  return gw__chan_recv(c, &in) ? in : 0;
}

// CAPTURE-LABEL: define {{.*}} @known_value(
// CAPTURE: call {{.*}} @gw__chan_recv(
// CAPTURE: ret void
void known_value(struct gw__chan *c) {
  int in;
  take(&in);
  gw__chan_recv(c, &in);
}

// A volatile access gives nobody the address.
// CAPTURE-LABEL: define {{.*}} @volatile_local(
// CAPTURE-NOT: __gw_{{read|write}}
// CAPTURE: ret i32
int volatile_local(void) {
  volatile int local = any();
  return local;
}

// CAPTURE-LABEL: define {{.*}} @constant(
// CAPTURE-NOT: __gw_{{read|write}}
// CAPTURE: ret i32
int constant(int i) { return constants[i & 3]; }

// errno belongs to the goroutine.
// CAPTURE-LABEL: define {{.*}} @error(
// CAPTURE-NOT: __gw_{{read|write}}
// CAPTURE: ret i32
extern int *__errno_location(void);
int error(void) {
  *__errno_location() = 0;
  return *__errno_location();
}

// CAPTURE-LABEL: define {{.*}} @by_thread(
// CAPTURE-NOT: __gw_{{read|write}}
// CAPTURE: ret i32
static _Thread_local int counter;
int by_thread(void) { return ++counter; }

// CAPTURE-LABEL: define {{.*}} @own(
// CAPTURE-NOT: __gw_{{read|write}}
// CAPTURE: ret void
__attribute__((disable_sanitizer_instrumentation)) void own(int *p) { *p = 1; }

// Volatile is a plain access.
// CAPTURE-LABEL: define {{.*}} @often(
// CAPTURE: call preserve_allcc void @__gw_read4(
int often(volatile int *p) { return *p; }
