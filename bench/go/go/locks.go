package main

import "sync"

var (
	mu      sync.Mutex
	rw      sync.RWMutex
	counter int
)

func mutexAlone(n int) {
	for i := 0; i < n; i++ {
		mu.Lock()
		counter++
		mu.Unlock()
	}
}

func mutexContended(n int) {
	var w sync.WaitGroup
	w.Add(4)
	for i := 0; i < 4; i++ {
		go func() {
			mutexAlone(n / 4)
			w.Done()
		}()
	}
	w.Wait()
}

func rwmutexRead(n int) {
	for i := 0; i < n; i++ {
		rw.RLock()
		rw.RUnlock()
	}
}

func waitgroupAlone(n int) {
	var w sync.WaitGroup
	for i := 0; i < n; i++ {
		w.Add(1)
		w.Done()
	}
	w.Wait()
}

type game struct {
	mu     sync.Mutex
	turned *sync.Cond
	turn   int // guarded by mu: even, then odd, until it ends
}

func (g *game) play(me, end int) {
	g.mu.Lock()
	for g.turn < end {
		if g.turn%2 == me {
			g.turn++
			g.turned.Signal()
		} else {
			g.turned.Wait()
		}
	}
	g.turned.Signal()
	g.mu.Unlock()
}

func condPingPong(n int) {
	g := &game{}
	g.turned = sync.NewCond(&g.mu)
	var w sync.WaitGroup
	w.Add(1)
	go func() {
		g.play(1, 2*n)
		w.Done()
	}()
	g.play(0, 2*n)
	w.Wait()
}
