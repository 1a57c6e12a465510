package main

import "time"

func timerNewStop(n int) {
	for i := 0; i < n; i++ {
		t := time.NewTimer(time.Second)
		t.Stop()
	}
}

func timerResets(n int) {
	t := time.NewTimer(time.Second)
	for i := 0; i < n; i++ {
		t.Reset(time.Second + time.Duration(i))
	}
	t.Stop()
}

func timerFires(n int) {
	for i := 0; i < n; i++ {
		t := time.NewTimer(1)
		<-t.C
	}
}

func sleep1us(n int) {
	for i := 0; i < n; i++ {
		time.Sleep(time.Microsecond)
	}
}

func sleep100us(n int) {
	for i := 0; i < n; i++ {
		time.Sleep(100 * time.Microsecond)
	}
}
