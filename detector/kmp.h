/* Of OpenMP's functions those that are intercepted: what programs call, and what clang's code does (__kmpc_*), as both
 * are known since clang 3.7.  A lock is a word of the program's, a critical section's name one of the compiler's. */
#ifndef GW_DETECTOR_KMP_H
#define GW_DETECTOR_KMP_H
#include <stddef.h>
#include <stdint.h>

void __kmpc_critical(void *where, int32_t thread, void *name);
void __kmpc_critical_with_hint(void *where, int32_t thread, void *name, uint32_t hint);
void __kmpc_end_critical(void *where, int32_t thread, void *name);
void __kmpc_flush(void *where);
void __kmpc_ordered(void *where, int32_t thread);
void __kmpc_end_ordered(void *where, int32_t thread);
int32_t __kmpc_reduce(void *where, int32_t thread, int32_t n, size_t size, void *data, void (*combine)(void *, void *),
                      void *name);
int32_t __kmpc_reduce_nowait(void *where, int32_t thread, int32_t n, size_t size, void *data,
                             void (*combine)(void *, void *), void *name);
void __kmpc_end_reduce(void *where, int32_t thread, void *name);
void __kmpc_end_reduce_nowait(void *where, int32_t thread, void *name);
void *__kmpc_taskred_modifier_init(void *where, int32_t thread, int32_t shared_work, int32_t n, void *data);
void __kmpc_task_reduction_modifier_fini(void *where, int32_t thread, int32_t shared_work);

void omp_init_lock(void **l);
void omp_init_lock_with_hint(void **l, unsigned hint);
void omp_destroy_lock(void **l);
void omp_set_lock(void **l);
void omp_unset_lock(void **l);
int omp_test_lock(void **l);
void omp_init_nest_lock(void **l);
void omp_init_nest_lock_with_hint(void **l, unsigned hint);
void omp_destroy_nest_lock(void **l);
void omp_set_nest_lock(void **l);
void omp_unset_nest_lock(void **l);
int omp_test_nest_lock(void **l);

#endif
