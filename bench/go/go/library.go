package main

import (
	"context"
	"sync"
	"time"
)

func contextCancel(n int) {
	for i := 0; i < n; i++ {
		_, cancel := context.WithCancel(context.Background())
		cancel()
	}
}

func contextChild(n int) {
	top, end := context.WithCancel(context.Background())
	for i := 0; i < n; i++ {
		c, cancel := context.WithCancel(top)
		c.Done()
		cancel()
		<-c.Done()
	}
	end()
}

func contextTimeout(n int) {
	for i := 0; i < n; i++ {
		_, cancel := context.WithTimeout(context.Background(), time.Second)
		cancel()
	}
}

var pool = sync.Pool{New: func() any { return new([64]byte) }}

func getAndPut(n int) {
	for i := 0; i < n; i++ {
		pool.Put(pool.Get())
	}
}

func ofFour(f func(n int), n int) {
	var w sync.WaitGroup
	w.Add(4)
	for i := 0; i < 4; i++ {
		go func() {
			f(n / 4)
			w.Done()
		}()
	}
	w.Wait()
}

func poolAlone(n int)  { getAndPut(n) }
func poolOfFour(n int) { ofFour(getAndPut, n) }

var keys = []string{"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"}
var shared sync.Map

func loadMostly(n int) {
	for i := 0; i < n; i++ {
		if i%64 == 0 {
			shared.Store(keys[i/64%8], &shared)
		} else {
			shared.Load(keys[i%8])
		}
	}
}

func mapAlone(n int)  { loadMostly(n) }
func mapOfFour(n int) { ofFour(loadMostly, n) }
