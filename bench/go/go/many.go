package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// A line of /proc/self/status, in bytes.
func statusBytes(name string) float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name+":") {
			kib, _ := strconv.Atoi(strings.Fields(line)[1])
			return float64(kib) * 1024
		}
	}
	return 0
}

func roundOf(n int, create, wake string) (rss, pte float64) {
	var all sync.WaitGroup
	var parked int64
	stop := make(chan byte)
	from := now()
	all.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			atomic.AddInt64(&parked, 1)
			<-stop
			all.Done()
		}()
	}
	for atomic.LoadInt64(&parked) < int64(n) {
		runtime.Gosched()
	}
	printSince(create, from, n)
	rss, pte = statusBytes("VmRSS"), statusBytes("VmPTE")
	from = now()
	close(stop)
	all.Wait()
	printSince(wake, from, n)
	return
}

// n goroutines are created and park; are woken and end; then the same with what they left behind.
func many(n int) {
	rss, pte := statusBytes("VmRSS"), statusBytes("VmPTE")
	rssMany, pteMany := roundOf(n, "create", "wake")
	fmt.Printf("rss %.1f\n", (rssMany-rss)/float64(n))
	fmt.Printf("pte %.1f\n", (pteMany-pte)/float64(n))
	roundOf(n, "create-again", "wake-again")
}
