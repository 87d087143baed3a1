package main

import (
	"fmt"
	"runtime"
	"time"
)

// A mark is a moment of a measurement.
type mark struct {
	at  time.Time
	cpu time.Duration // of the process until then
	mem *runtime.MemStats
}

// mark takes the moment. With --gc it stops the world: not in a loop.
func (p *perf) mark() mark {
	m := mark{at: time.Now(), cpu: cpuTime()}
	if p.gc {
		m.mem = new(runtime.MemStats)
		runtime.ReadMemStats(m.mem)
	}
	return m
}

// cost is what was spent between two marks.
type cost struct {
	CPU float64  `json:"cpu_us_per_sample"`
	GC  *garbage `json:"gc,omitempty"`
}

// garbage is what the collector did.
type garbage struct {
	Count      uint32  `json:"count"`
	PauseTotal float64 `json:"pause_total_us"`
	PauseMax   float64 `json:"pause_max_us"` // of the last 256
	Heap       uint64  `json:"heap_in_use"`  // octets, at the end
	Allocs     uint64  `json:"allocs"`
}

func spent(from, to mark, samples uint64) cost {
	c := cost{CPU: per(micros(to.cpu-from.cpu), float64(samples))}
	if from.mem == nil || to.mem == nil {
		return c
	}
	g := garbage{
		Count:      to.mem.NumGC - from.mem.NumGC,
		PauseTotal: float64(to.mem.PauseTotalNs-from.mem.PauseTotalNs) / 1e3,
		Heap:       to.mem.HeapInuse,
		Allocs:     to.mem.Mallocs - from.mem.Mallocs,
	}
	recent := uint32(len(to.mem.PauseNs))
	for i := to.mem.NumGC; i > to.mem.NumGC-min(g.Count, recent); i-- {
		g.PauseMax = max(g.PauseMax, float64(to.mem.PauseNs[(i+recent-1)%recent])/1e3)
	}
	c.GC = &g
	return c
}

func (c cost) String() string {
	s := fmt.Sprintf("cpu %.2f us/sample", c.CPU)
	if c.GC != nil {
		s += c.GC.String()
	}
	return s
}

func (g *garbage) String() string {
	if g == nil {
		return ""
	}
	return fmt.Sprintf(" gc %d pause us total %.1f max %.1f heap MB %.1f allocs %d",
		g.Count, g.PauseTotal, g.PauseMax, float64(g.Heap)/1e6, g.Allocs)
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// per is a/b, and 0 where there is nothing to divide by.
func per(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
