// The scenarios of forget.c in Go: `forget SCENARIO N`.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
)

var (
	theVariable int        // both accesses race on this
	turn        uint32     // fixes the order of events; the race detector can't see it
	private     sync.Mutex // of who makes lock rounds
	gate        sync.Mutex // held by main while goroutines are to stay
	publish     sync.Mutex // orders the readers after the first access
)

// The detector sees the functions of sync/atomic, norace or not; plain accesses are enough here as x86-64 orders them and
// Gosched keeps the compiler from holding the value in a register.
//
//go:norace
//go:noinline
func turnNow() uint32 { return turn }

//go:norace
//go:noinline
func turnDone() { turn++ }

func turnWait(n uint32) {
	for turnNow() != n {
		runtime.Gosched()
	}
}

func lockRounds(n int) {
	for i := 0; i < n; i++ {
		private.Lock()
		private.Unlock()
	}
}

func stay() {
	gate.Lock()
	gate.Unlock()
}

func openGate(when uint32) {
	turnWait(when)
	gate.Unlock()
}

func firstAccess(rounds int) {
	theVariable = 1
	lockRounds(rounds)
	turnDone()
	stay()
}

var scratch [4096]int // only the goroutine of the first access uses it

//go:noinline
func leaf(i int) { scratch[i&4095]++ }

//go:noinline
func even(i int) { leaf(i) }

//go:noinline
func odd(i int) {
	leaf(i + 1)
	if i%64 == 1 {
		lockRounds(1)
	}
}

func makeCalls(n int) {
	for i := 0; i < n; i++ {
		if i&1 != 0 {
			odd(i)
		} else {
			even(i)
		}
	}
}

func accessAndCalls(n int) {
	theVariable = 1
	makeCalls(n)
	turnDone()
	stay()
}

type object struct {
	lock  sync.Mutex
	value int // guarded by lock
}

var objectsKept []object

func accessAndObjects(n int) {
	theVariable = 1
	objectsKept = make([]object, n)
	for i := range objectsKept {
		o := &objectsKept[i]
		o.lock.Lock()
		o.value = i
		o.lock.Unlock()
	}
	turnDone()
	stay()
}

func secondAccess(when int) {
	turnWait(uint32(when))
	theVariable = 2
	turnDone()
}

type task struct{ ended sync.WaitGroup }

func start(body func(int), arg int) *task {
	t := &task{}
	t.ended.Add(1)
	go func() {
		body(arg)
		t.ended.Done()
	}()
	return t
}

func join(tasks ...*task) {
	for _, t := range tasks {
		t.ended.Wait()
	}
}

func twoTasks(body func(int), n int) {
	gate.Lock()
	first, second := start(body, n), start(secondAccess, 1)
	openGate(2)
	join(first, second)
}

func own(n int)   { twoTasks(firstAccess, n) }
func calls(n int) { twoTasks(accessAndCalls, n) }

func objects(n int) { twoTasks(accessAndObjects, n) }

func other(n int) {
	between := func(rounds int) {
		turnWait(1)
		lockRounds(rounds)
		turnDone()
	}
	gate.Lock()
	first, middle, second := start(firstAccess, 0), start(between, n), start(secondAccess, 2)
	openGate(3)
	join(first, middle, second)
}

//go:noinline
func smallTask(who int) {
	var touched [256]byte
	touched[who%256] = 1
	runtime.KeepAlive(&touched)
}

func short(n int) {
	second := start(secondAccess, 1)
	join(start(func(int) { theVariable = 1 }, 0))
	for i := 0; i < n; i++ {
		join(start(smallTask, i))
	}
	turnDone()
	join(second)
}

func live(n int) {
	tasks := make([]*task, n)
	gate.Lock()
	tasks[0] = start(firstAccess, 0)
	for i := 1; i < n-1; i++ {
		tasks[i] = start(func(who int) { smallTask(who); stay() }, i)
	}
	tasks[n-1] = start(secondAccess, 1)
	openGate(2)
	join(tasks...)
}

func readers(n int) {
	tasks := make([]*task, 0, n+2)
	tasks = append(tasks, start(func(int) {
		publish.Lock()
		theVariable = 1
		publish.Unlock()
		turnDone()
	}, 0))
	for i := 0; i < n; i++ {
		tasks = append(tasks, start(func(when int) {
			turnWait(uint32(when))
			for i := 0; i <= when%3; i++ { // histories of different lengths, as in forget.c
				publish.Lock()
				publish.Unlock()
			}
			if theVariable == 0 {
				fmt.Println("the first access didn't happen")
			}
			turnDone()
		}, i+1))
	}
	tasks = append(tasks, start(func(when int) {
		turnWait(uint32(when))
		if theVariable == 0 {
			fmt.Println("the first access didn't happen")
		}
	}, n+1))
	join(tasks...)
}

func main() {
	scenario := map[string]func(int){"own": own, "other": other, "calls": calls, "objects": objects, "short": short, "live": live,
		"readers": readers}
	if len(os.Args) == 3 && scenario[os.Args[1]] != nil {
		if n, err := strconv.Atoi(os.Args[2]); err == nil && n >= 3 {
			scenario[os.Args[1]](n)
			return
		}
	}
	fmt.Fprintln(os.Stderr, "usage: forget own|other|calls|objects|short|live|readers N   (N of 3 or more)")
	os.Exit(64)
}
