// What profiles cost, in Go: the same as prof.c, which says what the arguments are.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

func cpu() int64 {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return r.Utime.Nano() + r.Stime.Nano()
}

func pong(in, out chan int32, n int) {
	for i := 0; i < n; i++ {
		<-in
		out <- 1
	}
}

func pingPong(n int) {
	a, b := make(chan int32), make(chan int32)
	go pong(a, b, n)
	for i := 0; i < n; i++ {
		a <- 1
		<-b
	}
}

var counter int

func mutexOf4(n int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	wg.Add(4)
	for g := 0; g < 4; g++ {
		go func() {
			for i := 0; i < n/4; i++ {
				mu.Lock()
				for k := 0; k < 20; k++ {
					counter++
				}
				mu.Unlock()
			}
			wg.Done()
		}()
	}
	wg.Wait()
}

//go:noinline
func parked(c chan int32) { <-c }

//go:noinline
func deep(c chan int32, depth int) {
	if depth == 0 {
		parked(c)
	} else {
		deep(c, depth-1)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		os.Exit(64)
	}
	return n
}

func main() {
	what, profile, n := os.Args[1], os.Args[2], number(os.Args[3])
	switch {
	case strings.HasPrefix(profile, "block:"):
		runtime.SetBlockProfileRate(number(profile[6:]))
	case strings.HasPrefix(profile, "mutex:"):
		runtime.SetMutexProfileFraction(number(profile[6:]))
	case profile == "cpu":
		pprof.StartCPUProfile(io.Discard)
	case profile == "trace":
		trace.Start(io.Discard)
	case profile == "serve":
		l, _ := net.Listen("tcp", "127.0.0.1:0")
		go http.Serve(l, nil)
	}
	of := int64(n)
	if what == "parked" {
		c := make(chan int32)
		for i := 0; i < n; i++ {
			go deep(c, 4)
		}
		time.Sleep(200 * time.Millisecond)
		pprof.Lookup("goroutine").WriteTo(io.Discard, 0)
		of = 1
	}
	c, w := cpu(), time.Now()
	switch what {
	case "ping-pong":
		pingPong(n)
	case "mutex":
		mutexOf4(n)
	default:
		pprof.Lookup("goroutine").WriteTo(io.Discard, 0)
	}
	fmt.Printf("%.1f %.1f\n", float64(cpu()-c)/float64(of), float64(time.Since(w).Nanoseconds())/float64(of))
}
