"""OpenMP by clang's runtime: what the comments in tests/openmp/programs say, and how the tool behaves beside others."""

import shutil
import subprocess

import pytest

import godwit_testing as gt


def has_openmp():
    clang = shutil.which("clang-19")
    return clang and subprocess.run([clang, "-fopenmp", "-xc", "-", "-o", "/dev/null"], capture_output=True,
                                    input=b"#include <omp.h>\nint main(void) { return !omp_get_thread_num(); }").returncode == 0


pytestmark = pytest.mark.skipif(not has_openmp(), reason="clang-19's OpenMP (libomp-19-dev) is not installed")

PROGRAMS = sorted((gt.REPO / "tests" / "openmp" / "programs").glob("*.c"))
LEVELS = ("-O0", "-O1", "-O2")
AWAKE = {"KMP_BLOCKTIME": "infinite"}  # the runtime wakes nobody for a task
ASLEEP = {"KMP_BLOCKTIME": "0"}
ENVIRONMENT = {"cancel_norace": {**AWAKE, "OMP_CANCELLATION": "true"}, "goroutines_norace": ASLEEP,
               "late_critical_race": {**ASLEEP, "KMP_FORCE_REDUCTION": "critical"},
               "late_tree_race": {**ASLEEP, "KMP_FORCE_REDUCTION": "tree"}}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("source", PROGRAMS, ids=lambda path: path.stem)
def test_verdict(source, level, programs, runs, tmp_path):
    program = programs(source, level, "-fopenmp")
    for _ in range(max(2, runs // 10)):
        gt.check(source, gt.run_race(program, folder=tmp_path, env=ENVIRONMENT.get(source.stem, AWAKE)))


@pytest.mark.parametrize("method", ("critical", "atomic", "tree"))
def test_reductions(method, programs, tmp_path):
    """However the runtime combines what the threads have."""
    source = next(p for p in PROGRAMS if p.stem == "team_norace")
    run = gt.run_race(programs(source, "-O1", "-fopenmp"), folder=tmp_path, env={**AWAKE, "KMP_FORCE_REDUCTION": method})
    gt.check(source, run)


def test_goroutines_without_the_detector(programs, runs):
    source = next(p for p in PROGRAMS if p.stem == "goroutines_norace")
    for _ in range(runs):
        result = gt.run(programs(source, "-O1", "-fopenmp", race=False), env=ASLEEP)
        assert result.status == 0, result


TOOL = r"""
#include <omp-tools.h>
#include <stdio.h>
static int initialize(ompt_function_lookup_t f, int device, ompt_data_t *data) {
  (void)f, (void)device, (void)data;
  return puts("a tool") >= 0;
}
static void finalize(ompt_data_t *data) { (void)data; }
ompt_start_tool_result_t *ompt_start_tool(unsigned version, const char *runtime) {
  static ompt_start_tool_result_t result = {initialize, finalize, {0}};
  (void)version, (void)runtime;
  return &result;
}
"""
ORDERED = r"""
int main(void) {
  int sum = 0;
#pragma omp parallel num_threads(2)
  {
#pragma omp critical
    sum++;
  }
  return sum != 2;
}
"""


def test_tools(tmp_path):
    """One that is linked in takes our place; one that the environment names doesn't."""
    program, tool = tmp_path / "program.c", tmp_path / "tool.c"
    program.write_text(ORDERED)
    tool.write_text(TOOL)
    alone = gt.compile_c(program, tmp_path / "alone", "-fopenmp")
    library = gt.compile_c(tool, tmp_path / "libtool.so", "-fopenmp", "-shared", "-fPIC", race=False)
    run = gt.run_race(alone, folder=tmp_path, env={**AWAKE, "OMP_TOOL_LIBRARIES": library})
    assert (run.status, run.findings, run.result.stdout) == (0, [], ""), run.result
    run = gt.run_race(gt.compile_c([program, tool], tmp_path / "both", "-fopenmp"), folder=tmp_path, env=AWAKE)
    assert run.result.stdout == "a tool\n", run.result


STACKS = r"""
static int total;
__attribute__((noinline)) static void add(int n) { total += n; }
static void region(void) {
#pragma omp parallel num_threads(2)
  add(1);
}
static void tasks(void) {
#pragma omp parallel num_threads(2)
#pragma omp single
  {
    static int met;
    for (int i = 0; i < 2; i++) {
#pragma omp task
      {
        __atomic_fetch_add(&met, 1, __ATOMIC_RELAXED);
        while (__atomic_load_n(&met, __ATOMIC_RELAXED) < 2) {}
        add(2);
      }
    }
  }
}
int main(void) {
  region();
  tasks();
}
"""


@pytest.mark.parametrize("level", LEVELS)
def test_stacks(level, programs, tmp_path):
    """The user's functions, and nothing of the compiler's or of the runtime's."""
    run = gt.run_race(programs(STACKS, level, "-fopenmp"), folder=tmp_path, env=AWAKE)
    assert len(run.findings) == 2, run.result
    for finding, function in zip(run.findings, ("region", "tasks")):
        for access in finding["accesses"]:
            inside = "OpenMP task" if function == "tasks" else "region"
            assert [f["function"] for f in access["stack"]] == ["add", inside], gt.show(finding)
            if not access["goroutine"].get("main"):
                assert function in [f["function"] for f in access["created_at"]], access
                assert access["goroutine"]["name"] == ("OpenMP task" if function == "tasks" else "OpenMP thread 1")


MOVES = r"""
#include <omp.h>
#include <sched.h>
static int total, moved;
__attribute__((noinline)) static void add(int n) { total += n; }
int main(void) {
#pragma omp parallel num_threads(3)
  {
#pragma omp masked filter(1)
    {
#pragma omp task untied
      {
        while (omp_get_thread_num() != 1) {
#pragma omp taskyield
        }
        while (omp_get_thread_num() != 0) {
#pragma omp taskyield
        }
        add(1);
        __atomic_store_n(&moved, 1, __ATOMIC_RELAXED);
      }
    }
    if (omp_get_thread_num() == 2) {
      add(2);
      while (!__atomic_load_n(&moved, __ATOMIC_RELAXED)) sched_yield();
    }
  }
}
"""


def test_stack_on_another_thread(programs, tmp_path):
    """Of an untied task that began on one thread and goes on on another."""
    run = gt.run_race(programs(MOVES, "-O1", "-fopenmp"), folder=tmp_path, env=AWAKE)
    assert len(run.findings) == 1, run.result
    stacks = [[f["function"] for f in access["stack"]] for access in run.findings[0]["accesses"]]
    assert ["add", "OpenMP task"] in stacks, gt.show(run.findings[0])


PLACES = r"""
#include <stdio.h>
#include <time.h>
enum { TASKS = 100000 };
static char places[TASKS];
static double seconds(int stride) {
  clock_t before = clock();
#pragma omp parallel num_threads(2)
#pragma omp single
  for (int i = 0; i < TASKS; i++) {
#pragma omp task depend(inout : places[i * stride])
    places[i * stride]++;
  }
  return (double)(clock() - before) / CLOCKS_PER_SEC;
}
int main(void) {
  double one = seconds(0), many = seconds(1);
  printf("%f %f\n", one, many);
}
"""


def test_many_places(programs, tmp_path):
    """What a task depends on is found as fast among a hundred thousand places as if there were but one."""
    run = gt.run_race(programs(PLACES, "-O1", "-fopenmp"), folder=tmp_path, env=ASLEEP)
    one, many = map(float, run.result.stdout.split())
    assert not run.findings and many < 2 * one, run.result


def test_values_are_the_runtimes(tmp_path):
    """Those of detector/ompt.h, which is written from the specification, against the header that comes with clang's."""
    pairs = {"PARALLEL_BEGIN": "callback_parallel_begin", "PARALLEL_END": "callback_parallel_end",
             "TASK_CREATE": "callback_task_create", "TASK_SCHEDULE": "callback_task_schedule",
             "IMPLICIT_TASK": "callback_implicit_task", "SYNC_REGION_WAIT": "callback_sync_region_wait",
             "DEPENDENCES": "callback_dependences", "SYNC_REGION": "callback_sync_region",
             "REDUCTION": "callback_reduction", "BEGIN": "scope_begin", "END": "scope_end",
             "SYNC_TASKWAIT": "sync_region_taskwait", "SYNC_TASKGROUP": "sync_region_taskgroup",
             "SYNC_REDUCTION": "sync_region_reduction",
             "SYNC_BARRIER_PARALLEL": "sync_region_barrier_implicit_parallel",
             "SYNC_BARRIER_TEAMS": "sync_region_barrier_teams", "TASK_INITIAL": "task_initial",
             "TASK_IMPLICIT": "task_implicit", "TASK_TASKWAIT": "task_taskwait", "TASK_COMPLETE": "task_complete",
             "TASK_CANCEL": "task_cancel", "TASK_DETACH": "task_detach", "TASK_EARLY_FULFILL": "task_early_fulfill",
             "TASK_LATE_FULFILL": "task_late_fulfill", "TASKWAIT_COMPLETE": "taskwait_complete",
             "IN": "dependence_type_in", "SOURCE": "dependence_type_source", "SINK": "dependence_type_sink",
             "INOUTSET": "dependence_type_inoutset", "OUT_ALL_MEMORY": "dependence_type_out_all_memory",
             "INOUT_ALL_MEMORY": "dependence_type_inout_all_memory"}
    source = tmp_path / "values.c"
    checks = [f'_Static_assert((int)OMPT_{ours} == (int)ompt_{theirs}, "{ours}");' for ours, theirs in pairs.items()]
    checks += ['_Static_assert(sizeof(struct ompt_frame) == sizeof(ompt_frame_t), "frame");',
               '_Static_assert(sizeof(struct ompt_dependence) == sizeof(ompt_dependence_t), "dependence");',
               '_Static_assert(sizeof(struct ompt_start_tool_result) == sizeof(ompt_start_tool_result_t), "result");']
    header = gt.REPO / "detector" / "ompt.h"
    source.write_text(f'#include <omp-tools.h>\n#include "{header}"\n' + "\n".join(checks) + "\nint main(void) {}\n")
    gt.compile_c(source, tmp_path / "values", "-fopenmp", race=False)
