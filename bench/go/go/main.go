// The rows of bench/go in Go: the same operations as in ../c, with the same names.
//
// `bench ROW N` makes a tenth of N operations to warm up, then N, and prints what one of them cost.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

type spent struct {
	cpu  float64 // user and system time of all threads, ns
	wall time.Time
}

func now() spent {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return spent{float64(u.Utime.Nano() + u.Stime.Nano()), time.Now()}
}

func printSince(name string, from spent, n int) {
	to := now()
	fmt.Printf("%s %.1f %.1f\n", name, (to.cpu-from.cpu)/float64(n),
		float64(to.wall.Sub(from.wall).Nanoseconds())/float64(n))
}

var rows = map[string]func(n int){
	"spawn":                spawnOne,
	"spawn 1000":           spawnBatches,
	"yield":                yieldTwo,
	"fib":                  fibCalls,
	"unbuffered ping-pong": chanPingPong,
	"buffered":             chanBuffered,
	"SPSC":                 chanSPSC,
	"MPMC 4x4":             chanMPMC,
	"ring of 1000":         chanRing,
	"prime sieve":          chanSieve,
	"select ping-pong":     selectPingPong,
	"select ready":         selectReady,
	"mutex":                mutexAlone,
	"mutex of 4":           mutexContended,
	"read lock":            rwmutexRead,
	"wait group":           waitgroupAlone,
	"cond ping-pong":       condPingPong,
	"timer new+stop":       timerNewStop,
	"timer reset":          timerResets,
	"timer fire":           timerFires,
	"sleep 1us":            sleep1us,
	"sleep 100us":          sleep100us,
	"context cancel":       contextCancel,
	"context child":        contextChild,
	"context timeout":      contextTimeout,
	"pool":                 poolAlone,
	"pool of 4":            poolOfFour,
	"map":                  mapAlone,
	"map of 4":             mapOfFour,
}

func main() {
	n := 0
	if len(os.Args) == 3 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	if n > 0 && os.Args[1] == "many" {
		many(n)
		return
	}
	row := rows[os.Args[min(1, len(os.Args)-1)]]
	if n <= 0 || row == nil {
		fmt.Fprintln(os.Stderr, "usage: bench ROW N")
		os.Exit(64)
	}
	row(n/10 + 1)
	from := now()
	row(n)
	printSince("op", from, n)
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
