package main

import (
	"runtime"
	"sync"
)

func spawnOne(n int) {
	var w sync.WaitGroup
	for i := 0; i < n; i++ {
		w.Add(1)
		go w.Done()
		w.Wait()
	}
}

func spawnBatches(n int) {
	var w sync.WaitGroup
	for ; n > 0; n -= 1000 {
		w.Add(1000)
		for i := 0; i < 1000; i++ {
			go w.Done()
		}
		w.Wait()
	}
}

func yieldTwo(n int) {
	var w sync.WaitGroup
	w.Add(1)
	yielder := func() {
		for i := 0; i < n/2; i++ {
			runtime.Gosched()
		}
	}
	go func() {
		yielder()
		w.Done()
	}()
	yielder()
	w.Wait()
}

// Each call is a goroutine of its own, with a channel for its two halves.
func fib(n int, out chan<- int) {
	if n < 2 {
		out <- n
		return
	}
	halves := make(chan int, 2)
	go fib(n-1, halves)
	go fib(n-2, halves)
	out <- <-halves + <-halves
}

// fib(20) makes 21891 calls.
func fibCalls(n int) {
	out := make(chan int, 1)
	for calls := 0; calls < n; calls += 21891 {
		go fib(20, out)
		if <-out != 6765 {
			panic("fib")
		}
	}
}
