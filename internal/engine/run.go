package engine

import (
	"github.com/secdds/dds/internal/reliable"
	"github.com/secdds/dds/rtps"
)

// A run is DATA of one writer that follow each other in a message: the cells
// they are for are locked once for all of them. Nothing waits: a run ends with
// what follows it, at the latest with its message.
type run struct {
	sc     scope // of the first; they differ in the timestamp only
	writer rtps.EntityID
	reader rtps.EntityID
	data   []arrival
}

// An arrival is one DATA of a run. It borrows the datagram.
type arrival struct {
	data rtps.Data
	ts   rtps.Time
	le   bool

	// Of the cell that takes it.
	wanted  bool
	buf     []byte // nil: it may stay where it is
	sample  reliable.Sample
	verdict verdict
}

// maxRun is how many DATA a cell takes at once: in between the application has
// its turn.
const maxRun = 64

// addData is step 4 of a DATA: it joins the run, or begins the next one.
func (r *receiver) addData(sc *scope, d *rtps.Data, le bool) {
	n := len(r.run.data)
	if n == maxRun || n > 0 && !r.run.continues(sc, d) {
		r.endRun()
		n = 0
	}
	if n == 0 {
		r.run.sc, r.run.writer, r.run.reader = *sc, d.Writer, d.Reader
	}
	if n == cap(r.run.data) {
		r.run.data = append(r.run.data, arrival{})
	}
	r.run.data = r.run.data[:n+1]
	a := &r.run.data[n]
	a.data, a.ts, a.le = *d, sc.ts, le
}

// continues reports whether d may be judged by what the run was judged by.
func (u *run) continues(sc *scope, d *rtps.Data) bool {
	return u.writer == d.Writer && u.reader == d.Reader && u.sc.peer == sc.peer && u.sc.source == sc.source &&
		u.sc.shield == sc.shield && u.sc.owner == sc.owner
}

// endRun is step 5: it steps the cells the run is for.
func (r *receiver) endRun() {
	u := &r.run
	if len(u.data) == 0 {
		return
	}
	routes := u.sc.routes(r.p, u.writer, len(u.data))
	lease := r.frame
	if len(routes) > 1 || r.aside {
		lease = nil // only one cell can have what is opened in place; and plain and sub are used again
	}
	for i := range routes {
		if m := &routes[i]; m.takes(&u.sc, u.reader, len(u.data)) {
			m.cell.handleRun(u.sc.now, m.src, u.data, lease)
		}
	}
	for i := range u.data { // let go of what the cells have now
		u.data[i].buf, u.data[i].sample.Payload, u.data[i].sample.Lease = nil, nil, nil
	}
	u.data = u.data[:0]
}
