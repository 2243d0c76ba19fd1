package host

import (
	"sync"
	"testing"
)

// TestHostFunctionInGo calls a guest that calls back into Go, from several goroutines at once,
// with a collector that runs all the time.
func TestHostFunctionInGo(t *testing.T) {
	guest, err := newGuest()
	if err != nil {
		t.Fatal(err)
	}
	defer guest.close()
	var goroutines sync.WaitGroup
	for range 8 {
		goroutines.Add(1)
		go func() {
			defer goroutines.Done()
			for i := range uint32(2500) {
				sum, err := guest.add(i, 2)
				if err != nil || sum != i+2 {
					t.Errorf("%d + 2: %d, %v", i, sum, err)
					return
				}
			}
		}()
	}
	goroutines.Wait()
}
