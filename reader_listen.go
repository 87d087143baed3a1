package dds

// OnData has f called when samples have come: at once, on the goroutine that
// received them, without a wake-up in between. DDS 1.4, 2.2.2.5.7 and
// 2.2.4.2.2 (on_data_available). nil removes it. If the reader holds samples
// already, f is called before OnData returns, or right after a call that is
// under way.
//
// The calls never overlap. What comes during a call leads to another one, so an
// f that takes everything (Take, TakeEach) misses nothing; several samples may
// come with one call. Changes of instance states, which are samples without
// data, lead to calls as well. No lock is held: f may read, take, write and
// call OnData and Close of endpoints.
//
// f must not block: as long as it runs, its participant receives nothing. So it
// must not wait for what is received either: for a match or an acknowledgement,
// nor for room in the history of a keep-all writer; and it must not close the
// participant. Who needs more time hands over to a goroutine. A panic of f is
// not recovered.
//
// After OnData(nil) or Close no call begins. One that is under way on another
// goroutine may last longer; Participant.Close waits for it.
func (r *Reader[T]) OnData(f func(r *Reader[T])) {
	if f == nil {
		r.eng.OnData(nil)
		return
	}
	r.eng.OnData(func() { f(r) })
}
