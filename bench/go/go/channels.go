package main

import (
	"sync"
	"sync/atomic"
)

func chanPingPong(n int) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
		close(pong)
	}()
	for i := 0; i < n; i++ {
		ping <- i
		<-pong
	}
	close(ping)
	<-pong
}

func chanBuffered(n int) {
	c := make(chan int, 100)
	for i := 0; i < n; i++ {
		c <- i
		<-c
	}
}

func pass(n, capacity, tasks int) {
	c := make(chan int, capacity)
	var producers, consumers sync.WaitGroup
	producers.Add(tasks)
	consumers.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			for i := 0; i < n/tasks; i++ {
				c <- i
			}
			producers.Done()
		}()
		go func() {
			for range c {
			}
			consumers.Done()
		}()
	}
	producers.Wait()
	close(c)
	consumers.Wait()
}

func chanSPSC(n int) { pass(n, 0, 1) }
func chanMPMC(n int) { pass(n, 1024, 4) }

// The last one of a token that went n hops ends it.
func hop(in <-chan int, out chan<- int, end chan<- byte) {
	for left := range in {
		if left == 0 {
			end <- 1
		} else {
			out <- left - 1
		}
	}
}

func chanRing(n int) {
	var c [1000]chan int
	end := make(chan byte)
	for i := range c {
		c[i] = make(chan int)
	}
	for i := range c {
		go hop(c[i], c[(i+1)%len(c)], end)
	}
	c[0] <- n
	<-end
	for i := range c {
		close(c[i])
	}
}

func filter(in <-chan int, out chan<- int, prime int) {
	for v := range in {
		if v%prime != 0 {
			out <- v
		}
	}
	close(out)
}

// The first n primes, by a chain of n filters.
func chanSieve(n int) {
	var stop int32
	first := make(chan int)
	go func() {
		for i := 2; atomic.LoadInt32(&stop) == 0; i++ {
			first <- i
		}
		close(first)
	}()
	c := first
	for i := 0; i < n; i++ {
		prime := <-c
		next := make(chan int)
		go filter(c, next, prime)
		c = next
	}
	atomic.StoreInt32(&stop, 1)
	for range c {
	}
}

func echoFour(a, b, c, d <-chan int, out chan<- int) {
	for on := true; on; {
		select {
		case v, ok := <-a:
			on = ok
			out <- v
		case v := <-b:
			out <- v
		case v := <-c:
			out <- v
		case v := <-d:
			out <- v
		}
	}
}

func selectPingPong(n int) {
	var c [4]chan int
	out := make(chan int)
	for i := range c {
		c[i] = make(chan int)
	}
	go echoFour(c[0], c[1], c[2], c[3], out)
	for i := 0; i < n; i++ {
		c[i%4] <- i
		<-out
	}
	close(c[0])
	<-out
}

// Four channels with a value each: one is taken, and put back.
func selectReady(n int) {
	var c [4]chan int
	for i := range c {
		c[i] = make(chan int, 1)
		c[i] <- i
	}
	for i := 0; i < n; i++ {
		select {
		case v := <-c[0]:
			c[0] <- v
		case v := <-c[1]:
			c[1] <- v
		case v := <-c[2]:
			c[2] <- v
		case v := <-c[3]:
			c[3] <- v
		}
	}
}
